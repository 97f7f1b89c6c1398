"""Polls of the stream: what came in them, and what is to be stored for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from connectors.messages.samples import Runs
from connectors.messages.writes import Write


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


NO_POLL = Poll(0, 0, (), 0)
"""Of what has no samples, and only has a shard look at the clock."""


@dataclass(frozen=True, slots=True)
class Polled:
    """Samples of the parameters of a shard, with the poll they came in.

    `writes` are what else is to be stored of them.
    """

    samples: Runs
    poll: Poll
    shard: int = 0
    writes: tuple[Write, ...] = ()


@dataclass(frozen=True, slots=True)
class ToStore:
    """A piece of a poll, and what is to be stored for it.

    What a timer brought about belongs to no poll.
    """

    poll: Poll | None
    writes: Sequence[Write]


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
