"""Polls of the stream: what came in them, and what is to be stored for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from connectors.messages.samples import Runs
from connectors.messages.writes import Write


@dataclass(frozen=True, slots=True)
class LogId:
    """Which log a topic's name stands for: Kafka's ids of the cluster and the topic.

    A topic that is deleted and created again is another log of the same name. An id is
    empty where nobody tells it: some brokers do not, and records of before do not.
    """

    cluster_id: str = ""
    topic_id: str = ""

    def may_be(self, other: LogId) -> bool:
        """Whether nothing that is known of both tells them apart."""
        return _same(self.cluster_id, other.cluster_id) and _same(
            self.topic_id, other.topic_id
        )


def _same(one: str, other: str) -> bool:
    return one == other or not one or not other


UNNAMED = LogId()
UNTOLD_EPOCH = -1


@dataclass(frozen=True, slots=True)
class Position:
    """How far a partition of a log has been read.

    `leader_epoch` is that of the last message before (`UNTOLD_EPOCH` where it is not
    told): Kafka raises it before it writes other messages to offsets that it lost.
    `newest_message_us` is the latest Kafka timestamp up to there. It is for people:
    timestamps are whatever producers say, so they prove nothing.
    """

    topic: str
    partition: int
    next_offset: int
    newest_message_us: int
    log: LogId = UNNAMED
    leader_epoch: int = UNTOLD_EPOCH

    def covers(self, other: Position) -> bool:
        """Whether all that the other has read of its partition was read by this.

        A log that was cut short and went on has lower offsets of a higher epoch.
        """
        if not self.log.may_be(other.log):
            return False
        if UNTOLD_EPOCH in (self.leader_epoch, other.leader_epoch):
            return other.next_offset <= self.next_offset
        return other.reach <= self.reach

    @property
    def reach(self) -> tuple[int, int]:
        """What tells of two positions in one log which is further."""
        return self.leader_epoch, self.next_offset


@dataclass(frozen=True, slots=True)
class Poll:
    """The stretch of the stream a batch was cut from.

    A poll is cut into `pieces` batches. Its `positions` hold once all of them are
    stored: that is how the database sink knows a poll is whole. What is `learnt` the
    flow has judged before; only the database lacks it.
    """

    number: int
    pieces: int
    positions: tuple[Position, ...]
    oldest_message_us: int
    learnt: bool = False


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
    """A message that could not be (wholly) used: its bytes, where it stood, and why.

    `headers` are those that it needs to be read again.
    """

    value: bytes | None
    key: bytes | None
    topic: str
    partition: int
    offset: int
    reason: str
    detail: str
    headers: tuple[tuple[str, bytes], ...] = ()
