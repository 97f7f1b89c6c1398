"""How far a stream has been read: which messages are new, and what they cover."""

from __future__ import annotations

import logging

import numpy as np
from numpy.typing import NDArray

from connectors.messages.polls import Position
from connectors.parquet.columns import Batch
from connectors.parquet.commits import Positions
from connectors.parquet.layout import Covered

_log = logging.getLogger("orbitwatch.archive")


class Progress:
    """Goes on from where the archive ends; `read` is how far it has come."""

    def __init__(self, stored: Positions) -> None:
        self.read = dict(stored)
        self._resumed = set(stored)
        self._covered: Covered = {}

    def known(self, batch: Batch) -> NDArray[np.bool_]:
        """Which messages had been read before: not newer, and below the position.

        Newer ones with lower offsets are of a topic that was deleted and created again.
        """
        known = np.zeros(len(batch.offsets), np.bool_)
        for partition in np.unique(batch.partitions).tolist():
            at = self.read.get((batch.topic, partition))
            if at is not None:
                known |= (
                    (batch.partitions == partition)
                    & (batch.offsets < at.next_offset)
                    & (batch.received_us <= at.newest_message_us)
                )
        return known

    def advance(self, batch: Batch, new: NDArray[np.bool_]) -> None:
        """Notes how far the new messages of a batch go."""
        for partition in np.unique(batch.partitions[new]).tolist():
            chosen = new & (batch.partitions == partition)
            offsets = batch.offsets[chosen]
            key = batch.topic, partition
            first, end = int(offsets.min()), int(offsets.max()) + 1
            newest_us = int(batch.received_us[chosen].max())
            before = self.read.get(key)
            if before is not None:
                newest_us = max(newest_us, before.newest_message_us)
                if key in self._resumed and first > before.next_offset:
                    _tell_of_hole(before, first)
            self._resumed.discard(key)
            self.read[key] = Position(batch.topic, partition, end, newest_us)
            ranges = self._covered.setdefault(batch.topic, {}).setdefault(partition, [])
            if ranges and before is not None and end > before.next_offset:
                ranges[-1] = (ranges[-1][0], end)
            else:
                ranges.append((first, end))

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
