"""`python -m simulators iss_tracking`: what it sends, also live, what it refuses."""

import re
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from connectors import topics
from connectors.embedded import EmbeddedBroker
from connectors.files.orbital_elements import read_elements
from connectors.process.stopping import StopRequest
from connectors.settings import Settings
from simulators.__main__ import main
from simulators.command_line import parser
from tests.services.waiting import HANG_S
from tests.simulators.conftest import PROJECT, Start

COMMAND = ("simulators", "iss_tracking")
ELEMENTS = read_elements(PROJECT / Settings().elements)


@pytest.fixture
def orbit_broker() -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker([topics.ISS_TRACKING.name]) as embedded:
        yield embedded


def test_the_command_sends_what_it_says(start: Start, orbit_broker: EmbeddedBroker):
    elements = str(PROJECT / Settings().elements)
    process = start(
        *COMMAND,
        *("--satellites", "20", "--samples", "30", "--rate", "max"),
        ORBITWATCH_KAFKA=orbit_broker.address,
        ORBITWATCH_ELEMENTS=elements,
    )
    out, err = process.communicate(timeout=HANG_S)
    assert process.returncode == 0, err
    # Latitude, longitude, altitude and the sequence count.
    assert re.search(r"sent 600 packets, 2400 samples", out)


# What was delayed is made up for, by a quarter of a second.
@pytest.mark.parametrize(("asked", "least_s"), [((), 1.75), (("--rate", "max"), 0.0)])
def test_satellites_are_as_fast_as_they_fly_unless_more_is_asked_for(
    asked: Sequence[str], least_s: float
):
    arguments = ["iss_tracking", "--satellites", "3", "--samples", "3", *asked]
    options = parser().parse_args(arguments)
    settings = Settings(elements=PROJECT / Settings().elements)
    play = options.play(options, settings, StopRequest())
    event_s = [packet.generation_time.timestamp() for packet in play.packets]
    waits_s = [play.pacer.wait_s(at) for at in event_s]
    assert len(waits_s) == 9
    assert max(waits_s) >= least_s
    assert (max(waits_s) == 0.0) == bool(asked)


class Iss(BaseHTTPRequestHandler):
    """Tells another position each second."""

    asked = 0

    def do_GET(self) -> None:
        Iss.asked += 1
        told = (
            f'{{"timestamp": {1_766_321_926 + Iss.asked}, "iss_position": '
            '{"latitude": "1.5", "longitude": "2.5"}}'
        ).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def open_notify() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Iss)
    server.daemon_threads = False
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/iss-now.json"
    server.shutdown()
    server.server_close()
    thread.join()


def test_live_positions_are_sent_as_they_are_told(
    start: Start, orbit_broker: EmbeddedBroker, open_notify: str
):
    process = start(
        *COMMAND,
        *("--live", "--interval", "1", "--samples", "2"),
        ORBITWATCH_KAFKA=orbit_broker.address,
        ORBITWATCH_OPEN_NOTIFY=open_notify,
    )
    out, err = process.communicate(timeout=HANG_S)
    assert process.returncode == 0, err
    assert "sent 2 packets, 4 samples" in out


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--live", "--satellites", "3"], "--satellites: does not go with --live"),
        (["--live", "--start", "2026-01-01T00:00:00Z"], "--start: does not go with"),
        (["--live", "--interval", "0.5"], "--interval: with --live, 1 is the least"),
    ],
)
def test_arguments_that_do_not_fit_are_one_line(
    arguments: Sequence[str], problem: str, capsys: pytest.CaptureFixture[str]
):
    assert main(["iss_tracking", *arguments]) == 2
    err = capsys.readouterr().err
    assert problem in err
    assert len(err.splitlines()) == 1


def test_wrong_elements_are_one_line_that_names_file_and_line(
    start: Start, tmp_path: Path
):
    file = tmp_path / "wrong.tle"
    file.write_text(f"{ELEMENTS[0].line1[:68]}7\n{ELEMENTS[0].line2}\n")
    process = start(*COMMAND, ORBITWATCH_ELEMENTS=str(file))
    _, err = process.communicate(timeout=HANG_S)
    assert process.returncode == 2
    assert err == f"orbitwatch: {file}, line 1: its checksum is 0, but it says 7\n"
