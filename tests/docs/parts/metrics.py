"""Every metric of a flow, as its own registry tells them."""

from __future__ import annotations

from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.metrics import MetricWrapperBase

from connectors.metrics import FlowMetrics
from tests.docs.parts.tables import table


def metric_names() -> list[str]:
    """What the metrics are called when they are asked for."""
    return [name for name, *_ in _metrics()]


def metrics_table() -> str:
    """The metrics by name."""
    return table(
        ("metric", "type", "labels", "meaning"),
        (
            (f"`{name}`", kind, ", ".join(f"`{label}`" for label in labels), meaning)
            for name, kind, labels, meaning in _metrics()
        ),
    )


def _metrics() -> list[tuple[str, str, tuple[str, ...], str]]:
    registry = CollectorRegistry()
    metrics = FlowMetrics(registry)
    metrics.archive.disk(Path("/"))
    # Some tell of their labels only when they have a value.
    metrics.telemetry.heard_before("ISS", 0)
    found = []
    for collector in registry._collector_to_names:
        for family in collector.collect():
            labels: tuple[str, ...] = ()
            if isinstance(collector, MetricWrapperBase):
                labels = collector._labelnames
            elif family.samples:
                labels = tuple(family.samples[0].labels)
            total = "_total" if family.type == "counter" else ""
            name = f"{family.name}{total}"
            found.append((name, family.type, labels, family.documentation))
    return sorted(found)
