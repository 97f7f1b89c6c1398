"""Replaying from the archive: the same packets, marked, in order."""

import json
from pathlib import Path

import numpy as np
import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, Message, TopicPartition

from connectors import topics
from connectors.embedded import EmbeddedBroker
from connectors.messages.samples import ParameterName
from connectors.messages.times import EPOCH, moment
from connectors.messages.wire import Packet, encode_packet
from connectors.parquet.storage import Storage
from simulators.__main__ import main
from simulators.archive_replay import Stretch, archived_packets
from tests.connectors.parquet.archiving import SECOND_US, START_US, batch, writer
from tests.services.waiting import HANG_S
from tests.simulators.conftest import Start

NAMES = [
    ParameterName("A", "power", "voltage"),
    ParameterName("A", "power", "current"),
    ParameterName("A", "thermal", "tank"),
    ParameterName("B", "", "counter"),
]
PERIOD = ("--from", "2024-01-01T00:00:00Z", "--to", "2024-01-01T00:01:00Z")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A minute of four parameters, a sample a second, in two commits."""
    made = writer(Storage.at(str(tmp_path / "archive")))
    for second in range(60):
        times = [START_US + second * SECOND_US] * 4
        values = [second, np.nan if second == 7 else 0.5, -second, 1e9]
        made.write(batch(4 * second, times, values=values, names=NAMES))
        if second in (29, 59):
            made.commit()
    return tmp_path / "archive"


def packets(root: Path, first_s: int, end_s: int, **given: str) -> list[Packet]:
    start, end = (moment(START_US + second * SECOND_US) for second in (first_s, end_s))
    stretch = Stretch("spacecraft", start, end, **given)
    return list(archived_packets(Storage.at(str(root)), stretch))


def test_values_of_one_instant_and_subsystem_are_one_packet(root):
    at = moment(START_US + 7 * SECOND_US)
    expected: list[tuple[str, str | None, dict[str, float | None]]] = [
        ("A", "power", {"voltage": 7.0, "current": None}),
        ("A", "thermal", {"tank": -7.0}),
        ("B", None, {"counter": 1e9}),
    ]
    assert packets(root, 7, 8) == [
        Packet(
            spacecraft=spacecraft,
            subsystem=subsystem,
            generation_time=at,
            values=values,
            replay=True,
        )
        for spacecraft, subsystem, values in expected
    ]


def test_packets_come_in_order_and_all_of_them(root):
    found = packets(root, 0, 60)
    assert len(found) == 180
    times = [packet.generation_time for packet in found]
    assert times == sorted(times)


def test_one_spacecraft_can_be_replayed(root):
    assert {packet.spacecraft for packet in packets(root, 0, 9, spacecraft="B")} == {
        "B"
    }


def test_a_parameter_sent_twice_for_an_instant_makes_two_packets(root):
    made = writer(Storage.at(str(root)))
    again_us = START_US + 90 * SECOND_US
    made.write(batch(240, [again_us] * 3, values=[1, 2, 1], names=[NAMES[0]]))
    made.commit()
    assert [packet.values for packet in packets(root, 90, 91)] == [
        {"voltage": 1.0},
        {"voltage": 2.0},
        {"voltage": 1.0},
    ]


def test_only_replayed_packets_say_that_they_are():
    packet = Packet(spacecraft="A", generation_time=EPOCH, values={})
    assert b"replay" not in encode_packet(packet)


# A minute takes three seconds, of which it makes up for a quarter if it was delayed.
@pytest.mark.parametrize(("speed", "least_s"), [("max", 0.0), ("20", 2.5)])
def test_the_archive_is_sent_to_kafka(
    root, start: Start, broker: EmbeddedBroker, speed: str, least_s: float
):
    process = start(
        *("simulators", "replay", "--speed", speed, *PERIOD),
        ORBITWATCH_KAFKA=broker.address,
        ORBITWATCH_ARCHIVE=str(root),
    )
    out, err = process.communicate(timeout=HANG_S)
    assert process.returncode == 0, err
    assert "sent 180 packets, 240 samples" in out
    messages = sent(broker, 180)
    assert all(json.loads(message.value() or b"")["replay"] for message in messages)
    times_ms = [message.timestamp()[1] for message in messages]
    assert (max(times_ms) - min(times_ms)) / 1000 >= least_s


def sent(broker: EmbeddedBroker, count: int) -> list[Message]:
    """What the topic of the broker has got."""
    reader = Consumer({"bootstrap.servers": broker.address, "group.id": "replayed"})
    topic = topics.SPACECRAFT.name
    partitions = reader.list_topics(topic, timeout=HANG_S).topics[topic].partitions
    reader.assign(
        [TopicPartition(topic, number, OFFSET_BEGINNING) for number in partitions]
    )
    messages: list[Message] = []
    while len(messages) < count:
        polled = reader.consume(count - len(messages), timeout=HANG_S)
        assert polled, f"only {len(messages)} messages arrived"
        messages += polled
    reader.close()
    return messages


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--to", "2023-12-31T00:00:00Z"], "--to: is not after --from"),
        (["--system", "submarine"], "there is no topic telemetry.submarine"),
        (["--archive", "nowhere"], "no telemetry of spacecraft from that time"),
        (["--spacecraft", "C"], "no telemetry of spacecraft from that time"),
        (["--archive", "ftp://x/y"], "ORBITWATCH_ARCHIVE=ftp://x/y: "),
    ],
)
def test_what_cannot_be_replayed_is_one_line(root, arguments, problem, capsys):
    assert main(["replay", "--archive", str(root), *PERIOD, *arguments]) in (1, 2)
    err = capsys.readouterr().err
    assert problem in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [[], PERIOD[:2], [*PERIOD, "--speed", "0"], [*PERIOD, "--speed", "fast"]],
)
def test_wrong_arguments_of_a_replay_exit_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as error:
        main(["replay", *arguments])
    assert error.value.code == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
