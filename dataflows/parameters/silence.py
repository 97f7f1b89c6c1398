"""Parameters that may stop arriving, and which of them is due to be told of next."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from itertools import count

from connectors.messages.findings import AnomalyChange
from dataflows.parameters.watched import Watched


class Silence:
    """The parameters whose silence is to be told.

    It looks at those only that arrived, or are due: there may be thousands.
    """

    def __init__(self) -> None:
        self._due: list[tuple[int, int, Watched]] = []
        self._entries = count()

    @property
    def wake_at_us(self) -> int | None:
        """When to call `woken`; None while there is nothing to wait for."""
        return self._due[0][0] if self._due else None

    def arrived(
        self, watched: Iterable[Watched], now_us: int
    ) -> Iterator[tuple[Watched, AnomalyChange]]:
        """Takes in samples; yields the silences that they end."""
        for one in watched:
            if one.staleness:
                before = one.staleness.wake_at_us
                if change := one.staleness.arrived(now_us):
                    yield one, change
                if one.staleness.wake_at_us != before:
                    self._wait(one)

    def woken(self, now_us: int) -> Iterator[tuple[Watched, AnomalyChange]]:
        """Yields the silences that begin by now."""
        while self._due and self._due[0][0] <= now_us:
            wake_us, _, one = heapq.heappop(self._due)
            if one.staleness and one.staleness.wake_at_us == wake_us:
                if change := one.staleness.woken(now_us):
                    yield one, change
                self._wait(one)

    def resumed(self, one: Watched, now_us: int) -> None:
        """Takes in a parameter of before a restart; its silence counts from now."""
        if one.staleness:
            one.staleness.resumed(now_us)
            self._wait(one)

    def _wait(self, one: Watched) -> None:
        wake_us = one.staleness.wake_at_us if one.staleness else None
        if wake_us is not None:
            heapq.heappush(self._due, (wake_us, next(self._entries), one))
