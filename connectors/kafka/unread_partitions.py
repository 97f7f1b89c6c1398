"""Partitions that no process reads, where several share a topic."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from prometheus_client import Gauge

from connectors.errors import OrbitwatchError
from connectors.messages.polls import LogId, Position

StoredIn = Callable[[LogId], Iterable[Position]]
"""Tells how far is stored what comes from a log (and from others)."""

_log = logging.getLogger("orbitwatch.kafka")


class UnreadPartitions:
    """Counts partitions beside ours that nobody has a position in.

    Whoever reads a partition stores where it begins, so each has one soon.
    """

    def __init__(self, topic: str, log: LogId, stored: StoredIn, unread: Gauge) -> None:
        self._topic, self._log, self._stored, self._unread = topic, log, stored, unread
        self._told: set[int] = set()
        unread.set(0)

    def look(self, existing: Iterable[int], ours: Iterable[int]) -> None:
        """Takes in which partitions there are; tells once of those that are unread."""
        others = set(existing) - set(ours)
        if not others:
            self._unread.set(0)
            return
        try:
            known = [*self._stored(self._log)]
        except OrbitwatchError:
            return  # which is told where it is stored
        read = {
            at.partition
            for at in known
            if at.topic == self._topic and at.log.may_be(self._log)
        }
        unread = others - read
        self._unread.set(len(unread))
        if unread - self._told:
            _log.warning(
                "no process reads %s partitions %s; give them to one with "
                "ORBITWATCH_PARTITIONS",
                *(self._topic, sorted(unread)),
            )
        self._told = unread
