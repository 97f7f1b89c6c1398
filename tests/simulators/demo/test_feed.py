"""What is sent in the demo is told from what a flow derives of it."""

from itertools import islice
from pathlib import Path

import pytest

from connectors.database.overview import StoredParameter
from connectors.decode.rows import SEQUENCE
from connectors.embedded import EmbeddedBroker
from connectors.messages.wire import Packet
from connectors.recordings.truth import read_truth
from connectors.settings import Settings
from connectors.systems import SYSTEMS
from simulators.demo.feed import DemoFeed, qualified_names
from simulators.demo.telemetry import demo_telemetry
from tests.services.waiting import wait_until

PLAYED = [system.stem for system in SYSTEMS if system.demo is not None]


def packets(system: str, count: int) -> list[Packet]:
    [played] = [
        each for each in demo_telemetry(Settings(), 0, 60) if each.system == system
    ]
    return list(islice(played.play.packets, count))


def test_every_system_that_shows_something_is_played_into_its_topic():
    played = demo_telemetry(Settings(), 0, 60)
    assert [each.system for each in played] == PLAYED
    assert [each.play.topic.name for each in played] == [
        f"telemetry.{system}" for system in PLAYED
    ]


def test_a_sequence_is_a_parameter_and_nothing_else_is_added():
    [position] = packets("iss_tracking", 1)
    assert qualified_names(position) == {
        f"/ISS/orbit/{name}" for name in ("latitude", "longitude", "altitude", SEQUENCE)
    }
    [ascent] = packets("rocket_launch", 1)
    assert f"/LAUNCHER/ascent/{SEQUENCE}" not in qualified_names(ascent)


@pytest.mark.parametrize("system", PLAYED)
def test_what_is_derived_is_not_counted_as_sent(
    broker: EmbeddedBroker, tmp_path: Path, system: str
):
    settings = Settings(kafka=broker.address)
    [telemetry] = [
        each for each in demo_telemetry(settings, 0, 60) if each.system == system
    ]
    feed = DemoFeed(settings, telemetry, 0, tmp_path / "truth.csv")
    feed.start()
    while feed.sent < 100:
        feed.check()
    feed.ask_to_end()
    feed.wait_for_end()
    names = sorted(feed._names)
    derived = [StoredParameter(system, f"{names[0]}_derived", 7)]
    feed.count([*(StoredParameter(system, name, 2) for name in names), *derived])
    assert feed.stored == 2 * len(names)
    assert (tmp_path / "truth.csv").exists() == (telemetry.late is not None)


def test_faults_are_known_as_soon_as_they_are_over(
    broker: EmbeddedBroker, tmp_path: Path
):
    settings = Settings(kafka=broker.address)
    telemetry, *_ = demo_telemetry(settings, 0, 5)
    feed = DemoFeed(settings, telemetry, 0, tmp_path / "truth.csv")
    feed.start()
    # The flow is not there to store: it is as if it kept up.
    wait_until(lambda: is_spoiled(feed), "a fault")
    assert not feed._stop()
    feed.ask_to_end()
    feed.wait_for_end()
    assert feed.faults == [*read_truth(feed.truth)]


def is_spoiled(feed: DemoFeed) -> bool:
    feed.check()
    feed.stored = feed.sent
    return bool(feed.faults)
