"""Holds packets to a rate, or to the times they were made at."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from connectors.messages import Packet

# A lateness that is made up for. What comes later is a stall (a suspended process, a
# full queue): after it the pace goes on, for a burst would be no live stream.
FORGIVEN_S = 0.25


class Pacer:
    """Says when the next packet is due, `rate_hz` a second; no rate means at once.

    Due times are counted from the first, so small delays do not add up.

    >>> from itertools import count
    >>> seconds = count()
    >>> pacer = Pacer(0.5, lambda: float(next(seconds)))
    >>> [pacer.wait_s() for _ in range(3)]
    [0.0, 1.0, 2.0]
    """

    def __init__(
        self, rate_hz: float | None, clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._interval_s = 1 / rate_hz if rate_hz else 0.0
        self._clock_s = clock_s
        self._first_s: float | None = None
        self._packets = 0

    def wait_s(self) -> float:
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
    """Says when the next packet is due: as its generation time says, `speed` times.

    At speed 1 packets come as they were made. The packets to be paced are read through
    `follow`. A stall moves all later due times, as with `Pacer`.
    """

    def __init__(
        self, speed: float, clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._speed, self._clock_s = speed, clock_s
        self._event_s = 0.0
        self._offset_s: float | None = None

    def follow(self, packets: Iterator[Packet]) -> Iterator[Packet]:
        """The same packets; `wait_s` is then about the one that was read last."""
        for packet in packets:
            self._event_s = packet.generation_time.timestamp() / self._speed
            yield packet

    def wait_s(self) -> float:
        """How long to wait before the packet, which is then taken as sent."""
        now_s = self._clock_s()
        if (
            self._offset_s is None
            or now_s - (self._offset_s + self._event_s) > FORGIVEN_S
        ):
            self._offset_s = now_s - self._event_s
        return max(0.0, self._offset_s + self._event_s - now_s)
