"""The undisturbed run: the same messages in the same order, and nothing happens."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from connectors import topics
from connectors.migrate import migrate
from connectors.settings import Settings
from tests.end_to_end.flow_process import Flow
from tests.faults.feed import FeedFailed
from tests.faults.stored import Stored, count_in, stored_in
from tests.faults.telemetry import Sent, describe
from tests.services.kafka import Kafka, kafka_jars
from tests.services.postgres import Postgres, fresh_database
from tests.services.waiting import HANG_S, wait_until

TOPIC = topics.SPACECRAFT.name


def undisturbed(
    messages: Iterable[tuple[int, Sent]], partitions: int, folder: Path
) -> Stored:
    """What a flow stores of these messages, each in its partition, in this order."""
    with (
        Kafka(kafka_jars()) as kafka,
        Postgres() as postgres,
        fresh_database(postgres.uri) as database,
    ):
        for _ in migrate(database):
            pass
        _create_topics(kafka.bootstrap, partitions)
        samples = _send(kafka.bootstrap, messages)
        parameters = {"ORBITWATCH_PARAMETERS": str(describe(folder / "parameters"))}
        flow = Flow(kafka.bootstrap, database, folder, settings=parameters)
        flow.start()
        try:
            wait_until(lambda: count_in(database) >= samples, "the undisturbed run")
            flow.stop()
        finally:
            if flow.is_running():
                flow.kill()
        return stored_in(database)


def _create_topics(kafka: str, partitions: int) -> None:
    admin = AdminClient({"bootstrap.servers": kafka})
    new = NewTopic(TOPIC, num_partitions=partitions)
    admin.create_topics([new])[TOPIC].result(HANG_S)
    topics.create_missing(Settings(kafka=kafka))


def _send(kafka: str, messages: Iterable[tuple[int, Sent]]) -> int:
    producer = Producer({"bootstrap.servers": kafka, "enable.idempotence": True})
    samples = 0
    for partition, sent in messages:
        samples += len(sent.samples)
        while True:
            try:
                producer.produce(TOPIC, sent.value, sent.stream.key, partition)
            except BufferError:
                producer.poll(0.1)
            else:
                break
    if producer.flush(HANG_S):
        raise FeedFailed("the undisturbed run got not all messages")
    return samples
