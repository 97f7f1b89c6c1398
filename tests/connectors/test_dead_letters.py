"""What was refused is listed, shown, and sent again to where it came from."""

import json
from collections.abc import Iterator

import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, Message, TopicPartition
from prometheus_client import CollectorRegistry

from connectors.dead_letters import main
from connectors.embedded.broker import EmbeddedBroker
from connectors.kafka.fields import RESENT, kept_headers
from connectors.kafka.sink import TRUNCATED_BYTES, KafkaSink, dead_letter_message
from connectors.messages.polls import DeadLetter
from connectors.messages.wire import ARROW_CONTENT_TYPE
from connectors.metrics import FlowMetrics
from connectors.process.flow_process import FlowProcess
from connectors.settings import Settings
from connectors.topics import DEAD_LETTERS, ISS_TRACKING, SPACECRAFT
from tests.services.waiting import HANG_S

PACKET = json.dumps({"spacecraft": "SAT"}).encode()
ARROW = (("content-type", ARROW_CONTENT_TYPE.encode()),)


@pytest.fixture
def broker(monkeypatch) -> Iterator[str]:
    names = [topic.name for topic in (DEAD_LETTERS, SPACECRAFT, ISS_TRACKING)]
    with EmbeddedBroker(names) as broker:
        monkeypatch.setenv("ORBITWATCH_KAFKA", broker.address)
        monkeypatch.setenv("ORBITWATCH_RETRY_SECONDS", "5")
        yield broker.address


def letter(
    value: bytes | None = PACKET,
    key: bytes | None = b"SAT",
    reason: str = "wrong_shape",
    partition: int = 2,
    topic: str = SPACECRAFT.name,
    headers: tuple[tuple[str, bytes], ...] = (),
) -> DeadLetter:
    why = f"why {reason}"
    return DeadLetter(value, key, topic, partition, 17, reason, why, headers)


def refuse(broker: str, *letters: DeadLetter) -> list[str]:
    """Has them on the topic; returns their numbers, in order."""
    run = FlowProcess(Settings(kafka=broker), FlowMetrics(CollectorRegistry()))
    sink = KafkaSink(run, DEAD_LETTERS, dead_letter_message).build("out", 0, 1)
    for each in letters:
        sink.write_batch([each])
    return [
        f"{at.partition()}:{at.offset()}" if at.partition() else str(at.offset())
        for at in sorted(
            messages(broker, DEAD_LETTERS.name, len(letters)),
            key=lambda one: one.timestamp()[1],
        )
    ]


def messages(broker: str, topic: str, least: int) -> list[Message]:
    """All of a topic, once there are that many."""
    consumer = Consumer({"bootstrap.servers": broker, "group.id": "test"})
    consumer.assign([TopicPartition(topic, p, OFFSET_BEGINNING) for p in range(4)])
    found = consumer.consume(least, HANG_S) if least else []
    found += consumer.consume(100, 0.5)
    consumer.close()
    return found


def test_they_are_listed_with_when_whence_why_and_whose(broker, capsys):
    refuse(broker, letter(), letter(None, None, "empty", topic=ISS_TRACKING.name))
    assert main(["list"]) == 0
    header, first, second = capsys.readouterr().out.splitlines()
    assert header.split() == [
        *("letter", "when", "topic", "partition", "offset", "reason", "resent", "key")
    ]
    assert first.split()[2:] == [SPACECRAFT.name, "2", "17", "wrong_shape", "SAT"]
    assert second.split()[2:] == [ISS_TRACKING.name, "2", "17", "empty", "none"]


def test_the_latest_are_listed_and_those_that_were_asked_for(broker, capsys):
    refuse(broker, *(letter(reason=reason) for reason in ("empty", "not_json") * 3))
    for asked, count in (
        (["--reason", "empty"], 3),
        (["--reason", "empty", "--last", "2"], 2),
        (["--topic", ISS_TRACKING.name], 0),
        (["--topic", SPACECRAFT.name], 6),
        (["--last", "4"], 4),
    ):
        assert main(["list", *asked]) == 0
        assert len(capsys.readouterr().out.splitlines()) == 1 + count


def test_one_is_shown_with_its_value_and_cause(broker, capsys):
    value = b'{"spacecraft": "S\xff'
    number, binary = refuse(broker, letter(), letter(value, headers=ARROW))
    assert main(["show", number]) == 0
    shown = capsys.readouterr().out
    for told in (PACKET.decode(), "why wrong_shape", f"{SPACECRAFT.name}[2] offset 17"):
        assert told in shown
    assert main(["show", binary]) == 0
    shown = capsys.readouterr().out
    assert ARROW_CONTENT_TYPE in shown
    assert "\ufffd" in shown


def test_they_are_sent_to_where_they_came_from_with_a_mark(broker, capsys):
    refuse(broker, letter(), letter(b"rows", b"K", "not_arrow", 3, headers=ARROW))
    assert main(["resend", "--all"]) == 0
    assert capsys.readouterr().out == f"sent again to {SPACECRAFT.name}: 2\n"
    found = sorted(
        messages(broker, SPACECRAFT.name, 2), key=lambda one: one.value() or b""
    )
    told = [
        (one.value(), one.key(), one.partition(), dict(one.headers() or ()))
        for one in found
    ]
    assert told == [
        (b"rows", b"K", 3, {**dict(ARROW), RESENT: b"1"}),
        (PACKET, b"SAT", 2, {RESENT: b"1"}),
    ]


def test_what_is_refused_again_is_seen_to_have_been_sent_and_does_not_multiply(
    broker, capsys
):
    refuse(broker, letter())
    assert main(["resend", "--all"]) == 0
    [again] = messages(broker, SPACECRAFT.name, 1)
    refuse(broker, letter(headers=kept_headers(again)))
    capsys.readouterr()
    assert main(["list"]) == 0
    rows = [row.split() for row in capsys.readouterr().out.splitlines()[1:]]
    assert sorted(row[6:] for row in rows) == [["1", "SAT"], ["SAT"]]
    assert main(["resend", "--all"]) == 0
    out = capsys.readouterr().out
    assert f"sent again to {SPACECRAFT.name}: 1" in out
    assert "not sent: 1 (refused more than once, and sent once)" in out
    assert len(messages(broker, SPACECRAFT.name, 2)) == 2


def test_only_those_that_were_named_are_sent(broker, capsys):
    numbers = refuse(broker, *(letter(f"{n}".encode()) for n in range(4)))
    assert main(["resend", numbers[1], numbers[3]]) == 0
    found = messages(broker, SPACECRAFT.name, 2)
    assert sorted(one.value() or b"" for one in found) == [b"1", b"3"]
    assert main(["resend", "--reason", "empty"]) == 0
    assert capsys.readouterr().out.endswith("nothing was sent\n")


def test_what_is_not_whole_or_not_of_telemetry_is_not_sent(broker, capsys):
    cut = (("truncated-from-bytes", b"99999"),)
    refuse(
        broker,
        letter(b"x" * TRUNCATED_BYTES, headers=cut),
        letter(topic=DEAD_LETTERS.name),
    )
    assert main(["resend", "--all"]) == 0
    assert sorted(capsys.readouterr().out.splitlines()) == [
        "not sent: 1 (of 99999 bytes only the first are here)",
        f"not sent: 1 ({DEAD_LETTERS.name} is no topic of telemetry)",
        "nothing was sent",
    ]
    assert messages(broker, SPACECRAFT.name, 0) == []


def test_a_partition_that_is_not_there_any_more_is_no_reason_to_keep_one(broker):
    refuse(broker, letter(partition=64))
    assert main(["resend", "--all"]) == 0
    [found] = messages(broker, SPACECRAFT.name, 1)
    assert found.value() == PACKET


@pytest.mark.usefixtures("broker")
@pytest.mark.parametrize(
    "arguments", [["resend"], ["resend", "1", "--all"], ["show", "999"]]
)
def test_what_is_asked_for_wrongly_is_told_in_one_line(capsys, arguments):
    assert main(arguments) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_without_kafka_there_is_one_line_that_names_the_setting(monkeypatch, capsys):
    monkeypatch.setenv("ORBITWATCH_KAFKA", "127.0.0.1:1")
    assert main(["list"]) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("orbitwatch: ORBITWATCH_KAFKA=127.0.0.1:1: ")
