"""How many vehicles a process tracks: a producer gone wild may invent names."""

from __future__ import annotations

import logging

from connectors.metrics import FlowMetrics
from connectors.settings import MOST_PARAMETERS, variable

_log = logging.getLogger("orbitwatch.track")


class MostTracked:
    """Counts what all shards of a process track, and says when that is enough.

    There may be as many vehicles as parameters: a tracker takes less memory than what
    watches a parameter. Which are the last to be tracked depends on how polls were cut;
    below the bound nothing does.
    """

    def __init__(
        self, metrics: FlowMetrics, most_parameters: int = MOST_PARAMETERS
    ) -> None:
        self._most, self._metrics = most_parameters, metrics
        self._tracked = 0
        self._is_told = False

    def is_left(self) -> bool:
        """Whether one more vehicle may be tracked."""
        return self._tracked < self._most

    def take(self) -> None:
        """Counts a vehicle that is tracked from now on."""
        self._tracked += 1

    def refuse(self, vehicle: str, samples: int) -> None:
        """Counts samples of a vehicle too many; the log has the first."""
        self._metrics.tracking.not_tracked.labels("too_many").inc(samples)
        if not self._is_told:
            self._is_told = True
            _log.warning(
                "%d vehicles are tracked, the most that %s allows: new ones, from %s "
                "on, are stored but not tracked",
                self._tracked,
                variable("most_parameters"),
                vehicle,
            )
