"""Messages of ours on a real broker, or a loud error."""

import time
from collections.abc import Iterator
from typing import Any

import bytewax.operators as op
import pytest
from bytewax.dataflow import Dataflow
from bytewax.testing import TestingSource
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourceType,
)
from prometheus_client import CollectorRegistry

from connectors.database.connection import connect
from connectors.errors import DeliveryFailed
from connectors.kafka.sink import (
    TRUNCATED_BYTES,
    KafkaSink,
    Outgoing,
    anomaly_message,
    dead_letter_message,
    tell_anomalies,
)
from connectors.messages.findings import Anomaly, AnomalyChange, Explanation, Severity
from connectors.messages.polls import DeadLetter
from connectors.messages.samples import ParameterName
from connectors.metrics import FlowMetrics
from connectors.process.flow_process import FlowProcess
from connectors.process.health import STUCK_AFTER_S, Health
from connectors.settings import Settings
from connectors.topics import ANOMALIES, Topic
from tests.connectors.flow_run import run_flow
from tests.services.waiting import HANG_S


@pytest.fixture
def topic(kafka: str, request) -> Iterator[Topic]:
    name = f"test.sink.{abs(hash(request.node.name))}"
    admin = AdminClient({"bootstrap.servers": kafka})
    new = NewTopic(name, 1, config={"max.message.bytes": "200000"})
    admin.create_topics([new])[name].result(HANG_S)
    while name not in admin.list_topics(timeout=HANG_S).topics:
        time.sleep(0.02)
    yield Topic(name, "", 1, 1)
    admin.delete_topics([name])[name].result(HANG_S)


def messages_in(kafka: str, topic: Topic, count: int):
    consumer = Consumer({"bootstrap.servers": kafka, "group.id": "test"})
    consumer.assign([TopicPartition(topic.name, 0, OFFSET_BEGINNING)])
    found = consumer.consume(count, HANG_S)
    consumer.close()
    return found


def process(kafka: str, **settings: Any) -> FlowProcess:
    return FlowProcess(
        Settings(kafka=kafka, **settings), FlowMetrics(CollectorRegistry())
    )


def written(kafka: str, topic: Topic, items, write, **settings: Any) -> None:
    sink = KafkaSink(process(kafka, **settings), topic, write)
    sink.build("out", 0, 1).write_batch(items)


LETTER = DeadLetter(b"{\x00", b"SAT", "telemetry.spacecraft", 3, 17, "not_json", "why")

ANOMALY = Anomaly(
    "i",
    ParameterName("SAT", "eps", "v"),
    AnomalyChange(
        *("opened", 1, 0, None, Severity.WATCH, 1.0, 1),
        Explanation("limits", 1.0, None, None, None, None, ""),
    ),
)


def test_a_dead_letter_keeps_its_bytes_and_says_why_and_whence(kafka, topic):
    written(kafka, topic, [LETTER], dead_letter_message)
    [message] = messages_in(kafka, topic, 1)
    assert (message.value(), message.key()) == (b"{\x00", b"SAT")
    assert dict(message.headers()) == {
        "reason": b"not_json",
        "detail": b"why",
        "topic": b"telemetry.spacecraft",
        "partition": b"3",
        "offset": b"17",
    }


def test_a_tombstone_stays_one_as_a_dead_letter(kafka, topic):
    letter = DeadLetter(None, None, "t", 0, 0, "empty", "")
    written(kafka, topic, [letter], dead_letter_message)
    [message] = messages_in(kafka, topic, 1)
    assert (message.value(), message.key()) == (None, None)


@pytest.mark.parametrize("size", [300_000, 13_000_000])
def test_a_dead_letter_too_large_for_the_topic_keeps_its_head(kafka, topic, size):
    letter = DeadLetter(b"y" * size, b"k", "t", 0, 0, "not_json", "")
    written(kafka, topic, [letter, LETTER], dead_letter_message)
    messages = messages_in(kafka, topic, 2)
    by_size = sorted(messages, key=lambda one: len(one.value()))
    assert [len(one.value()) for one in by_size] == [2, TRUNCATED_BYTES]
    headers = dict(by_size[1].headers())
    assert headers["truncated-from-bytes"] == str(size).encode()


def test_an_anomaly_is_keyed_by_its_parameter(kafka, topic):
    written(kafka, topic, [ANOMALY], anomaly_message)
    [message] = messages_in(kafka, topic, 1)
    assert message.key() == b"/SAT/eps/v"


def test_more_messages_than_the_queue_holds_all_arrive(kafka, topic):
    def write(number: int) -> Outgoing:
        return Outgoing(None, str(number).encode())

    properties = {"queue.buffering.max.messages": "10"}
    written(kafka, topic, range(500), write, kafka_properties=properties)
    found = messages_in(kafka, topic, 500)
    assert [int(one.value()) for one in found] == list(range(500))


def test_after_a_message_that_is_not_taken_no_other_is_sent(kafka, topic):
    def write(number: int) -> Outgoing:
        # Headers are not cut off: the topic never takes this one.
        return Outgoing(None, str(number).encode(), [("h", b"y" * 300_000 * number)])

    flow = Dataflow("flow")
    numbers = op.input("numbers", flow, TestingSource([0, 1, 0, 0]))
    op.output("topic", numbers, KafkaSink(process(kafka), topic, write))
    with pytest.raises(DeliveryFailed, match="takes no message that size"):
        run_flow(flow)
    written(kafka, topic, [LETTER], dead_letter_message)
    found = messages_in(kafka, topic, 2)
    assert [one.value() for one in found] == [b"0", LETTER.value]


def test_a_message_refused_for_its_time_names_the_clocks(kafka, topic):
    # The same refusal as of a clock that is ahead: here it is the time to get there.
    admin = AdminClient({"bootstrap.servers": kafka})
    name, value = "message.timestamp.before.max.ms", "1"
    entry = ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(
        ResourceType.TOPIC, topic.name, incremental_configs=[entry]
    )
    admin.incremental_alter_configs([resource])[resource].result(HANG_S)
    slow = {"linger.ms": "100"}
    with pytest.raises(DeliveryFailed, match=r"The clocks .* set them right"):
        written(kafka, topic, [LETTER], dead_letter_message, kafka_properties=slow)


def test_a_process_that_waits_for_a_broker_lives_and_stops_when_it_is_told_to():
    now_s = [0.0]
    run = FlowProcess(
        Settings(kafka="127.0.0.1:1", retry_seconds=60),
        FlowMetrics(CollectorRegistry()),
        Health(lambda: now_s[0]),
    )
    run.should_stop.ask()
    partition = KafkaSink(run, ANOMALIES, dead_letter_message).build("out", 0, 1)
    now_s[0] = STUCK_AFTER_S + 1
    assert run.health.problems()
    # Else it would be the client that gave up, and said why.
    with pytest.raises(DeliveryFailed, match="1 messages without an answer"):
        partition.write_batch([LETTER])
    assert run.health.problems() == []


@pytest.mark.slow
def test_a_broker_that_went_away_is_an_error_and_never_silence(own_kafka):
    admin = AdminClient({"bootstrap.servers": own_kafka.bootstrap})
    admin.create_topics([NewTopic("t", 1)])["t"].result(HANG_S)
    run = process(own_kafka.bootstrap, retry_seconds=20)
    sink = KafkaSink(run, Topic("t", "", 1, 1), dead_letter_message)
    partition = sink.build("out", 0, 1)
    partition.write_batch([LETTER])
    own_kafka.stop()
    with pytest.raises(DeliveryFailed, match=r"a message for t: .*The flow stops"):
        partition.write_batch([LETTER])


@pytest.mark.slow
def test_telling_of_anomalies_ends_before_the_database_ends_the_transaction(
    plain_store,
):
    run = process("127.0.0.1:1", retry_seconds=60)
    with connect(plain_store, "test") as connection, connection.transaction():
        connection.execute("SELECT 1")
        with pytest.raises(DeliveryFailed, match="without an answer"):
            tell_anomalies(run, [ANOMALY])
        # Else the server has ended the connection.
        assert connection.execute("SELECT 1").fetchone() == (1,)
