"""Parameters that may stop arriving, and which of them is due to be told of next."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from itertools import count
from typing import Protocol

from connectors.messages.findings import AnomalyChange
from dataflows.parameters.watched import Watched
from dataflows.verdicts.staleness import SHORTEST_WAIT_US


class SilenceClock(Protocol):
    """What silence is judged by: time that passes while telemetry can be heard."""

    @property
    def now_us(self) -> int:
        """The time up to which all is heard that came."""

    @property
    def since_us(self) -> int:
        """Since when it was heard without an interruption."""

    @property
    def behind_us(self) -> int:
        """How much the wall clock is ahead."""


class Silence:
    """The parameters whose silence is to be told.

    It looks at those only that arrived, or are due: there may be thousands.
    """

    def __init__(self, clock: SilenceClock) -> None:
        self._clock = clock
        self._due: list[tuple[int, int, Watched]] = []
        self._entries = count()

    @property
    def wake_at_us(self) -> int | None:
        """When to call `woken`, by the wall clock; None while nothing is waited for.

        It is to be asked again when that clock was set back.
        """
        if not self._due:
            return None
        now_us = self._clock.now_us
        wait_us = max(self._due[0][0] - now_us, SHORTEST_WAIT_US)
        return now_us + self._clock.behind_us + wait_us

    def arrived(
        self, watched: Iterable[Watched]
    ) -> Iterator[tuple[Watched, AnomalyChange]]:
        """Takes in samples; yields the silences that they end."""
        now_us, behind_us = self._clock.now_us, self._clock.behind_us
        for one in watched:
            if one.staleness:
                before = one.staleness.wake_at_us
                if change := one.staleness.arrived(now_us, behind_us):
                    yield one, change
                if one.staleness.wake_at_us != before:
                    self._wait(one)

    def woken(self) -> Iterator[tuple[Watched, AnomalyChange]]:
        """Yields the silences that begin by now."""
        now_us, behind_us = self._clock.now_us, self._clock.behind_us
        while self._due and self._due[0][0] <= now_us:
            wake_us, _, one = heapq.heappop(self._due)
            if one.staleness and one.staleness.wake_at_us == wake_us:
                if change := one.staleness.woken(
                    now_us, self._clock.since_us, behind_us
                ):
                    yield one, change
                self._wait(one)

    def resumed(self, one: Watched) -> None:
        """Takes in a parameter of before a restart; its silence counts from now."""
        if one.staleness:
            one.staleness.resumed(self._clock.now_us)
            self._wait(one)

    def _wait(self, one: Watched) -> None:
        wake_us = one.staleness.wake_at_us if one.staleness else None
        if wake_us is not None:
            heapq.heappush(self._due, (wake_us, next(self._entries), one))
