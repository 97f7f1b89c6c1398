"""How many parameters a process watches: a producer gone wild may invent names."""

from __future__ import annotations

import logging

from connectors.messages.samples import ParameterName
from connectors.metrics import FlowMetrics
from connectors.settings import MOST_PARAMETERS, variable

_log = logging.getLogger("orbitwatch.detect")


class MostWatched:
    """Counts what all shards of a process watch, and says when that is enough.

    What is replayed has as many seats of its own: it takes none of what is live.

    Which parameters are the last to be watched depends on how polls were cut; below the
    bound nothing does.
    """

    def __init__(self, metrics: FlowMetrics, most: int = MOST_PARAMETERS) -> None:
        self._metrics, self._most = metrics, most
        self._watched = {False: 0, True: 0}  # by whether they are replayed
        self._told: set[bool] = set()

    def has_room_for(self, name: ParameterName) -> bool:
        """Whether one more may be watched; says so in the log when first it may not."""
        kind = name.is_replayed
        if self._watched[kind] < self._most:
            return True
        if kind not in self._told:
            self._told.add(kind)
            _log.warning(
                "%d %sparameters are watched, the most that %s allows: new ones, from "
                "%s on, are stored and held against limits only unless described",
                self._watched[kind],
                "replayed " if kind else "",
                variable("most_parameters"),
                name,
            )
        return False

    def add(self, name: ParameterName) -> None:
        """Counts a parameter that is watched from now on."""
        self._watched[name.is_replayed] += 1
        self._metrics.judging.watched.set(sum(self._watched.values()))
