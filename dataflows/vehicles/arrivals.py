"""What arrives of a vehicle, put in order of time for its tracker.

A tracker carries motion from one sample to the next: a wrong time would spoil all that
follows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple

import numpy as np

from dataflows.state.arrays import Floats, Times
from dataflows.state.arrival_clock import (
    BEFORE_ALL,
    EPOCH,
    NEWEST,
    arrival_clock,
    take,
)
from dataflows.state.snapshot import SnapshotError

FAR_STEPS = 10
"""A sample this many steps ahead waits for the next: the step is that before it."""

NEAR_US = 60_000_000
"""What is no later may be telemetry sent again, or a clock that soon catches up."""

REFUSED: Mapping[str, str] = {
    "late": "a later sample came before",
    "repeated": "a sample of this time came before",
    "ahead": "its time is far ahead of the sample before, and the next one is not",
}
"""Why a sample is not used, by the label of the metric."""

_OWN = 7
"""How many whole numbers a snapshot has: a clock, the step, and the one that waits."""


class Begins(Enum):
    """What begins with a run of samples."""

    NOTHING = 0
    EPOCH = 1
    ANEW = 2
    """The clock on board was set back: times are earlier than before."""


class Arrived(NamedTuple):
    """Samples in order of time: their columns, and what begins with the first."""

    begins: Begins
    times_us: Times
    columns: Floats


class Arrivals:
    """Lets the samples of one vehicle through in order of time.

    A sample that comes late is refused. One whose time is far ahead waits for the next
    sample: if that is later still, there was a gap, and both go on; if not, one clock
    was wrong for one sample, which is refused. So one wrong time costs no other sample,
    and a gap none at all. A clock that was ahead for longer counts as set back after as
    many late samples in order as for detectors, if they are late by over a minute.

    Args:
        columns: how many numbers come with a sample. A last one, beyond these, is the
            code of its epoch, NaN where none was told.

    >>> arrivals = Arrivals(1)
    >>> times_us = np.array([10, 20, 30, 900, 40, 50, 800, 810])
    >>> columns = np.array([np.arange(8.0), np.full(8, np.nan)])
    >>> (arrived,), refused = arrivals.sort(times_us, columns)
    >>> arrived.times_us.tolist(), refused
    ([10, 20, 30, 40, 50, 800, 810], Counter({'ahead': 1}))
    """

    def __init__(self, columns: int) -> None:
        self._clock = arrival_clock()
        self._step_us = 0
        self._waits = False
        self._waiting_us = 0
        self._waiting = np.full(columns + 1, np.nan)

    def sort(
        self, times_us: Times, columns: Floats
    ) -> tuple[list[Arrived], Counter[str]]:
        """What can go on of samples in order of arrival, and how many cannot, by why.

        `columns` has shape (columns + 1, n). Other cuts of them give the same.
        """
        if step_us := self._step_in_line(times_us.tolist(), columns[-1]):
            self._step_us = step_us
            take(self._clock, int(times_us[-1]))
            return [Arrived(Begins.NOTHING, times_us, columns[:-1])], Counter()
        # The one that waits, if any, stands in front.
        turn = _Turn(
            np.append(self._waiting_us, times_us).tolist(),
            np.column_stack([self._waiting, columns]),
            0 if self._waits else None,
        )
        for place in range(1, len(turn.times_us)):
            self._take(turn, place)
        self._waits = turn.waiting is not None
        if turn.waiting is not None:
            self._waiting_us = turn.times_us[turn.waiting]
            self._waiting = turn.columns[:, turn.waiting].copy()
        return turn.arrived(), turn.refused

    def _step_in_line(self, times_us: list[int], epochs: Floats) -> int:
        """The last step if nothing is to be asked of any sample, or else 0.

        In plain Python, as most vehicles send few samples at a time.
        """
        if self._waits or not times_us:
            return 0
        newest_us, step_us = int(self._clock[NEWEST]), self._step_us
        for time_us in times_us:
            most_us = FAR_STEPS * step_us
            newest_us, step_us = time_us, time_us - newest_us
            if not 0 < step_us <= most_us:
                return 0
        told = epochs[epochs == epochs]
        if len(told) and (told != self._clock[EPOCH]).any():
            return 0
        return step_us

    def _take(self, turn: _Turn, place: int) -> None:
        time_us, waiting = turn.times_us[place], turn.waiting
        if time_us <= self._clock[NEWEST]:
            self._take_late(turn, place)
        elif waiting is None:
            self._take_next(turn, place)
        elif time_us == turn.times_us[waiting]:
            turn.refused["repeated"] += 1
        elif time_us > turn.times_us[waiting]:
            turn.waiting = None
            self._accept(turn, waiting)
            self._accept(turn, place)
        else:
            turn.drop_waiting()
            self._take_next(turn, place)

    def _take_late(self, turn: _Turn, place: int) -> None:
        time_us = turn.times_us[place]
        late_us = int(self._clock[NEWEST]) - time_us
        if late_us <= NEAR_US or not take(self._clock, time_us):
            turn.refused["late" if late_us else "repeated"] += 1
            return
        turn.drop_waiting()
        self._step_us = 0
        self._enter(turn.epoch(place))
        turn.accept(place, Begins.ANEW)

    def _take_next(self, turn: _Turn, place: int) -> None:
        step_us = turn.times_us[place] - int(self._clock[NEWEST])
        if self._step_us and step_us > FAR_STEPS * self._step_us:
            turn.waiting = place
        else:
            self._accept(turn, place)

    def _accept(self, turn: _Turn, place: int) -> None:
        time_us, newest_us = turn.times_us[place], int(self._clock[NEWEST])
        first = newest_us == BEFORE_ALL
        take(self._clock, time_us)
        self._step_us = 0 if first else time_us - newest_us
        other = self._enter(turn.epoch(place)) and not first
        turn.accept(place, Begins.EPOCH if other else Begins.NOTHING)

    def _enter(self, epoch: float) -> bool:
        """Whether it is another epoch, which is the one from now on."""
        other = epoch == epoch and epoch != self._clock[EPOCH]
        if other:
            self._clock[EPOCH] = epoch
        return bool(other)

    def snapshot(self) -> bytes:
        """Everything that is known."""
        waiting = self._waits, self._waiting_us
        own = np.array([*self._clock.tolist(), self._step_us, *waiting], np.int64)
        return own.tobytes() + self._waiting.tobytes()

    def restore(self, data: bytes) -> None:
        """Goes on from a snapshot; raises SnapshotError if it is another's."""
        own, waiting = data[: _OWN * 8], data[_OWN * 8 :]
        if len(own) != _OWN * 8 or len(waiting) != self._waiting.nbytes:
            raise SnapshotError(f"arrivals in {len(data)} bytes")
        *clock, self._step_us, waits, self._waiting_us = np.frombuffer(
            own, np.int64
        ).tolist()
        self._clock[:], self._waits = clock, bool(waits)
        self._waiting = np.frombuffer(waiting).copy()


class _Turn:
    """Samples that are looked at one by one, and what becomes of them."""

    def __init__(
        self, times_us: list[int], columns: Floats, waiting: int | None
    ) -> None:
        self.times_us, self.columns, self.waiting = times_us, columns, waiting
        self.refused: Counter[str] = Counter()
        self._runs: list[tuple[Begins, list[int]]] = []

    def epoch(self, place: int) -> float:
        return float(self.columns[-1, place])

    def drop_waiting(self) -> None:
        if self.waiting is not None:
            self.refused["ahead"] += 1
            self.waiting = None

    def accept(self, place: int, begins: Begins) -> None:
        if begins != Begins.NOTHING or not self._runs:
            self._runs.append((begins, []))
        self._runs[-1][1].append(place)

    def arrived(self) -> list[Arrived]:
        times_us, columns = np.array(self.times_us, np.int64), self.columns[:-1]
        return [
            Arrived(begins, times_us[places], columns[:, places])
            for begins, places in self._runs
        ]
