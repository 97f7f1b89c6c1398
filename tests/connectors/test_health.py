"""What probes are told of a flow."""

import json
import socket
import urllib.error
import urllib.request
from typing import Any

import pytest

from connectors.health import STUCK_AFTER_S, Health, serve


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_a_flow_is_ready_when_it_reads_and_the_database_takes_data():
    health = Health(Clock())
    assert health.problems() == []
    assert len(health.hindrances()) == 2
    health.reading(works=True)
    health.database(works=True)
    assert health.hindrances() == []
    health.reading(works=False)
    assert health.hindrances() == ["no telemetry is being read"]
    health.reading(works=True)
    health.database(works=False)
    assert health.hindrances() == ["the database does not take data"]


def test_a_flow_that_stands_still_is_not_alive():
    clock = Clock()
    health = Health(clock)
    clock.now_s = STUCK_AFTER_S + 1
    assert health.problems() == ["the flow has not moved for 31 s"]
    health.turned()
    assert health.problems() == []


@pytest.fixture
def address():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    health = Health()
    server = serve(health, port)
    yield health, f"http://127.0.0.1:{port}"
    server.shutdown()
    server.server_close()


def status(url: str) -> tuple[int, Any]:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            is_json = error.headers["Content-Type"] == "application/json"
            return error.code, json.load(error) if is_json else None


def test_probes_get_200_or_503_and_the_reasons(address):
    health, url = address
    assert status(f"{url}/healthz") == (200, {"ok": True, "problems": []})
    code, body = status(f"{url}/readyz")
    assert code == 503
    assert "no telemetry is being read" in body["problems"]
    health.reading(works=True)
    health.database(works=True)
    assert status(f"{url}/readyz")[0] == 200
    assert status(f"{url}/nothing")[0] == 404


def test_a_taken_port_is_an_error_at_once(address):
    _, url = address
    with pytest.raises(OSError, match="in use"):
        serve(Health(), int(url.rpartition(":")[2]))
