"""Polls of the stream, and what came in them."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.messages.records import Records
from connectors.messages.samples import Runs


@dataclass(frozen=True, slots=True)
class Position:
    """How far a partition has been read, and the latest Kafka timestamp up to there."""

    topic: str
    partition: int
    next_offset: int
    newest_message_us: int


@dataclass(frozen=True, slots=True)
class Poll:
    """The stretch of the stream a batch was cut from.

    A poll is cut into `pieces` batches. Its `positions` hold once all of them are
    stored: that is how the database sink knows a poll is whole.
    """

    number: int
    pieces: int
    positions: tuple[Position, ...]
    oldest_message_us: int


@dataclass(frozen=True, slots=True)
class Polled:
    """Samples of some parameters, with the poll they came in.

    `records` are what else follows from them.
    """

    samples: Runs
    poll: Poll
    records: tuple[Records, ...] = ()


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that could not be (wholly) used: its bytes, where it stood, and why."""

    value: bytes | None
    key: bytes | None
    topic: str
    partition: int
    offset: int
    reason: str
    detail: str
