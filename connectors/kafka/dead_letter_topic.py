"""Reading what was refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from confluent_kafka import Message

from connectors.kafka.fields import RESENT, headers_of, place
from connectors.kafka.topic_reading import read_topic
from connectors.messages.times import moment
from connectors.settings import Settings
from connectors.topics import DEAD_LETTERS, TELEMETRY


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

    def wanted(partition: int, held: range) -> range:
        if first is not None:
            here = held[max(first.offset - held.start, 0) :]
            return here if first.partition == partition else held[:0]
        return held if latest is None else held[max(len(held) - latest, 0) :]

    return map(_letter, read_topic(settings, DEAD_LETTERS.name, wanted))


def _letter(message: Message) -> Letter:
    told = dict(headers_of(message) or {})
    return Letter(
        LetterId(*place(message)),
        message.timestamp()[1],
        message.key(),
        message.value(),
        {name: value for name, value in told.items() if isinstance(value, bytes)},
    )
