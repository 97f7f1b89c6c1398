"""Reading what a topic has up to now, once and to its end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from confluent_kafka import (
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)

from connectors.errors import KafkaUnavailable
from connectors.kafka.clients import ANSWER_S, close, consumer, partitions_of
from connectors.kafka.fields import place
from connectors.settings import Settings

AT_ONCE = 500
# Messages of a transaction that was aborted never come.
QUIET_S = 10.0

Wanted = Callable[[int, range], range]
"""Of a partition and the offsets that Kafka holds of it: which to read."""


def all_of_it(_: int, held: range) -> range:
    """Nothing is left out."""
    return held


def read_topic(
    settings: Settings, topic: str, wanted: Wanted = all_of_it
) -> Iterator[Message]:
    """Yields the messages that a topic has, by partition in their order.

    Raises KafkaUnavailable or TopicMissing.
    """
    client = consumer(settings)
    try:
        for partition in partitions_of(client, settings, topic):
            whole = TopicPartition(topic, partition)
            offsets = wanted(partition, _held(client, settings, whole))
            yield from _read(client, settings, whole, offsets)
    finally:
        close(client)


def _held(client: Consumer, settings: Settings, place: TopicPartition) -> range:
    try:
        begin, end = client.get_watermark_offsets(place, timeout=ANSWER_S)
    except KafkaException as error:
        raise KafkaUnavailable(settings.kafka, error.args[0].str()) from None
    return range(begin, end)


def _read(
    client: Consumer, settings: Settings, begin: TopicPartition, offsets: range
) -> Iterator[Message]:
    if not offsets:
        return
    client.assign([TopicPartition(begin.topic, begin.partition, offsets.start)])
    deadline_s = time.monotonic() + QUIET_S
    failed: KafkaError | None = None
    left = len(offsets)
    while time.monotonic() < deadline_s:
        for message in client.consume(min(left, AT_ONCE), 0.5):
            if failed := message.error():
                continue
            _, offset = place(message)
            if offset >= offsets.stop:
                return
            yield message
            left = offsets[-1] - offset
            if not left:
                return
            deadline_s = time.monotonic() + QUIET_S
    if failed is not None:
        raise KafkaUnavailable(settings.kafka, failed.str())
