"""Producers' transactions that stay open, and hold back all that comes after them."""

from __future__ import annotations

import logging
from collections.abc import Callable

_log = logging.getLogger("orbitwatch.kafka")


class OpenTransactions:
    """Notices partitions that stand still at one from look to look; names each once."""

    def __init__(self, topic: str) -> None:
        self._topic = topic
        self._waiting: dict[int, int] = {}
        self._told: dict[int, int] = {}

    def look(
        self, partition: int, next_offset: int, end: int, stable_end: Callable[[], int]
    ) -> None:
        """Takes in what is read next and where the log ends.

        `stable_end` tells where the oldest open transaction begins; it is asked only of
        a partition that has not moved since the last look, though there is more.
        """
        stands = self._waiting.get(partition) == next_offset < end
        self._waiting[partition] = next_offset
        if not stands or self._told.get(partition) == next_offset:
            return
        if stable_end() == next_offset:
            self._told[partition] = next_offset
            _log.warning(
                "%s[%d]: a transaction that is open holds back %d messages from offset "
                "%d on; find its producer with `kafka-transactions.sh find-hanging`",
                *(self._topic, partition, end - next_offset, next_offset),
            )
