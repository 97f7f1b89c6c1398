"""What probes are told of a flow."""

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from connectors.process.health import STUCK_AFTER_S, Health, health_pages
from connectors.process.pages import serve
from tests.services.waiting import HANG_S


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_a_flow_is_ready_when_it_reads_and_the_database_takes_data():
    health = Health(Clock())
    assert health.problems() == []
    health.reading("telemetry.spacecraft", works=False)
    assert len(health.hindrances()) == 2
    health.reading("telemetry.spacecraft", works=True)
    health.database(works=True)
    assert health.hindrances() == []
    health.reading("telemetry.spacecraft", works=False)
    assert health.hindrances() == ["not being read: telemetry.spacecraft"]
    health.reading("telemetry.spacecraft", works=True)
    health.database(works=False)
    assert health.hindrances() == ["the database does not take data"]


def test_a_flow_of_many_topics_is_ready_when_it_reads_them_all():
    health = Health(Clock())
    health.database(works=True)
    topics = ["telemetry.iss_tracking", "telemetry.rocket_launch", "telemetry.x"]
    for topic in topics:
        health.reading(topic, works=False)
    health.reading(topics[2], works=True)
    assert health.hindrances() == [f"not being read: {topics[0]}, {topics[1]}"]
    health.reading(topics[0], works=True)
    assert health.hindrances() == [f"not being read: {topics[1]}"]
    health.reading(topics[1], works=True)
    assert health.hindrances() == []


def test_a_flow_that_stands_still_is_not_alive():
    clock = Clock()
    health = Health(clock)
    clock.now_s = STUCK_AFTER_S + 1
    assert health.problems() == ["the flow has not moved for 31 s"]
    health.turned()
    assert health.problems() == []


def test_a_flow_that_stood_still_for_thirty_seconds_lives_and_for_longer_does_not():
    clock = Clock()
    health = Health(clock)
    clock.now_s = 30.0
    assert health.problems() == []
    clock.now_s = 30.001
    assert health.problems() == ["the flow has not moved for 30 s"]


@pytest.mark.parametrize("works", [True, False])
def test_whatever_a_flow_says_of_its_topics_and_its_database_shows_that_it_lives(
    works: bool,
):
    clock = Clock()
    health = Health(clock)
    clock.now_s = 40.0
    health.reading("telemetry.spacecraft", works=works)
    assert health.problems() == []
    clock.now_s = 80.0
    assert health.problems()
    health.database(works=works)
    assert health.problems() == []


@pytest.fixture
def address():
    health = Health()
    server = serve("127.0.0.1", 0, health_pages(health))
    yield health, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def status(url: str) -> tuple[int, Any]:
    try:
        with urllib.request.urlopen(url, timeout=HANG_S) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            is_json = error.headers["Content-Type"] == "application/json"
            return error.code, json.load(error) if is_json else None


def test_probes_get_200_or_503_and_the_reasons(address):
    health, url = address
    health.reading("telemetry.spacecraft", works=False)
    assert status(f"{url}/healthz") == (200, {"ok": True, "problems": []})
    code, body = status(f"{url}/readyz")
    assert code == 503
    assert "not being read: telemetry.spacecraft" in body["problems"]
    health.reading("telemetry.spacecraft", works=True)
    health.database(works=True)
    assert status(f"{url}/readyz")[0] == 200
    assert status(f"{url}/nothing")[0] == 404
