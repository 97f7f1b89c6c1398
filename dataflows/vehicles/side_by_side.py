"""The parameters of a vehicle side by side: what was told at once stands in one place.

Packets are decoded into runs, one of each parameter; a tracker wants all of an instant.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from connectors.messages.samples import Runs, Situation
from dataflows.state.arrays import Floats, Times
from dataflows.state.arrival_clock import epoch_code

Rows = slice | NDArray[np.int64]


class SideBySide:
    """The samples of a batch, to be asked for vehicle by vehicle."""

    def __init__(self, samples: Runs) -> None:
        messages = samples.messages
        if messages is None:
            # The first of a parameter came with the first of any other.
            messages = np.arange(len(samples)) - np.repeat(
                samples.starts[:-1], np.diff(samples.starts)
            )
        self._samples = samples
        # Most runs are short: lists of them are compared in a tenth of the time.
        self._starts = samples.starts.tolist()
        self._times_us, self._of = samples.times_us.tolist(), messages.tolist()

    def columns(self, places: Sequence[int | None]) -> tuple[Times, Floats]:
        """The times and values of the runs at `places`, in order of arrival.

        Shapes n and (len(places) + 1, n). The values of a message and an instant stand
        in one row, NaN where there is none, and where the place is None. The last
        column has the codes of epochs, NaN where none is told.
        """
        runs = [
            (column, place, slice(*self._starts[place : place + 2]))
            for column, place in enumerate(places)
            if place is not None
        ]
        times_us, rows = self._rows([run for _, _, run in runs])
        columns = np.full((len(places) + 1, len(times_us)), np.nan)
        for (column, place, run), where in zip(runs, rows, strict=True):
            columns[column, where] = self._samples.values[run]
            situation = self._samples.situations.get(place)
            if situation and situation.epochs:
                codes = _codes(situation, run.stop - run.start)
                columns[-1, where] = np.fmax(columns[-1, where], codes)
        return times_us, columns

    def _rows(self, runs: Sequence[slice]) -> tuple[Times, Sequence[Rows]]:
        """The times of the rows, and where the samples of each run go."""
        first = runs[0]
        times_us, of = self._times_us[first], self._of[first]
        for run in runs[1:]:
            if self._times_us[run] != times_us or self._of[run] != of:
                return self._merged(runs)
        return self._samples.times_us[first], [slice(None)] * len(runs)

    def _merged(self, runs: Sequence[slice]) -> tuple[Times, Sequence[Rows]]:
        times_us, of, turns, newest_us, places = np.hstack(
            [_arrivals(self._times_us[run], self._of[run]) for run in runs]
        )
        # Within a message, the second sample of an instant goes with the second others.
        keys = np.array([of, turns, times_us])
        instants, where = np.unique(keys, axis=1, return_inverse=True)
        # A message gives the same whatever was polled with it: in its order of arrival.
        arrived = np.lexsort((times_us, places, newest_us, of))
        _, first = np.unique(where.ravel()[arrived], return_index=True)
        order = np.argsort(first)
        where = np.argsort(order)[where.ravel()]
        ends = np.cumsum([run.stop - run.start for run in runs])
        return instants[2][order], np.split(where, ends[:-1])


def _arrivals(times_us: Sequence[int], messages: Sequence[int]) -> NDArray[np.int64]:
    """The samples of a run and how each stands in its message, shape (5, n).

    Its time and its message; how many of the same instant came before it, the newest
    time up to it, and how many of any instant came before it.
    """
    seen: dict[int, int] = {}
    message, newest_us, place = -1, 0, 0
    found = []
    for time_us, of in zip(times_us, messages, strict=True):
        if of != message:
            seen, message, newest_us, place = {}, of, time_us, 0
        turn = seen.get(time_us, 0)
        seen[time_us] = turn + 1
        newest_us = max(newest_us, time_us)
        found.append((time_us, of, turn, newest_us, place))
        place += 1
    return np.array(found, np.int64).reshape(-1, 5).T


def _codes(situation: Situation, samples: int) -> Floats:
    """The code of the epoch of each sample of a run, NaN before any is told."""
    codes = np.full(samples, np.nan)
    for first, epoch in situation.epochs:
        codes[first:] = epoch_code(epoch)
    return codes
