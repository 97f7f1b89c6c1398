"""The pages of a flow's process, served from threads of its own until it ends."""

from __future__ import annotations

import errno
import http
import http.client
import logging
import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from prometheus_client import MetricsHandler
from typing_extensions import override

from connectors.settings import ALL_INTERFACES, LOOPBACK

# A client that vanished would keep its thread and connection for ever.
SILENT_CLIENT_S = 10.0
BYTEWAX_ANSWERS_S = 5.0
# Some hosts and clusters have IPv6 only, and there is no address that means both.
IN_IPV6 = {LOOPBACK: "::1", ALL_INTERFACES: "::"}
NO_SUCH_ADDRESS = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}

_log = logging.getLogger("orbitwatch")


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(
        self,
        family: socket.AddressFamily,
        place: tuple[Any, ...],
        handler: type[BaseHTTPRequestHandler],
        only_ipv6: bool,
    ) -> None:
        self.address_family, self._only_ipv6 = family, only_ipv6
        super().__init__(place, handler)

    @override
    def server_bind(self) -> None:
        if self._only_ipv6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        super().server_bind()

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


def metrics_of_bytewax(port: int) -> type[MetricsPage]:
    """What Bytewax serves on a port of IPv4, which is all that it can listen on."""

    class Forwarding(MetricsPage):
        def do_GET(self) -> None:
            try:
                self._forward()
            except (OSError, http.client.HTTPException):
                super().do_GET()  # it does not listen yet

        def _forward(self) -> None:
            bytewax = http.client.HTTPConnection(
                LOOPBACK, port, timeout=BYTEWAX_ANSWERS_S
            )
            try:
                bytewax.request("GET", self.path)
                answer = bytewax.getresponse()
                kind, body = answer.getheader("Content-Type", ""), answer.read()
            finally:
                bytewax.close()
            self.send_response(answer.status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Forwarding


def serve(
    address: str,
    port: int,
    handler: type[BaseHTTPRequestHandler],
    *,
    only_ipv6: bool = False,
) -> ThreadingHTTPServer:
    """Answers on this address of the machine, IPv4 or IPv6, or a name of it.

    Raises OSError when there is no such address, or the port is taken.
    """
    [family, _, _, _, place], *_ = socket.getaddrinfo(
        address, port, type=socket.SOCK_STREAM
    )
    server = _Server(family, place, handler, only_ipv6)
    threading.Thread(target=server.serve_forever, name="pages", daemon=True).start()
    return server


def serve_both(
    address: str, port: int, handler: type[BaseHTTPRequestHandler]
) -> list[str]:
    """The same also on what the address is in IPv6, if anything; says where it is.

    Of the two, what the machine does not have is left out. Raises OSError when it has
    neither, or the port is taken.
    """
    served, missing = [], OSError()
    for each in filter(None, (address, IN_IPV6.get(address))):
        try:
            serve(each, port, handler, only_ipv6=each != address)
        except OSError as error:
            if error.errno not in NO_SUCH_ADDRESS:
                raise
            missing = error
        else:
            served.append(each)
    if not served:
        raise missing
    return served
