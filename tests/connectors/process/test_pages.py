"""A flow's pages are where the settings say, and nowhere else."""

import errno
import http.client
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from prometheus_client import Counter
from prometheus_client.parser import text_string_to_metric_families

from connectors.process import pages
from connectors.process.health import Health, health_pages
from connectors.process.pages import (
    MetricsPage,
    metrics_of_bytewax,
    serve,
    serve_both,
)
from connectors.settings import ALL_INTERFACES, LOOPBACK
from tests.services.ports import free_port
from tests.services.waiting import HANG_S, wait_until

ROOT = Path(pages.__file__).parents[2]
SCRAPES = Counter("tests_pages_scrapes", "Of this test.")


@pytest.fixture
def page(request: pytest.FixtureRequest) -> Iterator[ThreadingHTTPServer]:
    address = getattr(request, "param", "127.0.0.1")
    try:
        server = serve(address, 0, MetricsPage)
    except OSError as error:
        if ":" in address:
            pytest.skip(f"this machine has no address {address}: {error}")
        raise
    yield server
    server.shutdown()
    server.server_close()


def get(address: str, port: int, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection(address, port, timeout=HANG_S)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_metrics_are_those_of_the_default_registry(page: ThreadingHTTPServer):
    SCRAPES.inc(3)
    status, text = get("127.0.0.1", page.server_port, "/metrics?name[]=all_of_them")
    assert (status, text.strip()) == (200, "")
    status, text = get("127.0.0.1", page.server_port, "/metrics")
    figures = {
        sample.name: sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert status == 200
    assert figures["tests_pages_scrapes_total"] == 3


def test_there_is_no_other_page(page: ThreadingHTTPServer):
    for path in ("/", "/readyz", "/metrics/more"):
        assert get("127.0.0.1", page.server_port, path)[0] == 404


@pytest.mark.parametrize(
    ("page", "reached"),
    [("127.0.0.1", "127.0.0.1"), ("localhost", "localhost"), ("::1", "::1")],
    indirect=["page"],
)
def test_an_address_may_be_of_ipv4_or_ipv6_or_a_name(
    page: ThreadingHTTPServer, reached: str
):
    assert get(reached, page.server_port, "/metrics")[0] == 200


def test_what_listens_on_one_address_is_not_reached_on_another(
    page: ThreadingHTTPServer,
):
    with pytest.raises(OSError, match=r"refused|unreachable|assign|timed out"):
        get("127.0.0.2", page.server_port, "/metrics")


def test_a_taken_port_is_an_error_at_once(page: ThreadingHTTPServer):
    with pytest.raises(OSError, match="in use") as taken:
        serve("127.0.0.1", page.server_port, MetricsPage)
    assert taken.value.errno == errno.EADDRINUSE


def test_an_address_of_another_machine_is_an_error_at_once():
    with pytest.raises(OSError, match="assign"):
        serve("192.0.2.1", 0, MetricsPage)


@pytest.fixture(params=[MetricsPage, health_pages(Health())])
def hasty_page(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ThreadingHTTPServer]:
    """One that waits for no client for long."""
    assert 0 < pages.SILENT_CLIENT_S <= HANG_S
    monkeypatch.setattr(pages, "SILENT_CLIENT_S", 0.1)
    server = serve("127.0.0.1", 0, request.param)
    yield server
    server.shutdown()
    server.server_close()


def ask_and_give_up(server: ThreadingHTTPServer) -> None:
    """Asks for a page, and closes with a reset, as what has timed out may."""
    with socket.create_connection(("127.0.0.1", server.server_port)) as client:
        client.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def wait_until_answered() -> None:
    def is_answering() -> bool:
        return any("process_request" in one.name for one in threading.enumerate())

    wait_until(lambda: not is_answering(), "the end of an answer")


def test_a_probe_that_gives_up_leaves_no_traceback(capfd: pytest.CaptureFixture[str]):
    has_given_up, answered = threading.Event(), threading.Event()

    def clock_s() -> float:
        if threading.current_thread() is not threading.main_thread():
            has_given_up.wait(HANG_S)
            answered.set()
        return 0.0

    server = serve("127.0.0.1", 0, health_pages(Health(clock_s)))
    ask_and_give_up(server)
    has_given_up.set()
    assert answered.wait(HANG_S)
    wait_until_answered()
    server.shutdown()
    server.server_close()
    assert capfd.readouterr().err == ""


def test_a_page_that_breaks_is_one_line_of_the_log(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
):
    answered = threading.Event()

    def clock_s() -> float:
        if threading.current_thread() is not threading.main_thread():
            answered.set()
            raise ZeroDivisionError
        return 0.0

    server = serve("127.0.0.1", 0, health_pages(Health(clock_s)))
    ask_and_give_up(server)
    assert answered.wait(HANG_S)
    wait_until_answered()
    server.shutdown()
    server.server_close()
    assert capfd.readouterr().err == ""
    [record] = caplog.records
    assert record.exc_info is not None
    assert record.exc_info[0] is ZeroDivisionError


def test_a_client_that_asks_nothing_is_not_waited_for(hasty_page: ThreadingHTTPServer):
    page = hasty_page
    place = "127.0.0.1", page.server_port
    with socket.create_connection(place, timeout=HANG_S) as client:
        assert client.recv(1) == b""


@pytest.fixture
def with_ipv6() -> None:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError as error:
        pytest.skip(f"this machine has no IPv6: {error}")


@pytest.mark.usefixtures("with_ipv6")
@pytest.mark.parametrize("address", [LOOPBACK, ALL_INTERFACES])
def test_this_machine_and_all_interfaces_are_meant_in_ipv6_as_well(address: str):
    port = free_port()
    first, second = serve_both(address, port, MetricsPage)
    assert first == address
    assert ":" in second
    for reached in ("127.0.0.1", "::1"):
        assert get(reached, port, "/metrics")[0] == 200


@pytest.mark.usefixtures("with_ipv6")
def test_any_other_address_is_meant_as_it_is():
    port = free_port()
    assert serve_both("::1", port, MetricsPage) == ["::1"]
    assert get("::1", port, "/metrics")[0] == 200
    with pytest.raises(OSError, match="refused"):
        get("127.0.0.1", port, "/metrics")


@pytest.mark.usefixtures("with_ipv6")
def test_a_port_that_is_taken_in_ipv6_alone_is_an_error():
    with socket.socket(socket.AF_INET6) as taken:
        taken.bind(("::1", 0))
        taken.listen()
        with pytest.raises(OSError, match="in use"):
            serve_both("127.0.0.1", taken.getsockname()[1], MetricsPage)


WITHOUT_IPV6 = """
from connectors.process.pages import MetricsPage, serve_both
print(serve_both("127.0.0.1", 3030, MetricsPage))
print(serve_both("0.0.0.0", 3031, MetricsPage)[0])
"""


def test_a_machine_without_ipv6_does_without():
    turned_off = "/proc/sys/net/ipv6/conf/all/disable_ipv6"
    ready = f"ip link set lo up && echo 1 > {turned_off} && echo can"
    inside = ["unshare", "--map-root-user", "--net", "sh", "-c"]
    try:
        can = subprocess.run([*inside, ready], capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("there is no `unshare`")
    if can.stdout != "can\n":
        pytest.skip(f"no network of one's own can be made here: {can.stderr}")
    command = f"{ready} && exec {sys.executable} -c '{WITHOUT_IPV6}'"
    done = subprocess.run(
        [*inside, command], capture_output=True, text=True, timeout=HANG_S, cwd=ROOT
    )
    assert done.stdout == "can\n['127.0.0.1']\n0.0.0.0\n", done.stderr


def test_what_bytewax_serves_is_forwarded():
    class Bytewax(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = f"bytewax_of{self.path} 1\n".encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Not of interest."""

    engine = serve("127.0.0.1", 0, Bytewax)
    page = serve("127.0.0.1", 0, metrics_of_bytewax(engine.server_port))
    found = get("127.0.0.1", page.server_port, "/metrics")
    assert found == (200, "bytewax_of/metrics 1\n")


def test_until_bytewax_serves_the_default_registry_is_shown():
    page = serve("127.0.0.1", 0, metrics_of_bytewax(free_port()))
    status, text = get("127.0.0.1", page.server_port, "/metrics")
    assert status == 200
    assert "tests_pages_scrapes_total" in text
