"""Makes the counters, gauges and histograms of a registry, all named alike."""

from __future__ import annotations

from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.registry import Collector

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60)
COUNTS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 100_000)


class Instruments:
    """Names get the prefix of the project here, and counters their `_total`."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def counter(self, name: str, meaning: str, labels: Sequence[str] = ()) -> Counter:
        """What only goes up."""
        name = f"orbitwatch_{name}_total"
        return Counter(name, meaning, tuple(labels), registry=self._registry)

    def gauge(self, name: str, meaning: str, labels: Sequence[str] = ()) -> Gauge:
        """What goes up and down."""
        name = f"orbitwatch_{name}"
        return Gauge(name, meaning, tuple(labels), registry=self._registry)

    def histogram(self, name: str, meaning: str, buckets: Sequence[float]) -> Histogram:
        """How often what was how much."""
        name = f"orbitwatch_{name}"
        return Histogram(name, meaning, buckets=buckets, registry=self._registry)

    def collect(self, collector: Collector) -> None:
        """Has a collector asked at each scrape."""
        self._registry.register(collector)
