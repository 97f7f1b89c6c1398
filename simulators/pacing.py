"""Holds packets to a rate, or to the pace of what they tell of."""

from __future__ import annotations

import time
from collections.abc import Callable

# A lateness that is made up for. What comes later is a stall (a suspended process, a
# full queue): after it the pace goes on, for a burst would be no live stream.
FORGIVEN_S = 0.25


class Pacer:
    """Says when the next packet is due, `rate_hz` a second; no rate means at once.

    Due times are counted from the first, so small delays do not add up.

    >>> from itertools import count
    >>> seconds = count()
    >>> pacer = Pacer(0.5, lambda: float(next(seconds)))
    >>> [pacer.wait_s(0.0) for _ in range(3)]
    [0.0, 1.0, 2.0]
    """

    def __init__(
        self, rate_hz: float | None, clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._interval_s = 1 / rate_hz if rate_hz else 0.0
        self._clock_s = clock_s
        self._first_s: float | None = None
        self._packets = 0

    def wait_s(self, _event_s: float) -> float:
        """How long to wait before the next packet, which is then taken as sent."""
        if not self._interval_s:
            return 0.0
        now_s = self._clock_s()
        if self._first_s is None:
            self._first_s = now_s
        due_s = self._first_s + self._packets * self._interval_s
        if now_s - due_s > FORGIVEN_S:
            self._first_s, self._packets, due_s = now_s, 0, now_s
        self._packets += 1
        return max(0.0, due_s - now_s)


class EventPacer:
    """Says when the next packet is due by its event time, `speed` times as fast.

    >>> from itertools import count
    >>> seconds = count()
    >>> pacer = EventPacer(0.5, lambda: float(next(seconds)))
    >>> [pacer.wait_s(event_s) for event_s in (100.0, 101.0, 103.0)]
    [0.0, 1.0, 4.0]
    """

    def __init__(
        self, speed: float, clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._speed = speed
        self._clock_s = clock_s
        self._started: tuple[float, float] | None = None

    def wait_s(self, event_s: float) -> float:
        """How long to wait before a packet of that event time."""
        now_s = self._clock_s()
        if self._started is None:
            self._started = (now_s, event_s)
        first_s, first_event_s = self._started
        due_s = first_s + (event_s - first_event_s) / self._speed
        if now_s - due_s > FORGIVEN_S:
            self._started, due_s = (now_s, event_s), now_s
        return max(0.0, due_s - now_s)
