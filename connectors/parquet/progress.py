"""How far a stream has been read: which messages are new, and what they cover."""

from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from connectors.messages.polls import UNNAMED, UNTOLD_EPOCH, Position
from connectors.parquet.columns import Batch
from connectors.parquet.commits import Key, Positions, key_of
from connectors.parquet.layout import Covered, log_name

_log = logging.getLogger("orbitwatch.archive")


class Progress:
    """Goes on from where the archive ends; `read` is how far it has come."""

    def __init__(self, stored: Positions) -> None:
        self.read = dict(stored)
        self._resumed = set(stored)
        self._covered: Covered = {}

    def known(self, batch: Batch) -> NDArray[np.bool_]:
        """Which messages had been read before: below the position in their log.

        Those of a higher epoch are other messages, at offsets that Kafka had lost.
        """
        known = np.zeros(len(batch.offsets), np.bool_)
        for partition in np.unique(batch.partitions).tolist():
            at = self._at((batch.log, batch.topic, partition))
            if at is not None:
                below = (batch.partitions == partition) & (
                    batch.offsets < at.next_offset
                )
                if at.leader_epoch != UNTOLD_EPOCH:
                    below &= batch.epochs <= at.leader_epoch
                known |= below
        return known

    def _at(self, key: Key) -> Position | None:
        """The position in a log; else one of before they were told apart."""
        return self.read.get(key) or self.read.get((UNNAMED, *key[1:]))

    def advance(self, batch: Batch, new: NDArray[np.bool_]) -> None:
        """Notes how far the new messages of a batch go."""
        for partition in np.unique(batch.partitions[new]).tolist():
            chosen = new & (batch.partitions == partition)
            offsets = batch.offsets[chosen]
            first, end = int(offsets.min()), int(offsets.max()) + 1
            newest_us = int(batch.received_us[chosen].max())
            epoch = int(batch.epochs[chosen].max())
            position = Position(
                batch.topic, partition, end, newest_us, batch.log, epoch
            )
            self._move(position, first)

    def _move(self, position: Position, first: int) -> None:
        key = key_of(position)
        before = self._at(key)
        if before is not None:
            newest_us = max(position.newest_message_us, before.newest_message_us)
            position = replace(position, newest_message_us=newest_us)
            if key in self._resumed and first > before.next_offset:
                _tell_of_hole(before, first)
        self._resumed.discard(key)
        self.read[key] = position
        covered = self._covered.setdefault(log_name(position.topic, position.log), {})
        ranges = covered.setdefault(position.partition, [])
        end = position.next_offset
        if ranges and before is not None and end > before.next_offset:
            ranges[-1] = (ranges[-1][0], end)
        else:
            ranges.append((first, end))

    def pass_over(self, batch: Batch) -> bool:
        """Notes what was read besides messages; returns whether that is any further."""
        further = False
        for position in batch.passed:
            before = self._at(key_of(position))
            if before is None or not before.covers(position):
                self.read[key_of(position)] = position
                further = True
        return further

    def take_covered(self) -> Covered:
        """The offsets that were read since this was last asked for."""
        covered, self._covered = self._covered, {}
        return covered


def _tell_of_hole(before: Position, first: int) -> None:
    """The source begins beyond what is archived."""
    _log.warning(
        "%s[%d] goes on at offset %d, but is archived up to %d only",
        before.topic,
        before.partition,
        first,
        before.next_offset,
    )
