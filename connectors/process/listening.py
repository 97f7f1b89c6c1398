"""For how long a flow has listened: what silence is judged by.

Not all silence is a spacecraft's. While Kafka is away, or the flow itself is suspended
or waits for its database, nothing can be heard. The wall clock tells none of that, and
it may be set.
"""

from __future__ import annotations

import time
from collections.abc import Callable

# A loop that turns hears what comes; more of a pause does not count as listening.
LONGEST_TURN_US = 1_000_000
# After one so long there is much to catch up with, in whatever order.
INTERRUPTION_US = 10_000_000
STEP_US = 250_000


def _monotonic_us() -> int:
    return time.monotonic_ns() // 1000


def _wall_us() -> int:
    return time.time_ns() // 1000


class Listening:
    """A clock that goes while telemetry can be heard; its zero is of no meaning.

    The source reports that its loop turns, and whether Kafka answers. Time counts once
    Kafka has answered after it. Where no source reports all of it counts: another
    process of a cluster has the source.

    Args:
        monotonic_us: a clock that nobody sets.
        wall_us: the time in microseconds since 1970 UTC.
    """

    def __init__(
        self,
        monotonic_us: Callable[[], int] = _monotonic_us,
        wall_us: Callable[[], int] = _wall_us,
    ) -> None:
        self._monotonic_us, self._wall_us = monotonic_us, wall_us
        self._turned_us: int | None = None
        self._begun_us = monotonic_us()
        self._ahead_us = wall_us() - self._begun_us
        self._now_us = self._first_us = self._begun_us + self._ahead_us
        self._unconfirmed_us = 0
        self._is_interrupted = self._was_set_back = False
        self._since_us = self._now_us

    @property
    def now_us(self) -> int:
        """The time up to which all is heard that came."""
        if self._turned_us is None:
            return self._first_us + self._monotonic_us() - self._begun_us
        return self._now_us

    @property
    def since_us(self) -> int:
        """Since when it was heard without an interruption, by this clock."""
        return self._since_us

    @property
    def behind_us(self) -> int:
        """How much the wall clock is ahead of this one."""
        return self._wall_us() - self.now_us

    def turned(self) -> None:
        """The loop of the source came round."""
        monotonic_us, now_us = self._monotonic_us(), self.now_us
        if self._turned_us is None:
            self._now_us, self._turned_us = now_us, monotonic_us
        pause_us = monotonic_us - self._turned_us
        self._turned_us = monotonic_us
        self._unconfirmed_us += min(pause_us, LONGEST_TURN_US)
        self._is_interrupted |= pause_us > INTERRUPTION_US
        ahead_us = self._wall_us() - monotonic_us
        self._was_set_back |= ahead_us < self._ahead_us - STEP_US
        self._ahead_us = ahead_us

    def answered(self) -> None:
        """Kafka answers, and so it did since the loop turned the last time before."""
        self._now_us, self._unconfirmed_us = self._now_us + self._unconfirmed_us, 0
        if self._is_interrupted:
            self._is_interrupted, self._since_us = False, self._now_us

    def unanswered(self) -> None:
        """Kafka does not answer: what was not confirmed does not count."""
        self._unconfirmed_us, self._is_interrupted = 0, True

    def was_set_back(self) -> bool:
        """Whether the wall clock was, since this was asked last.

        The engine's timers go by it, and would be late by as much.
        """
        was, self._was_set_back = self._was_set_back, False
        return was
