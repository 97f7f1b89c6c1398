"""Kafka clients as every part of Orbitwatch uses them, and a look at the topics."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from confluent_kafka import (
    Consumer,
    KafkaError,
    KafkaException,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient

from connectors.errors import KafkaUnavailable, SettingsError, TopicMissing
from connectors.kafka.reachability import ClientLog, Reachability, reachability_of
from connectors.kafka.refused_property import REFUSED, refused_property
from connectors.process.side_task import SideTask
from connectors.settings import Settings, variable
from connectors.topics import DEAD_LETTERS, Topic

ANSWER_S = 6.0
CLOSE_S = 3.0

Client = TypeVar("Client", Consumer, Producer)

_log = logging.getLogger("orbitwatch.kafka")


def note_event(kafka: Reachability, error: KafkaError) -> None:
    """Librdkafka reconnects by itself; what it says is kept as the reason."""
    # That all brokers are down is said also when the only connection was idle.
    if error.code() != KafkaError._ALL_BROKERS_DOWN:  # noqa: SLF001 - has no other name
        kafka.failed(error.str())


def client_properties(settings: Settings) -> dict[str, Any]:
    """What every Kafka client of ours has in common."""
    kafka = reachability_of(settings.kafka)
    return {
        "bootstrap.servers": settings.kafka,
        "client.id": "orbitwatch",
        "error_cb": partial(note_event, kafka),
        "logger": ClientLog(kafka),
        **settings.kafka_properties,
    }


def consumer(settings: Settings) -> Consumer:
    """A consumer that never skips: its offsets are ours to keep.

    Raises SettingsError for a property librdkafka refuses.
    """
    return _client(
        Consumer,
        settings,
        {
            "group.id": "orbitwatch",  # demanded by librdkafka, never used
            "enable.auto.commit": False,
            "auto.offset.reset": "error",
            "allow.auto.create.topics": False,
            # With the default of 1 s, a fast consumer waits most of the time.
            "fetch.queue.backoff.ms": 2,
            # Enough for some polls; a small message takes five times its size.
            "queued.min.messages": 10_000,
            "queued.max.messages.kbytes": 8_192,
        },
    )


def producer(settings: Settings) -> Producer:
    """A producer that confirms every message or says which it could not deliver.

    Raises SettingsError for a property librdkafka refuses.
    """
    return _client(
        Producer,
        settings,
        {
            "enable.idempotence": True,
            "message.max.bytes": DEAD_LETTERS.largest_message_bytes,
            "delivery.timeout.ms": int(max(settings.retry_seconds, 5) * 1000),
            "linger.ms": 2,
        },
    )


def _client(kind: type[Client], settings: Settings, own: Mapping[str, Any]) -> Client:
    try:
        return kind({**own, **client_properties(settings)})
    except REFUSED as error:
        raise refused_property(settings, error) from None


def check_kafka(
    settings: Settings, read: Sequence[Topic], written: Sequence[Topic]
) -> str:
    """Makes sure that the broker answers and has the topics; says how many parts.

    Raises KafkaUnavailable, TopicMissing, or SettingsError for partitions that are not
    there.
    """
    client = consumer(settings)
    found: list[str] = []
    try:
        for topic in written:
            partitions_of(client, settings, topic.name)
        for topic in read:
            parts = partitions_of(client, settings, topic.name)
            ours = share(settings, parts, topic.name)
            found.append(f"{topic.name} ({len(ours)} of {len(parts)} partitions)")
    finally:
        close(client)
    return ", ".join(found)


def time_us_at(settings: Settings, topic: str, partition: int, offset: int) -> int:
    """Kafka's timestamp of a message (us since 1970 UTC); 0 if it does not come."""
    client = consumer(settings)
    try:
        client.assign([TopicPartition(topic, partition, offset)])
        message = client.poll(ANSWER_S)
        if message is None or message.error():
            return 0
        return max(int(message.timestamp()[1]) * 1000, 0)
    finally:
        close(client)


def close(client: Consumer) -> None:
    """Leaves Kafka; a broker that does not answer is not waited for."""
    if not SideTask("close", client.close).is_done(CLOSE_S):
        _log.warning("Kafka does not answer; the connection is left open")


def partitions_of(
    client: Consumer | AdminClient, settings: Settings, topic: str
) -> list[int]:
    """The partitions a topic has.

    Raises KafkaUnavailable or TopicMissing.
    """
    kafka = reachability_of(settings.kafka)
    try:
        found = client.list_topics(topic, timeout=ANSWER_S).topics[topic]
    except KafkaException as error:
        client.poll(0)  # what it says of its attempts
        problem = kafka.problem or error.args[0].str()
        raise KafkaUnavailable(settings.kafka, problem) from None
    kafka.answers(topic, works=True)
    if found.error is not None:
        if found.error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
            raise TopicMissing(topic)
        raise KafkaUnavailable(settings.kafka, f"{topic}: {found.error.str()}")
    return sorted(found.partitions)


def share(settings: Settings, existing: Sequence[int], topic: str) -> list[int]:
    """The partitions this process reads."""
    absent = sorted(set(settings.partitions) - set(existing))
    if absent:
        raise SettingsError(
            variable("partitions"),
            f"{topic} has partitions 0 to {max(existing)}, not {absent}",
        )
    return [p for p in existing if not settings.partitions or p in settings.partitions]
