"""The two ports of a flow: whether they can be had, and what refuses them."""

from __future__ import annotations

import errno
import socket

from connectors.errors import SettingsError
from connectors.process.pages import IN_IPV6, NO_SUCH_ADDRESS
from connectors.settings import Settings, variable

PORTS = ("metrics_port", "health_port")


def check_ports(settings: Settings) -> str:
    """Says where a flow could listen; raises SettingsError if it could not."""
    places: list[str] = []
    for setting in PORTS:
        port = getattr(settings, setting)
        meant = _meant(settings)
        free = [each for each in meant if _is_there(settings, setting, each)]
        if not free:
            nowhere = OSError(errno.EADDRNOTAVAIL, "no such address")
            raise refused(settings, setting, nowhere)
        places.append(f"{port} on {' and '.join(free)}")
    return ", ".join(places)


def has_ipv4(settings: Settings) -> bool:
    """Whether the machine has IPv4, which is all that Bytewax can listen on."""
    return _is_there(settings, "metrics_port", settings.listen)


def refused(settings: Settings, setting: str, error: OSError) -> SettingsError:
    """The setting to mend: the port, if that is taken or not ours, else the address."""
    place = f"port {getattr(settings, setting)}"
    if error.errno not in {errno.EADDRINUSE, errno.EACCES}:
        setting, place = "listen", settings.listen
    return SettingsError(
        variable(setting), f"cannot listen on {place}: {error.strerror}"
    )


def _meant(settings: Settings) -> list[str]:
    in_ipv6 = IN_IPV6.get(settings.listen)
    return [settings.listen, in_ipv6] if in_ipv6 else [settings.listen]


def _is_there(settings: Settings, setting: str, address: str) -> bool:
    """Whether the machine has the address; raises SettingsError for a taken port."""
    port = getattr(settings, setting)
    try:
        [family, _, _, _, place], *_ = socket.getaddrinfo(
            address, port, type=socket.SOCK_STREAM
        )
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if address != settings.listen:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            probe.bind(place)
    except OSError as error:
        if error.errno in NO_SUCH_ADDRESS and len(_meant(settings)) > 1:
            return False
        raise refused(settings, setting, error) from None
    return True
