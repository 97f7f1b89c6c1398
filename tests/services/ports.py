"""Ports of this machine that nobody else takes before a server listens on them."""

import socket
from itertools import count

# Below what Linux and macOS give to whoever asks for any port, such as a client.
FIRST = 20_000

_numbers = count(FIRST)
# A claim is a UDP socket of the same number: no other process of the tests gets it, and
# it ends with this one, whatever ends it.
_claims: list[socket.socket] = []


def free_port() -> int:
    """A port that is ours until this process ends; each call gives another."""
    while True:
        port = next(_numbers)
        claim = socket.socket(type=socket.SOCK_DGRAM)
        try:
            claim.bind(("127.0.0.1", port))
            with socket.socket() as probe:
                probe.bind(("", port))
        except OSError:
            claim.close()
        else:
            _claims.append(claim)
            return port
