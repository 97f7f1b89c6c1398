"""Reading what was refused."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from confluent_kafka import (
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)

from connectors.errors import KafkaUnavailable
from connectors.kafka.clients import ANSWER_S, consumer, partitions_of
from connectors.kafka.fields import RESENT, headers_of, place
from connectors.messages.times import moment
from connectors.settings import Settings
from connectors.topics import DEAD_LETTERS, TELEMETRY

AT_ONCE = 500
# Messages of a transaction that was aborted never come.
QUIET_S = 10.0


@dataclass(frozen=True, slots=True, order=True)
class LetterId:
    """Where a dead letter stands: `17`, or `1:17` if not on the first partition."""

    partition: int
    offset: int

    def __str__(self) -> str:
        before = f"{self.partition}:" if self.partition else ""
        return f"{before}{self.offset}"

    @classmethod
    def parse(cls, text: str) -> LetterId:
        """Raises ValueError for what is none."""
        partition, _, offset = text.rpartition(":")
        if not (offset.isascii() and offset.isdigit()):
            raise ValueError(text)
        return cls(int(partition or 0), int(offset))


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter: the refused message, and what its headers tell of it."""

    id: LetterId
    time_ms: int
    key: bytes | None
    value: bytes | None
    headers: dict[str, bytes]

    @property
    def refused_at(self) -> datetime:
        """When it was refused."""
        return moment(max(self.time_ms, 0) * 1000)

    @property
    def resent(self) -> int:
        """How often the message had been sent again before it was refused."""
        return max(self._number(RESENT), 0)

    @property
    def origin_partition(self) -> int:
        """The partition of the refused message; -1 if that is not told."""
        return self._number("partition")

    def told(self, header: str) -> str:
        """A header as text; a question mark where it is missing."""
        return self.headers.get(header, b"?").decode(errors="replace")

    def _number(self, header: str) -> int:
        told = self.headers.get(header, b"")
        return int(told) if told.isdigit() and len(told) < 10 else -1

    @property
    def cannot_be_sent(self) -> str | None:
        """Why it cannot be sent again, or None."""
        topic = self.told("topic")
        if topic not in {known.name for known in TELEMETRY}:
            return f"{topic} is no topic of telemetry"
        if "truncated-from-bytes" in self.headers:
            size = self.told("truncated-from-bytes")
            return f"of {size} bytes only the first are here"
        return None


def read_letters(
    settings: Settings, first: LetterId | None = None, latest: int | None = None
) -> Iterator[Letter]:
    """Yields the dead letters up to now, by partition in their order.

    From `first` on, only those of its partition; `latest` is how many of each partition
    are looked at. Raises KafkaUnavailable or TopicMissing.
    """
    client = consumer(settings)
    try:
        for partition in partitions_of(client, settings, DEAD_LETTERS.name):
            if first is None or first.partition == partition:
                begin, end = _bounds(client, settings, partition)
                if first is not None:
                    begin = max(begin, first.offset)
                elif latest is not None:
                    begin = max(begin, end - latest)
                yield from _read(client, settings, partition, range(begin, end))
    finally:
        client.close()


def _bounds(client: Consumer, settings: Settings, partition: int) -> tuple[int, int]:
    try:
        begin, end = client.get_watermark_offsets(
            TopicPartition(DEAD_LETTERS.name, partition), timeout=ANSWER_S
        )
    except KafkaException as error:
        raise KafkaUnavailable(settings.kafka, error.args[0].str()) from None
    return begin, end


def _read(
    client: Consumer, settings: Settings, partition: int, offsets: range
) -> Iterator[Letter]:
    if not offsets:
        return
    client.assign([TopicPartition(DEAD_LETTERS.name, partition, offsets.start)])
    deadline_s = time.monotonic() + QUIET_S
    failed: KafkaError | None = None
    left = len(offsets)
    while time.monotonic() < deadline_s:
        for message in client.consume(min(left, AT_ONCE), 0.5):
            if failed := message.error():
                continue
            letter = _letter(message)
            if letter.id.offset >= offsets.stop:
                return
            yield letter
            left = offsets[-1] - letter.id.offset
            if not left:
                return
            deadline_s = time.monotonic() + QUIET_S
    if failed is not None:
        raise KafkaUnavailable(settings.kafka, failed.str())


def _letter(message: Message) -> Letter:
    told = dict(headers_of(message) or {})
    return Letter(
        LetterId(*place(message)),
        message.timestamp()[1],
        message.key(),
        message.value(),
        {name: value for name, value in told.items() if isinstance(value, bytes)},
    )
