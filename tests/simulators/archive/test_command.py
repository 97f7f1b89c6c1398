"""`python -m simulators replay`: what it sends, and how fast; what it refuses."""

import json

import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, Message, TopicPartition

from connectors import topics
from connectors.embedded import EmbeddedBroker
from simulators.__main__ import main
from simulators.command_line import parser
from tests.services.waiting import HANG_S
from tests.simulators.conftest import Start

PERIOD = ("--from", "2024-01-01T00:00:00Z", "--to", "2024-01-01T00:01:00Z")


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


def test_what_was_live_is_replayed_as_fast_as_it_was_unless_more_is_asked_for():
    assert parser().parse_args(["replay", *PERIOD]).speed == 1.0
    faster = parser().parse_args(["replay", *PERIOD, "--speed", "max"])
    assert faster.speed is None


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
