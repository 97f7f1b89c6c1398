"""The pages of a flow's process, served from threads of its own until it ends."""

from __future__ import annotations

import http
import logging
import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from prometheus_client import MetricsHandler
from typing_extensions import override

# A client that vanished would keep its thread and connection for ever.
SILENT_CLIENT_S = 10.0

_log = logging.getLogger("orbitwatch")


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(
        self,
        family: socket.AddressFamily,
        place: tuple[Any, ...],
        handler: type[BaseHTTPRequestHandler],
    ) -> None:
        self.address_family = family
        super().__init__(place, handler)

    @override
    def get_request(self) -> tuple[socket.socket, Any]:
        client, address = super().get_request()
        client.settimeout(SILENT_CLIENT_S)
        return client, address

    @override
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that gave up is no news; anything else is one line of the log."""
        if not isinstance(sys.exception(), OSError):
            _log.exception("a page could not be served")


class MetricsPage(MetricsHandler):
    """`/metrics`, from the default registry: what Bytewax serves, without its own."""

    def do_GET(self) -> None:
        """Answers a scrape."""
        if self.path.partition("?")[0] == "/metrics":
            super().do_GET()
        else:
            self.send_error(http.HTTPStatus.NOT_FOUND)


def serve(
    address: str, port: int, handler: type[BaseHTTPRequestHandler]
) -> ThreadingHTTPServer:
    """Answers on this address of the machine, IPv4 or IPv6, or a name of it.

    Raises OSError when there is no such address, or the port is taken.
    """
    [family, _, _, _, place], *_ = socket.getaddrinfo(
        address, port, type=socket.SOCK_STREAM
    )
    server = _Server(family, place, handler)
    threading.Thread(target=server.serve_forever, name="pages", daemon=True).start()
    return server
