"""Prometheus metrics of a flow, in the default registry, which its page serves.

Parameters are not labels: there may be thousands. Spacecraft are, up to a bound, and so
are the keys of values that are at fault.
"""

from __future__ import annotations

from prometheus_client import REGISTRY, CollectorRegistry

from connectors.metrics.anomalies import AnomalyMetrics
from connectors.metrics.archive import ArchiveMetrics
from connectors.metrics.database import DatabaseMetrics
from connectors.metrics.instruments import Instruments
from connectors.metrics.judging import JudgingMetrics
from connectors.metrics.telemetry import TelemetryMetrics
from connectors.metrics.tracking import TrackingMetrics

__all__ = ["FlowMetrics"]


class FlowMetrics:
    """Everything one flow process measures of itself, by subject."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        make = Instruments(registry)
        self.telemetry = TelemetryMetrics(make)
        self.judging = JudgingMetrics(make)
        self.anomalies = AnomalyMetrics(make)
        self.tracking = TrackingMetrics(make)
        self.database = DatabaseMetrics(make)
        self.archive = ArchiveMetrics(make)
