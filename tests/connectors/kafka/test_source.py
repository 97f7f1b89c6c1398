"""Reading a real broker: nothing skipped, nothing silent."""

import ctypes
import time
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from confluent_kafka import Producer, cimpl
from confluent_kafka.admin import AdminClient, NewPartitions
from prometheus_client import CollectorRegistry

from connectors.decode.routing import SHARDS
from connectors.errors import (
    KafkaUnavailable,
    LogCut,
    OffsetLost,
    SettingsError,
    StateUnreadable,
    TopicMissing,
)
from connectors.kafka import topic_partitions as source_module
from connectors.kafka.archive_source import ArchiveSource
from connectors.kafka.clients import check_kafka
from connectors.kafka.fields import RESENT
from connectors.kafka.source import TelemetrySource
from connectors.messages.polls import NO_POLL, DeadLetter, Polled
from connectors.messages.wire import (
    ARROW_CONTENT_TYPE,
    Packet,
    encode_arrow,
    encode_packet,
)
from connectors.metrics import FlowMetrics
from connectors.process.flow_process import FlowProcess
from connectors.process.listening import Listening
from connectors.settings import Settings
from connectors.topics import Topic
from tests.connectors.kafka.reading import Reader, packet, process, produce
from tests.connectors.kafka.slept_clock import Clock
from tests.services.waiting import HANG_S

Headers = dict[str, str | bytes | None]


def test_when_the_wall_clock_was_set_back_every_shard_looks_at_it_once(kafka, topic):
    wall_us = 10**15
    listening = Listening(lambda: time.monotonic_ns() // 1000, lambda: wall_us)
    run = replace(process(kafka), listening=listening)
    source = TelemetrySource(run, topic, lambda _: ())
    part = source.build_part("in", "telemetry", None)

    def idle() -> list[Polled | DeadLetter]:
        """What comes of the next turns, of which some are pauses."""
        return [item for _ in range(10) for item in part.next_batch()]

    idle()  # which tells the positions
    wall_us -= 3_600_000_000
    looks = [item for item in idle() if isinstance(item, Polled)]
    assert [look.shard for look in looks] == [*range(SHARDS)]
    assert {look.poll for look in looks} == {NO_POLL}
    assert not any(len(look.samples) for look in looks)
    assert idle() == []
    part.close()


def test_every_partition_is_read_and_a_snapshot_goes_on_where_it_stopped(kafka, topic):
    produce(kafka, topic, *((n % 4, packet(n)) for n in range(40)))
    first = Reader(process(kafka), topic)
    assert first.read(40) == list(range(40))
    snapshot = first.close()
    produce(kafka, topic, *((n % 4, packet(n)) for n in range(40, 50)))
    second = Reader(process(kafka), topic, snapshot)
    assert second.read(10) == list(range(40, 50))
    second.close()


def test_a_poll_says_how_many_pieces_it_has_and_how_far_it_goes(kafka, topic):
    produce(kafka, topic, (1, b"a poll of which nothing remains but its position"))
    reader = Reader(process(kafka), topic)
    reader.read(1)
    produce(kafka, topic, (0, packet(1, "A")), (0, packet(2, "B")), (2, packet(3, "A")))
    reader.read(4)
    pieces: dict[int, int] = {}
    for one in reader.polled:
        pieces[one.poll.number] = pieces.get(one.poll.number, 0) + 1
    assert pieces == {one.poll.number: one.poll.pieces for one in reader.polled}
    reached = {position.partition: position.next_offset for position in reader.passed}
    assert reached == {0: 2, 1: 1, 2: 1, 3: 0}
    reader.close()


def test_a_poll_is_at_most_twice_as_large_as_the_one_before(kafka, topic):
    """Nobody knows yet how much is in a message."""
    produce(kafka, topic, *((0, packet(n)) for n in range(3000)))
    reader = Reader(process(kafka), topic)
    reader.read(1)
    time.sleep(1)  # until all are here: else polls are small anyway
    reader.read(3000)
    sizes = [len(one.samples) for one in reader.polled]
    most = [source_module.FIRST_MESSAGES * 2**n for n in range(len(sizes))]
    assert all(size <= limit for size, limit in zip(sizes, most, strict=True))
    reader.close()


def test_a_process_reads_its_share_and_another_share_later(kafka, topic):
    produce(kafka, topic, *((n % 4, packet(n)) for n in range(8)))
    low = Reader(process(kafka, partitions=(0, 1)), topic)
    assert low.read(4) == [0, 1, 4, 5]
    # What the others' share held is still there for whoever resumes with all of it.
    everything = Reader(process(kafka), topic, low.close())
    assert everything.read(4) == [2, 3, 6, 7]
    high = Reader(process(kafka, partitions=(2, 3)), topic, everything.close())
    produce(kafka, topic, *((n % 4, packet(n)) for n in range(8, 12)))
    assert high.read(2) == [10, 11]
    high.close()


def test_bad_messages_come_as_dead_letters_with_place_and_bytes(kafka, topic):
    arrow_header: Headers = {"content-type": ARROW_CONTENT_TYPE}
    producer = Producer({"bootstrap.servers": kafka})
    producer.produce(topic.name, b"{", b"key", 1)
    producer.produce(topic.name, None, b"tombstone", 1)
    producer.produce(topic.name, packet(5), b"SAT", 1, headers=[("x", None)])
    producer.produce(topic.name, b"half", b"SAT", 1, headers=arrow_header)
    producer.flush(HANG_S)
    reader = Reader(process(kafka), topic)
    assert reader.read(4) == [5]
    letters = sorted(reader.letters, key=lambda letter: letter.offset)
    assert [(one.offset, one.reason, one.value, one.key) for one in letters] == [
        (0, "not_json", b"{", b"key"),
        (1, "empty", None, b"tombstone"),
        (3, "not_arrow", b"half", b"SAT"),
    ]
    assert {(one.topic, one.partition) for one in letters} == {(topic.name, 1)}
    reader.close()


def test_arrow_messages_are_known_by_their_header(kafka, topic):
    reader = Reader(process(kafka), topic)
    produce(kafka, topic, (0, packet(1)))
    reader.read(1)
    producer = Producer({"bootstrap.servers": kafka})
    bulk = encode_arrow([one.samples.run(0) for one in reader.polled] * 3)
    header: Headers = {"content-type": ARROW_CONTENT_TYPE}
    producer.produce(topic.name, bulk, headers=header)
    producer.flush(HANG_S)
    assert reader.read(4) == [1, 1, 1, 1]
    reader.close()


def produce_with_header(kafka: str, topic: Topic, value: bytes, name: bytes) -> None:
    """Through librdkafka, as the Python client takes no names but in UTF-8."""
    library = ctypes.CDLL(cimpl.__file__)
    for function in ("conf_new", "new", "headers_new"):
        getattr(library, f"rd_kafka_{function}").restype = ctypes.c_void_p
    pointer, size, told = ctypes.c_void_p, ctypes.c_size_t, (None, ctypes.c_size_t(0))
    configuration = pointer(library.rd_kafka_conf_new())
    broker = kafka.encode()
    library.rd_kafka_conf_set(configuration, b"bootstrap.servers", broker, *told)
    producer = pointer(library.rd_kafka_new(0, configuration, *told))
    headers = pointer(library.rd_kafka_headers_new(size(1)))
    library.rd_kafka_header_add(headers, name, size(len(name)), b"x", size(1))
    to_topic, to_partition, given, with_headers, end = 1, 3, 4, 10, 0
    assert not library.rd_kafka_producev(
        producer,
        *(to_topic, topic.name.encode(), to_partition, 0),
        *(given, value, size(len(value))),
        *(with_headers, headers, end),
    )
    assert not library.rd_kafka_flush(producer, HANG_S * 1000)
    library.rd_kafka_destroy(producer)


def test_headers_whose_names_are_not_utf_8_do_not_stop_the_flow(kafka, topic):
    # Python makes a call faster that is made often, and then checks less.
    for number in range(100):
        produce(kafka, topic, (0, packet(number)))
    produce_with_header(kafka, topic, packet(100), "clé".encode("latin-1"))
    produce(kafka, topic, (0, packet(101)))
    reader = Reader(process(kafka), topic)
    assert reader.read(102) == list(range(102))
    reader.close()


def test_a_value_that_is_no_number_is_counted_and_named_and_the_rest_is_read(
    kafka, topic, caplog
):
    mixed = packet(1).replace(b'"p":1.0', b'"p":1.0,"mode":"SAFE"')
    produce(kafka, topic, *((0, mixed) for _ in range(3)))
    reader = Reader(process(kafka), topic)
    assert reader.read(3) == [1.0, 1.0, 1.0]
    assert reader.letters == []
    counted = reader.run.metrics.telemetry._faults.labels("/SAT/mode", "text")
    assert counted._value.get() == 3
    named = [line for line in caplog.messages if "/SAT/mode" in line]
    assert named == ["/SAT/mode is text, which is left out; the rest is used"]
    reader.close()


def test_the_first_refused_message_is_told_with_key_and_cause(kafka, topic, caplog):
    produce(kafka, topic, *((2, b"{") for _ in range(3)))
    reader = Reader(process(kafka), topic)
    reader.read(3)
    [line] = [line for line in caplog.messages if "refused" in line]
    assert f"refused (not_json): {topic.name}[2] offset 0, key SAT: " in line
    reader.close()


def test_a_dead_letter_keeps_what_it_needs_to_be_read_again(kafka, topic):
    producer = Producer({"bootstrap.servers": kafka})
    headers: Headers = {
        "content-type": ARROW_CONTENT_TYPE.encode(),
        RESENT: b"1",
        "trace": b"x",
    }
    producer.produce(topic.name, b"no Arrow", headers=headers)
    assert producer.flush(HANG_S) == 0
    reader = Reader(process(kafka), topic)
    reader.read(1)
    [letter] = reader.letters
    assert dict(letter.headers) == {
        "content-type": ARROW_CONTENT_TYPE.encode(),
        RESENT: b"1",
    }
    reader.close()


def test_a_message_of_ten_megabytes_passes_as_a_dead_letter(kafka, topic):
    large = b"x" * 10_000_000
    produce(kafka, topic, (0, packet(1)), (0, large), (0, packet(2)))
    reader = Reader(process(kafka), topic)
    assert reader.read(3) == [1, 2]
    assert reader.letters[0].value == large
    reader.close()


def lose_messages(kafka: str, topic: Topic, before: int) -> None:
    from confluent_kafka import TopicPartition

    admin = AdminClient({"bootstrap.servers": kafka})
    [done] = admin.delete_records([TopicPartition(topic.name, 0, before)]).values()
    done.result(HANG_S)


def snapshot_at(topic: Topic, offset: int) -> dict[str, object]:
    return {"version": 1, "topic": topic.name, "positions": {0: (offset, 0)}}


@pytest.mark.parametrize(
    ("other", "problem"),
    [
        ({"version": 9}, "of version 9, this release reads 2"),
        ({"topic": "telemetry.other"}, r"of telemetry\.other, which another flow"),
    ],
)
def test_a_snapshot_that_is_not_of_this_topic_and_version_is_refused(other, problem):
    topic = Topic("telemetry.spacecraft", "spacecraft", 8, 1)
    snapshot = snapshot_at(topic, 3) | other
    with pytest.raises(StateUnreadable, match=rf"{problem}.*start with an empty"):
        Reader(process("localhost:1"), topic, snapshot)


def test_an_offset_that_kafka_no_longer_has_stops_with_what_to_do(kafka, topic):
    produce(kafka, topic, *((0, packet(n)) for n in range(10)))
    lose_messages(kafka, topic, 6)
    with pytest.raises(OffsetLost, match=r"offset 3.*6 to 10.*ORBITWATCH_LOST_OFFSET"):
        Reader(process(kafka), topic, snapshot_at(topic, 3))
    with pytest.raises(LogCut, match=r"up to offset 10 only.*rows from the table"):
        Reader(process(kafka), topic, snapshot_at(topic, 99))


def test_a_lost_offset_goes_on_from_the_earliest_when_told_to(kafka, topic):
    produce(kafka, topic, *((0, packet(n)) for n in range(10)))
    lose_messages(kafka, topic, 6)
    run = process(kafka, lost_offset="earliest")
    reader = Reader(run, topic, snapshot_at(topic, 3))
    assert reader.read(4) == [6, 7, 8, 9]
    assert not reader.polled[0].poll.learnt
    reader.close()


def test_a_snapshot_at_the_end_is_good_though_all_before_it_was_deleted(kafka, topic):
    produce(kafka, topic, *((0, packet(n)) for n in range(10)))
    reader = Reader(process(kafka), topic)
    reader.read(10)
    snapshot = reader.close()
    lose_messages(kafka, topic, 10)
    resumed = Reader(process(kafka), topic, snapshot)
    produce(kafka, topic, (0, packet(10)))
    assert resumed.read(1) == [10]
    resumed.close()


def test_what_an_empty_partition_got_and_lost_while_nobody_read_is_not_passed_over(
    kafka, topic, monkeypatch
):
    monkeypatch.setattr(source_module, "LOOK_AROUND_S", 0.1)
    reader = Reader(process(kafka), topic)
    deadline_s = time.monotonic() + HANG_S
    while len(reader.part.snapshot()["positions"]) < 4:
        assert time.monotonic() < deadline_s
        reader.part.next_batch()
    snapshot = reader.close()
    produce(kafka, topic, *((0, packet(n)) for n in range(10)))
    lose_messages(kafka, topic, 6)
    with pytest.raises(OffsetLost, match=r"offset 0.*6 to 10"):
        Reader(process(kafka), topic, snapshot)


def test_partitions_added_to_a_topic_are_read_from_their_beginning(
    kafka, topic, monkeypatch
):
    monkeypatch.setattr(source_module, "LOOK_AROUND_S", 0.1)
    monkeypatch.setattr(source_module, "NEW_PARTITIONS_S", 0.1)
    reader = Reader(process(kafka), topic)
    produce(kafka, topic, (0, packet(1)))
    reader.read(1)
    admin = AdminClient({"bootstrap.servers": kafka})
    admin.create_partitions([NewPartitions(topic.name, 6)])[topic.name].result(HANG_S)
    deadline_s = time.monotonic() + HANG_S
    while len(admin.list_topics(topic.name).topics[topic.name].partitions) < 6:
        assert time.monotonic() < deadline_s
    produce(kafka, topic, (5, packet(2)))
    assert reader.read(2) == [1, 2]
    reader.close()


def test_the_offset_lag_is_what_is_not_read_yet(kafka, topic, monkeypatch):
    monkeypatch.setattr(source_module, "LOOK_AROUND_S", 0.0)
    monkeypatch.setattr(source_module, "MOST_MESSAGES", 3)
    produce(kafka, topic, *((0, packet(n)) for n in range(10)))
    registry = CollectorRegistry()
    run = FlowProcess(Settings(kafka=kafka), FlowMetrics(registry))
    reader = Reader(run, topic)
    labels = {"topic": topic.name, "partition": "0"}
    name = "orbitwatch_telemetry_offset_lag_messages"
    lags: list[float] = []
    for count in (3, 6, 9, 10):
        reader.read(count)
        lags.append(registry.get_sample_value(name, labels) or 0.0)
    reader.part.next_batch()
    assert registry.get_sample_value(name, labels) == 0
    assert lags[1:] == sorted(lags[1:], reverse=True)
    assert lags[1] in (4, 7)
    reader.close()


def test_a_flow_looks_for_messages_all_the_time_and_the_archive_now_and_then(
    kafka, topic
):
    run, looks = process(kafka), []
    sources = (
        TelemetrySource(run, topic, lambda _: ()),
        ArchiveSource(run, topic, lambda _: ()),
    )
    for source in sources:
        part = source.build_part("in", topic.name, None)
        clock = Clock()
        part._pause = clock.pause()
        # The engine waits for nothing: it would do so by the wall clock.
        assert part.next_awake() < datetime(1971, 1, 1, tzinfo=UTC)
        began_s = clock.now_s
        part.next_batch()
        while part._pause.goes_on():
            pass
        looks.append(clock.now_s - began_s)
        part.close()
    telemetry_s, archive_s = looks
    assert 0.001 < telemetry_s < 0.005
    assert 0.1 < archive_s < 0.5


@pytest.mark.parametrize(("samples", "pauses"), [(1, True), (1000, False)])
def test_after_a_small_poll_the_next_may_gather_some_more(
    kafka, topic, samples, pauses
):
    values: dict[str, float | None] = {f"p{n}": float(n) for n in range(samples)}
    now = datetime.fromtimestamp(0, UTC)
    message = Packet(spacecraft="SAT", generation_time=now, values=values)
    produce(kafka, topic, (0, encode_packet(message)))
    reader, clock = Reader(process(kafka), topic), Clock()
    reader.part._pause = clock.pause()
    reader.read(samples)
    began_s = clock.now_s
    while reader.part._pause.goes_on():
        pass
    assert (clock.now_s > began_s) == pauses
    reader.close()


def test_a_stop_request_ends_the_stream(kafka, topic):
    run = process(kafka)
    reader = Reader(run, topic)
    run.should_stop.ask()
    with pytest.raises(StopIteration):
        reader.part.next_batch()
    reader.close()


def test_the_check_names_a_missing_topic_and_what_creates_it(kafka, topic):
    missing = Topic("telemetry.nowhere", "", 1, 1)
    for reads, writes in ((missing, [topic]), (topic, [missing])):
        with pytest.raises(
            TopicMissing, match=r"nowhere.*python -m connectors\.topics"
        ):
            check_kafka(Settings(kafka=kafka), [reads], writes)


def test_the_check_names_a_broker_that_does_not_answer(monkeypatch, topic):
    monkeypatch.setattr("connectors.kafka.clients.ANSWER_S", 0.5)
    settings = Settings(kafka="127.0.0.1:1")
    with pytest.raises(KafkaUnavailable, match=r"ORBITWATCH_KAFKA=127\.0\.0\.1:1"):
        check_kafka(settings, [topic], [])


def test_the_check_names_partitions_that_are_not_there(kafka, topic):
    settings = Settings(kafka=kafka, partitions=(2, 7))
    with pytest.raises(SettingsError, match=r"ORBITWATCH_PARTITIONS.*0 to 3.*7"):
        check_kafka(settings, [topic], [])


def test_a_property_the_client_does_not_know_is_a_settings_error(kafka, topic):
    settings = Settings(kafka=kafka, kafka_properties={"sasl.mechanics": "PLAIN"})
    with pytest.raises(SettingsError, match="ORBITWATCH_KAFKA_SASL_MECHANICS"):
        check_kafka(settings, [topic], [])


def test_values_and_times_keep_their_bits(kafka, topic):
    produce(kafka, topic, (0, packet(7)))
    reader = Reader(process(kafka), topic)
    reader.read(1)
    samples = reader.polled[0].samples
    assert samples.values.dtype == np.float64
    assert samples.times_us.tolist() == [7_000_000]
    assert reader.polled[0].poll.oldest_message_us > 1.6e15
    reader.close()
