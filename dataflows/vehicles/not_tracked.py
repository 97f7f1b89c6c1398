"""The samples of a vehicle that its tracker cannot use: counted, and told of once."""

from __future__ import annotations

import logging

from connectors.metrics import FlowMetrics

_log = logging.getLogger("orbitwatch.track")


class NotTracked:
    """Counts by reason; the log has the first of each, as thousands may follow."""

    def __init__(self, spacecraft: str, metrics: FlowMetrics) -> None:
        self._spacecraft, self._metrics = spacecraft, metrics
        self._told: set[str] = set()

    def count(self, reason: str, detail: str, samples: int = 1) -> None:
        """Counts samples; `detail` is for people."""
        self._metrics.tracking.not_tracked.labels(reason).inc(samples)
        if reason not in self._told:
            self._told.add(reason)
            _log.warning("%s: not tracked: %s", self._spacecraft, detail)
