"""Open Notify's client, against a server that misbehaves in every way one knows."""

import email.utils
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from connectors.errors import OpenNotifyUnavailable, OrbitwatchError
from connectors.messages.wire import Packet
from connectors.open_notify import OpenNotify, positions

Handler = BaseHTTPRequestHandler
Answer = Callable[[Handler], None]

TIME_S = 1_766_321_926
# For answers that come, and for those that do not.
PATIENT_S, IMPATIENT_S = 60.0, 0.4
GOOD = (
    '{"message": "success", "timestamp": %d, '
    '"iss_position": {"latitude": "-15.3681", "longitude": "6.4226"}}'
)


def answer(status: int, body: str = "", **headers: str) -> Answer:
    def handle(request: Handler) -> None:
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body.encode())

    return handle


def good(time_s: int = TIME_S) -> Answer:
    return answer(200, GOOD % time_s)


def half_a_body(request: Handler) -> None:
    request.send_response(200)
    request.send_header("Content-Length", "500")
    request.end_headers()
    request.wfile.write((GOOD % TIME_S)[:40].encode())


def hangs_up(request: Handler) -> None:
    request.close_connection = True


def silent(request: Handler) -> None:
    request.rfile.read()  # until the client goes away


def drips(request: Handler) -> None:
    request.send_response(200)
    request.end_headers()
    while True:  # until the client goes away
        request.wfile.write(b" ")
        time.sleep(0.05)


def endless(request: Handler) -> None:
    request.send_response(200)
    request.end_headers()
    for _ in range(100):
        request.wfile.write(b" " * 4096)


class Server:
    """Answers requests one after the other as told, the last answer for ever."""

    def __init__(self) -> None:
        self.answers: list[Answer] = [good()]
        self.requests = 0
        server = self

        class Told(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                at = min(server.requests, len(server.answers) - 1)
                server.requests += 1
                try:
                    server.answers[at](self)
                except OSError:
                    pass  # the client has gone, as it should

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Told)
        # Threads that are waited for leave no socket behind.
        self._server.daemon_threads = False
        self.url = f"http://127.0.0.1:{self._server.server_port}/iss-now.json"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}
        )
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.stop()


def test_a_position_becomes_a_packet(server: Server):
    assert OpenNotify(server.url).position() == Packet(
        spacecraft="ISS",
        subsystem="orbit",
        generation_time=datetime(2025, 12, 21, 12, 58, 46, tzinfo=UTC),
        values={"latitude": -15.3681, "longitude": 6.4226},
    )


@pytest.mark.parametrize(
    ("misbehaviour", "problem"),
    [
        (answer(429), "it answers 429 Too Many Requests"),
        (answer(500), "it answers 500 Internal Server Error"),
        (answer(301, Location="http://elsewhere/"), "it answers 301"),
        (half_a_body, "the answer is cut short"),
        (hangs_up, "closed connection without response"),
        (endless, "the answer does not end"),
        (answer(200, ""), "the answer is not a position"),
        (answer(200, "<html>"), "the answer is not a position"),
        (answer(200, '{"message": "success"}'), "the answer is not a position"),
        (answer(200, (GOOD % 1).replace("6.4226", "east")), "not a position"),
        (answer(200, GOOD % 10**15), "the answer is not a position"),
    ],
)
def test_misbehaviour_is_one_line_that_names_the_setting(
    server: Server, misbehaviour: Answer, problem: str
):
    check_refusal(server, misbehaviour, PATIENT_S, problem)


@pytest.mark.parametrize("misbehaviour", [silent, drips])
def test_an_answer_that_does_not_come_in_time_is_not_waited_for(
    server: Server, misbehaviour: Answer
):
    check_refusal(server, misbehaviour, IMPATIENT_S, "timed out")


def check_refusal(
    server: Server, misbehaviour: Answer, timeout_s: float, problem: str
) -> None:
    server.answers = [misbehaviour]
    with pytest.raises(OpenNotifyUnavailable) as refusal:
        OpenNotify(server.url, timeout_s).position()
    text = str(refusal.value)
    assert text.startswith(f"ORBITWATCH_OPEN_NOTIFY={server.url}: ")
    assert problem in text
    assert "\n" not in text
    assert isinstance(refusal.value, OrbitwatchError)


def test_a_server_that_is_not_there_is_no_other_case():
    with pytest.raises(OpenNotifyUnavailable, match="refused"):
        OpenNotify("http://127.0.0.1:9/").position()


def take(server: Server, count: int, interval_s: float = 1.0) -> tuple[Any, ...]:
    """The packets until `count` requests were made, the waits and what was told."""
    waits: list[float] = []
    told: list[str] = []
    packets = positions(
        OpenNotify(server.url, PATIENT_S),
        interval_s,
        waits.append,
        lambda: server.requests >= count,
        told.append,
    )
    return list(packets), waits, told


def test_it_is_never_asked_more_than_once_a_second(server: Server):
    server.answers = [good(TIME_S + second) for second in range(5)]
    started_s = time.monotonic()
    packets, waits, told = take(server, 5, interval_s=0.0)
    took_s = time.monotonic() - started_s
    assert len(packets) == 5
    assert max(waits) <= 1.0
    # What the answers took is taken off, and no more.
    assert 5.0 - took_s <= sum(waits) < 5.0
    assert told == []


def test_a_position_that_was_told_before_is_not_told_again(server: Server):
    server.answers = [good(), good(), good(TIME_S - 1), good(TIME_S + 1)]
    packets, _, _ = take(server, 4)
    assert [packet.generation_time.second for packet in packets] == [46, 47]


def test_waits_double_up_to_a_minute_and_one_line_is_told(server: Server):
    server.answers = [answer(500)]
    packets, waits, told = take(server, 9, interval_s=2.0)
    assert packets == []
    assert waits == [2, 2, 4, 8, 16, 32, 60, 60, 60]
    assert len(told) == 1


def test_after_an_outage_all_is_as_before(server: Server):
    server.answers = [answer(500), answer(500), answer(503), good(), answer(500)]
    packets, waits, told = take(server, 5)
    assert len(packets) == 1
    assert waits[:3] == [1, 2, 4]
    assert waits[4] == 1
    assert len(told) == 3


def test_it_stays_away_as_long_as_it_was_asked_to(server: Server):
    started_s = time.time()
    soon = email.utils.format_datetime(datetime.fromtimestamp(started_s + 90, UTC))
    server.answers = [
        answer(429, Retry_After="7"),
        answer(503, Retry_After=soon),
        answer(429, Retry_After="0"),
        answer(429, Retry_After="99999999"),
        answer(429, Retry_After="in a while"),
        answer(429, Retry_After="Mon, 21 Dec 2026 07:28:00 -0000"),
    ]
    _, waits, _ = take(server, 6)
    took_s = time.time() - started_s
    assert waits[0] == 7
    # The header tells whole seconds.
    assert 89 - took_s < waits[1] <= 90
    assert waits[2] == 1
    assert waits[3] == 3600
    # What does not say when is a failure like any other.
    assert waits[4:] == [16, 32]
