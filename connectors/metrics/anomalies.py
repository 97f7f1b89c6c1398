"""Anomalies as they are told, and those in progress."""

from __future__ import annotations

from itertools import product
from typing import get_args

from connectors.messages.findings import Anomaly, ChangeKind, Severity
from connectors.metrics.instruments import Instruments

CHANGES: tuple[str, ...] = get_args(ChangeKind)
SEVERITIES = tuple(one.name for one in Severity if one > Severity.IN_LIMITS)


class AnomalyMetrics:
    """Changes by kind and severity, and how many are open."""

    def __init__(self, make: Instruments) -> None:
        self._told = make.counter(
            "anomalies", "Anomalies, by what happened.", ["change", "severity"]
        )
        self._open = make.gauge(
            "anomalies_open",
            "Anomalies in progress, by their severity so far (of parameters that were "
            "heard since the start).",
            ["severity"],
        )
        self._severity_of: dict[str, str] = {}
        # From 0 on: an increase from nothing to 1 is none to Prometheus.
        for change, severity in product(CHANGES, SEVERITIES):
            self._told.labels(change, severity)
        for severity in SEVERITIES:
            self._open.labels(severity)

    def told(self, anomaly: Anomaly) -> None:
        """Counts a change of an anomaly, unless it is one of the past."""
        if anomaly.name.is_replayed:
            return
        change, severity = anomaly.change, anomaly.change.severity.name
        self._told.labels(change.kind, severity).inc()
        if change.kind == "closed":
            self._ended(anomaly.id)
        else:
            self.in_progress(anomaly.id, severity)

    def in_progress(self, anomaly_id: str, severity: str) -> None:
        """Takes an anomaly for open: one that was told, or goes on after a restart."""
        self._ended(anomaly_id)
        self._severity_of[anomaly_id] = severity
        self._open.labels(severity).inc()

    def _ended(self, anomaly_id: str) -> None:
        severity = self._severity_of.pop(anomaly_id, None)
        if severity is not None:
            self._open.labels(severity).dec()
