"""What is read off a Kafka message."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

import numpy as np
from confluent_kafka import TIMESTAMP_NOT_AVAILABLE, Message
from numpy.typing import NDArray

from connectors.messages.polls import UNTOLD_EPOCH

Place = tuple[int, int]
"""Partition and offset."""

Headers = dict[str, str | bytes | None] | list[tuple[str, str | bytes | None]]

# Kafka is of 2011. What is earlier is of a clock that was never set, or in seconds.
EARLIEST_MS = 1_293_840_000_000
# Marks a message that was a dead letter, with how often it was sent again.
RESENT = "orbitwatch-resent"
# Without these a message cannot be read again, or nobody sees that it was.
KEPT_HEADERS = ("content-type", RESENT)
LATEST_MS = 253_402_300_799_999  # the end of the year 9999

_log = logging.getLogger("orbitwatch.kafka")
_told_of: set[str | None] = set()


def headers_of(message: Message) -> Headers | None:
    """The headers of a message; None where their names are not UTF-8."""
    asked = map(Message.headers, [message])  # see content_types
    try:
        return next(asked)
    except SystemError:
        return None


def kept_headers(message: Message) -> tuple[tuple[str, bytes], ...]:
    """The headers that a message keeps as a dead letter."""
    told = dict(headers_of(message) or {})
    return tuple(
        (name, value)
        for name in KEPT_HEADERS
        if isinstance(value := told.get(name), bytes)
    )


def content_types(messages: Sequence[Message]) -> list[str | None]:
    """The headers `content-type`, where there is one that can be read."""
    told: list[Headers | None] = []
    # For names that are not UTF-8 the client returns a result and an error. Only a call
    # that Python does not make faster, as here, sees to that at once.
    asked = map(Message.headers, messages)
    for _ in messages:
        try:
            told.append(next(asked))
        except SystemError:
            told.append(None)
    return [_content_type(headers) if headers else None for headers in told]


def _content_type(headers: Headers) -> str | None:
    value = dict(headers).get("content-type")
    return value.decode("ascii", "replace") if isinstance(value, bytes) else None


def place(message: Message) -> Place:
    """Where the message stands in its topic."""
    partition, offset = message.partition(), message.offset()
    if partition is None or offset is None:
        raise TypeError("a message from Kafka without partition and offset")
    return partition, offset


def place_and_epoch(message: Message) -> tuple[int, int, int]:
    """Partition, offset and leader epoch; `UNTOLD_EPOCH` where there is none."""
    epoch = message.leader_epoch()
    return *place(message), UNTOLD_EPOCH if epoch is None else epoch


def reach(
    messages: Sequence[Message], times_us: NDArray[np.int64]
) -> dict[int, tuple[int, int, int]]:
    """By partition: the offset after its last message, its epoch, the newest timestamp.

    The messages of a partition are in order.
    """
    partitions = np.array([message.partition() for message in messages])
    found = {}
    for partition in np.unique(partitions).tolist():
        theirs = np.flatnonzero(partitions == partition)
        _, offset, epoch = place_and_epoch(messages[theirs[-1]])
        found[partition] = offset + 1, epoch, int(times_us[theirs].max())
    return found


def times_us_of(messages: Sequence[Message]) -> NDArray[np.int64]:
    """Kafka's timestamps; the present where there is none or it cannot be one."""
    times_ms = np.array([message.timestamp()[1] for message in messages], np.int64)
    impossible = (times_ms < EARLIEST_MS) | (times_ms > LATEST_MS)
    if impossible.any():
        first = int(np.flatnonzero(impossible)[0])
        _tell(messages[first], int(times_ms[first]))
        times_ms[impossible] = time.time_ns() // 1_000_000
    return times_ms * 1000


def _tell(message: Message, time_ms: int) -> None:
    """Says once for a topic that its timestamps cannot be any."""
    topic = message.topic()
    if message.timestamp()[0] != TIMESTAMP_NOT_AVAILABLE and topic not in _told_of:
        _told_of.add(topic)
        _log.warning(
            "%s[%s] offset %s has the Kafka timestamp %d, which is no time in "
            "milliseconds since 1970 that a message can have; the time at which it is "
            "read counts instead, here and wherever that is so (seconds, perhaps, or a "
            "clock that was never set)",
            *(topic, message.partition(), message.offset(), time_ms),
        )
