"""What is read off a Kafka message."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
from confluent_kafka import Message
from numpy.typing import NDArray

Place = tuple[int, int]
"""Partition and offset."""

LATEST_MS = 253_402_300_799_999  # the end of the year 9999


def content_type(message: Message) -> str | None:
    """The header `content-type`, if there is one."""
    headers = message.headers()
    value = dict(headers).get("content-type") if headers else None
    return value.decode("ascii", "replace") if isinstance(value, bytes) else None


def place(message: Message) -> Place:
    """Where the message stands in its topic."""
    partition, offset = message.partition(), message.offset()
    if partition is None or offset is None:
        raise TypeError("a message from Kafka without partition and offset")
    return partition, offset


def times_us_of(messages: Sequence[Message]) -> NDArray[np.int64]:
    """Kafka's timestamps; the present where there is none or it cannot be one."""
    times_ms = np.array([message.timestamp()[1] for message in messages], np.int64)
    impossible = (times_ms < 0) | (times_ms > LATEST_MS)
    times_ms[impossible] = time.time_ns() // 1_000_000
    return times_ms * 1000
