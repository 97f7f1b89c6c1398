"""How many parameters a process watches: a producer gone wild may invent names."""

from __future__ import annotations

import logging

from connectors.messages import ParameterName
from connectors.metrics import FlowMetrics
from connectors.settings import MOST_PARAMETERS, variable

_log = logging.getLogger("orbitwatch.detect")


class Admission:
    """Counts what all shards of a process watch, and says when that is enough.

    Which parameters are the last to be watched depends on how polls were cut; below the
    bound nothing does.
    """

    def __init__(self, metrics: FlowMetrics, most: int = MOST_PARAMETERS) -> None:
        self._metrics, self._most = metrics, most
        self._watched = 0
        self._is_told = False

    def has_room_for(self, name: ParameterName) -> bool:
        """Whether one more may be watched; says so in the log when first it may not."""
        if self._watched < self._most:
            return True
        if not self._is_told:
            self._is_told = True
            _log.warning(
                "%d parameters are watched, the most that %s allows: new ones, from "
                "%s on, are stored and held against limits only unless described",
                self._watched,
                variable("most_parameters"),
                name,
            )
        return False

    def add(self) -> None:
        """Counts a parameter that is watched from now on."""
        self._watched += 1
        self._metrics.watched.set(self._watched)
