"""What Kafka, the state and the database know of a position is compared."""

import os
import signal
import time
from pathlib import Path

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from prometheus_client import CollectorRegistry

from connectors.errors import OffsetLost, TopicMissing, TopicReplaced
from connectors.kafka import topic_partitions as source_module
from connectors.kafka.partition_progress import Offsets, learnt_positions
from connectors.kafka.topic_log import TopicLog, check_logs
from connectors.messages.polls import LogId, Position
from connectors.metrics import FlowMetrics
from connectors.process.flow_process import FlowProcess
from connectors.settings import Settings
from connectors.topics import Topic
from tests.connectors.kafka.reading import Reader, packet, process, produce
from tests.services.kafka import Kafka, kafka_jars
from tests.services.waiting import HANG_S


def make(kafka: str, name: str, partitions: int = 1) -> Topic:
    admin = AdminClient({"bootstrap.servers": kafka})
    admin.create_topics([NewTopic(name, partitions)])[name].result(HANG_S)
    deadline_s = time.monotonic() + HANG_S
    while name not in admin.list_topics(timeout=HANG_S).topics:
        assert time.monotonic() < deadline_s
        time.sleep(0.02)
    return Topic(name, "spacecraft", partitions, 1)


def make_anew(kafka: str, topic: Topic) -> None:
    admin = AdminClient({"bootstrap.servers": kafka})
    admin.delete_topics([topic.name])[topic.name].result(HANG_S)
    deadline_s = time.monotonic() + HANG_S
    while topic.name in admin.list_topics(timeout=HANG_S).topics:
        assert time.monotonic() < deadline_s
        time.sleep(0.02)
    make(kafka, topic.name, topic.partitions)


def stored_at(
    reader: Reader, snapshot: Offsets, offset: int, newest_us: int = 0
) -> list[Position]:
    """How far a database of before is, as one that knows the log would tell it."""
    [*positions] = learnt_positions(snapshot, reader.topic.name)
    return [
        Position(at.topic, at.partition, offset, newest_us, at.log, at.leader_epoch)
        for at in positions
        if at.partition == 0
    ]


def test_what_a_restored_database_lacks_is_read_again_as_learnt(kafka, topic):
    produce(kafka, topic, *((0, packet(n)) for n in range(20)))
    first = Reader(process(kafka), topic)
    first.read(20)
    snapshot = first.close()
    produce(kafka, topic, *((0, packet(n)) for n in range(20, 25)))
    behind = stored_at(first, snapshot, 12)
    second = Reader(process(kafka), topic, snapshot, behind)
    assert second.read(13) == list(range(12, 25))
    learnt = {
        value: one.poll.learnt
        for one in second.polled
        for value in one.samples.values.tolist()
    }
    assert learnt == {n: n < 20 for n in range(12, 25)}
    second.close()


def test_a_kill_while_it_is_read_again_has_nothing_learnt_twice(kafka, topic):
    produce(kafka, topic, *((0, packet(n)) for n in range(20)))
    first = Reader(process(kafka), topic)
    first.read(20)
    snapshot = first.close()
    behind = stored_at(first, snapshot, 0)
    second = Reader(process(kafka), topic, snapshot, behind)
    kept = second.part.snapshot()
    second.close()
    third = Reader(process(kafka), topic, kept, behind)
    assert third.read(20) == list(range(20))
    assert all(one.poll.learnt for one in third.polled)
    third.close()


def test_refused_messages_that_are_read_again_are_not_told_of_again(kafka, topic):
    produce(kafka, topic, (0, packet(1)), (0, b"no packet"), (0, packet(2)))
    first = Reader(process(kafka), topic)
    first.read(3)
    snapshot = first.close()
    second = Reader(process(kafka), topic, snapshot, stored_at(first, snapshot, 0))
    assert second.read(2) == [1, 2]
    assert second.letters == []
    second.close()


def test_a_backup_from_before_what_kafka_has_stops_with_since_when(kafka, topic):
    times_ms = [1_700_000_000_000 + 60_000 * n for n in range(20)]
    producer = Producer({"bootstrap.servers": kafka})
    for number, time_ms in enumerate(times_ms):
        producer.produce(topic.name, packet(number), b"SAT", 0, timestamp=time_ms)
    assert producer.flush(HANG_S) == 0
    first = Reader(process(kafka), topic)
    first.read(20)
    snapshot = first.close()
    admin = AdminClient({"bootstrap.servers": kafka})
    [done] = admin.delete_records([TopicPartition(topic.name, 0, 15)]).values()
    done.result(HANG_S)
    told = (
        r"the 5 messages from 10 to 14, which came after 2023-11-14T22:22:20\+00:00 "
        r"before 2023-11-14T22:28:20\+00:00, are lost"
    )
    behind = stored_at(first, snapshot, 10, times_ms[9] * 1000)
    with pytest.raises(OffsetLost, match=told):
        Reader(process(kafka), topic, snapshot, behind)


def test_a_topic_made_anew_is_read_from_its_beginning(kafka, caplog):
    topic = make(kafka, "test.made-anew")
    produce(kafka, topic, *((0, packet(n)) for n in range(10)))
    first = Reader(process(kafka), topic)
    first.read(10)
    snapshot = first.close()
    make_anew(kafka, topic)
    produce(kafka, topic, *((0, packet(n)) for n in range(100, 125)))
    second = Reader(process(kafka), topic, snapshot)
    assert second.read(25) == list(range(100, 125))
    assert not any(one.poll.learnt for one in second.polled)
    assert "the topic is another one" in caplog.text
    # From then on it is the topic that is gone on with.
    after = second.close()
    third = Reader(process(kafka), topic, after)
    produce(kafka, topic, (0, packet(125)))
    assert third.read(1) == [125]
    third.close()


def test_a_log_that_is_gone_is_told_of_when_it_is_asked_about(kafka):
    topic = make(kafka, "test.asked-about")
    settings = Settings(kafka=kafka)
    logs = {topic.name: TopicLog(settings, topic.name).log}
    check_logs(settings, logs)
    make_anew(kafka, topic)
    with pytest.raises(TopicReplaced, match=r"asked-about was deleted"):
        check_logs(settings, logs)
    # Who tells no ids, or nothing at all, tells of no other log.
    check_logs(settings, {topic.name: LogId()})
    check_logs(Settings(kafka="localhost:1"), logs)


@pytest.mark.parametrize(("count", "look_s"), [(3, 0.1), (25, 0.1), (3, 1e9)])
def test_a_topic_made_anew_while_it_is_read_stops_the_flow(
    kafka, monkeypatch, count, look_s
):
    """Whether it has fewer messages by then than were read of the old one, or more.

    Fewer are noticed at once: Kafka has no such offset.
    """
    monkeypatch.setattr(source_module, "LOOK_AROUND_S", look_s)
    topic = make(kafka, f"test.made-anew-while-read-{count}-{look_s}")
    produce(kafka, topic, *((0, packet(n)) for n in range(10)))
    reader = Reader(process(kafka), topic)
    reader.read(10)
    make_anew(kafka, topic)
    produce(kafka, topic, *((0, packet(n)) for n in range(100, 100 + count)))
    # What Kafka says in between depends on who asks first.
    with pytest.raises((TopicReplaced, TopicMissing), match=topic.name):
        reader.read(10**6)
    reader.part.close()


def test_transactions_leave_no_lag_and_no_offset_that_could_be_lost(
    kafka, topic, monkeypatch
):
    monkeypatch.setattr(source_module, "LOOK_AROUND_S", 0.05)
    registry = CollectorRegistry()
    run = FlowProcess(Settings(kafka=kafka), FlowMetrics(registry))
    reader = Reader(run, topic)
    transaction(kafka, topic, range(5), commit=True)
    transaction(kafka, topic, range(100, 150), commit=False)
    assert reader.read(5) == list(range(5))
    labels = {"topic": topic.name, "partition": "0"}
    name = "orbitwatch_telemetry_offset_lag_messages"
    deadline_s = time.monotonic() + HANG_S
    # Five messages, fifty that were aborted, and two marks.
    while reader.passed[-1].next_offset < 57 or registry.get_sample_value(name, labels):
        assert time.monotonic() < deadline_s, reader.passed[-1]
        reader.read_once()
    snapshot = reader.close()
    admin = AdminClient({"bootstrap.servers": kafka})
    [done] = admin.delete_records([TopicPartition(topic.name, 0, -1)]).values()
    done.result(HANG_S)
    resumed = Reader(process(kafka), topic, snapshot)
    produce(kafka, topic, (0, packet(7)))
    assert resumed.read(1) == [7]
    resumed.close()


def test_a_transaction_that_stays_open_is_named_and_its_end_read(
    kafka, topic, monkeypatch, caplog
):
    monkeypatch.setattr(source_module, "LOOK_AROUND_S", 0.05)
    monkeypatch.setattr(source_module, "NEW_PARTITIONS_S", 0.1)
    reader = Reader(process(kafka), topic)
    producer = begun_transaction(kafka, topic, range(3))
    produce(kafka, topic, (0, packet(7)))
    deadline_s = time.monotonic() + HANG_S
    while "a transaction that is open holds back 4 messages" not in caplog.text:
        assert time.monotonic() < deadline_s
        reader.read_once()
    producer.commit_transaction(HANG_S)
    assert reader.read(4) == [0, 1, 2, 7]
    reader.close()


def test_partitions_that_are_in_nobodys_share_are_counted(kafka, topic, monkeypatch):
    monkeypatch.setattr(source_module, "LOOK_AROUND_S", 0.05)
    monkeypatch.setattr(source_module, "NEW_PARTITIONS_S", 0.1)
    registry = CollectorRegistry()
    settings = Settings(kafka=kafka, partitions=(0, 1))
    reader = Reader(FlowProcess(settings, FlowMetrics(registry)), topic)
    name, labels = "orbitwatch_telemetry_partitions_unread", {"topic": topic.name}
    assert registry.get_sample_value(name, labels) == 0
    deadline_s = time.monotonic() + HANG_S
    while registry.get_sample_value(name, labels) != 2:
        assert time.monotonic() < deadline_s
        reader.read_once()
    reader.close()


def transaction(kafka: str, topic: Topic, numbers: range, *, commit: bool) -> None:
    producer = begun_transaction(kafka, topic, numbers)
    if commit:
        producer.commit_transaction(HANG_S)
    else:
        producer.abort_transaction(HANG_S)


def begun_transaction(kafka: str, topic: Topic, numbers: range) -> Producer:
    """A producer whose messages are there, and not to be read yet."""
    producer = Producer(
        {"bootstrap.servers": kafka, "transactional.id": f"{topic.name} {numbers}"}
    )
    producer.init_transactions(HANG_S)
    producer.begin_transaction()
    for number in numbers:
        producer.produce(topic.name, packet(number), b"SAT", 0)
    producer.flush(HANG_S)
    return producer


def cut_in_half(broker: Kafka, topic: Topic) -> None:
    """What a power failure may do to a log that was not written to disk yet."""
    broker.stop(signal.SIGKILL)
    folder = broker.data / f"{topic.name}-0"
    [log] = folder.glob("*.log")
    os.truncate(log, log.stat().st_size // 2)
    for index in (*folder.glob("*.index"), *folder.glob("*.timeindex")):
        index.unlink()
    (folder / "recovery-point-offset-checkpoint").unlink(missing_ok=True)
    for checkpoint in Path(broker.data).glob("recovery-point-offset-checkpoint"):
        checkpoint.unlink()
    broker.start()


@pytest.mark.slow
@pytest.mark.parametrize("more", [5, 40])
def test_a_log_that_was_cut_is_read_again_for_what_is_new_in_it(more):
    """Also where by now it has more messages again than were read."""
    with Kafka(kafka_jars()) as broker:
        topic = make(broker.bootstrap, "test.cut")
        for n in range(20):  # a batch each, so that half of them can go
            produce(broker.bootstrap, topic, (0, packet(n)))
        first = Reader(process(broker.bootstrap), topic)
        first.read(20)
        snapshot = first.close()
        cut_in_half(broker, topic)
        new = [*range(100, 100 + more)]
        for n in new:
            produce(broker.bootstrap, topic, (0, packet(n)))
        second = Reader(process(broker.bootstrap), topic, snapshot)
        again = [
            value
            for one in second.read_until(new[-1])
            if not one.poll.learnt
            for value in one.samples.values.tolist()
        ]
        assert again == new
        resumed = second.close()
        produce(broker.bootstrap, topic, (0, packet(1)))
        third = Reader(process(broker.bootstrap), topic, resumed)
        assert third.read(1) == [1]
        third.close()


def test_another_cluster_of_the_same_topics_is_another_log():
    with (
        Kafka(kafka_jars(), "YW5vdGhlci1jbHVzdGVyISE") as other,
        Kafka(kafka_jars()) as ours,
    ):
        topic = make(ours.bootstrap, "test.two")
        make(other.bootstrap, "test.two")
        produce(ours.bootstrap, topic, *((0, packet(n)) for n in range(10)))
        produce(other.bootstrap, topic, *((0, packet(n)) for n in range(50, 80)))
        first = Reader(process(ours.bootstrap), topic)
        first.read(10)
        snapshot = first.close()
        known = learnt_positions(snapshot, topic.name)
        second = Reader(process(other.bootstrap), topic, None, known)
        assert second.read(30) == list(range(50, 80))
        second.close()
