"""How far the partitions of a topic are read and learnt, and its snapshot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from connectors.errors import StateUnreadable
from connectors.messages.polls import UNTOLD_EPOCH, LogId, Position

Offsets = dict[str, Any]
"""A snapshot: see `Progress.snapshot`."""
Reached = tuple[int, int, int]
"""Of messages read: offset after the last one, its epoch, newest timestamp (us)."""

_VERSION = 2
# It told neither the log nor epochs.
_WITHOUT_LOG = 1


class Progress:
    """How far each partition is read, and how far the flow has learnt from it.

    They differ where something is read again, since what was stored of it is lost: up
    to where it was learnt, it must not be learnt twice.
    """

    def __init__(self, topic: str, log: LogId, known: Mapping[int, Position]) -> None:
        """Nothing is begun; what is `known` of partitions that never are is kept."""
        self._topic, self._log = topic, log
        self._read: dict[int, Position] = {}
        self._learnt: dict[int, Position] = {}
        # Another process reads them now, but their parameters are still in our state.
        self._elsewhere = {
            partition: replace(position, log=log)
            for partition, position in known.items()
            if position.log.may_be(log)
        }

    def begin(self, partition: int, offset: int, learnt: Position | None) -> None:
        """Goes on from `offset` of a partition that was learnt up to there."""
        self._read[partition] = Position(self._topic, partition, offset, 0, self._log)
        self._learnt.pop(partition, None)
        if learnt is None:
            return
        if learnt.next_offset > offset:
            self._learnt[partition] = learnt
        else:
            self._read[partition] = replace(learnt, next_offset=offset)

    def position(self, partition: int) -> Position:
        """How far the partition is read; it was begun."""
        return self._read[partition]

    def learnt(self, partition: int) -> Position:
        """How far the flow has learnt from the partition; it was begun."""
        return self._learnt.get(partition, self._read[partition])

    @property
    def rereads(self) -> bool:
        """Whether anything is read that was learnt before."""
        return bool(self._learnt)

    def was_learnt(self, partition: int, offset: int, leader_epoch: int) -> bool:
        """Whether a message was learnt from before it came (again)."""
        learnt = self._learnt.get(partition)
        if learnt is None or offset >= learnt.next_offset:
            return False
        if UNTOLD_EPOCH in (leader_epoch, learnt.leader_epoch):
            return True
        return leader_epoch <= learnt.leader_epoch

    def advance(self, reached: Mapping[int, Reached]) -> tuple[Position, ...]:
        """Notes how far a poll goes, by partition; returns that."""
        return tuple(self._advance(p, *reached[p]) for p in sorted(reached))

    def _advance(
        self, partition: int, next_offset: int, leader_epoch: int, newest_us: int
    ) -> Position:
        before = self._read[partition]
        position = Position(
            self._topic,
            partition,
            next_offset,
            max(before.newest_message_us, newest_us),
            self._log,
            max(before.leader_epoch, leader_epoch),
        )
        self._read[partition] = position
        learnt = self._learnt.get(partition)
        if learnt is not None and _has_come_to(position, learnt):
            del self._learnt[partition]
        return position

    def snapshot(self) -> Offsets:
        """The log and {partition: (next offset, epoch, newest us)} as learnt."""
        return {
            "version": _VERSION,
            "topic": self._topic,
            "log": (self._log.cluster_id, self._log.topic_id),
            "positions": {
                partition: (at.next_offset, at.leader_epoch, at.newest_message_us)
                for partition, at in self._all_learnt().items()
            },
        }

    def _all_learnt(self) -> dict[int, Position]:
        return self._elsewhere | {p: self.learnt(p) for p in self._read}


def _has_come_to(position: Position, learnt: Position) -> bool:
    """Whether all that follows is new; where a log was cut, that is told by epochs."""
    return position.covers(learnt) or position.next_offset >= learnt.next_offset


def learnt_positions(snapshot: Offsets | None, topic: str) -> list[Position]:
    """How far each partition was learnt from when a snapshot was taken.

    Raises StateUnreadable for one of another topic, or of a newer release.
    """
    if snapshot is None:
        return []
    version, of = snapshot.get("version"), snapshot.get("topic")
    if version not in {_VERSION, _WITHOUT_LOG}:
        problem = f"offsets of version {version}, this release reads {_VERSION}"
        raise StateUnreadable(topic, problem)
    if of != topic:
        raise StateUnreadable(topic, f"offsets of {of}, which another flow reads")
    positions = snapshot["positions"].items()
    if version == _WITHOUT_LOG:
        return [
            Position(topic, partition, next_offset, newest_us)
            for partition, (next_offset, newest_us) in positions
        ]
    log = LogId(*snapshot["log"])
    return [
        Position(topic, partition, next_offset, newest_us, log, epoch)
        for partition, (next_offset, epoch, newest_us) in positions
    ]


def of_topic(
    positions: Iterable[Position], topic: str, log: LogId
) -> dict[int, Position]:
    """By partition: the furthest position in a topic, rather of its log than another.

    One that names no log gives way to one that does.
    """

    def fit(position: Position) -> tuple[bool, bool]:
        return position.log.may_be(log), position.log == log

    found: dict[int, Position] = {}
    for position in sorted((at for at in positions if at.topic == topic), key=fit):
        known = found.get(position.partition)
        if known is None or fit(known) < fit(position) or not known.covers(position):
            found[position.partition] = position
    return found
