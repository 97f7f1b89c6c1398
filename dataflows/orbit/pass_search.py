"""Looks for passes ahead of a satellite, by its elements, some hours at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from dataflows.orbit.passes import Foreseen
from dataflows.orbit.propagation import Ephemeris
from dataflows.orbit.view_kernel import AHEAD, FOUND, STEP_US, search
from dataflows.state.arrays import Floats

__all__ = ["PassSearch"]

HORIZON_US = 24 * 3_600_000_000
BEHIND_US = 30 * STEP_US
"""The search begins before now, so that a pass under way has its AOS."""
SHORTEST_STRETCH = 10
LONGEST_STRETCH = 120
"""Steps searched at once: more would hold up the positions that come meanwhile."""


class PassSearch:
    """Finds the passes of the next 24 hours, each once.

    A pass under way for more than half an hour when the search begins is left out.

    Args:
        ephemeris: where the satellite will be.
        names: of the stations.
        rows: the stations, as `view_kernel` describes them.
    """

    def __init__(
        self, ephemeris: Ephemeris, names: Sequence[str], rows: Floats
    ) -> None:
        self.next_us = 0
        self.ahead = np.full((len(names), AHEAD), np.nan)
        self._ephemeris, self._names, self._rows = ephemeris, names, rows

    def advance(self, now_us: int) -> Iterator[Foreseen]:
        """Yield passes whose end was found in the next stretch of time.

        After a silence longer than the horizon, the search begins anew.
        """
        if not self._names:
            return
        if self.next_us < now_us - BEHIND_US:
            self.next_us = (now_us - BEHIND_US) // STEP_US * STEP_US
            self.ahead.fill(np.nan)
        left = (now_us + HORIZON_US - self.next_us) // STEP_US
        if left >= SHORTEST_STRETCH:
            yield from self._stretch(min(left, LONGEST_STRETCH))

    def _stretch(self, steps: int) -> Iterator[Foreseen]:
        times_us = self.next_us + STEP_US * np.arange(steps + 2, dtype=np.int64)
        nodes = np.hstack(self._ephemeris.ecef(times_us))
        found = np.empty((len(self._names) * (steps + 1), FOUND))
        start_us = float(self.next_us)
        count = search(start_us, nodes, self._rows, self.ahead, found)
        self.next_us += steps * STEP_US
        for station, aos_us, peak, peak_us, los_us in found[:count].tolist():
            if aos_us == aos_us:  # else NaN: it began before the search
                yield Foreseen(
                    self._names[int(station)],
                    int(aos_us),
                    int(peak_us),
                    int(los_us),
                    peak,
                )
