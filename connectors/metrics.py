"""Prometheus metrics of a flow, in the default registry, which Bytewax serves.

Parameters are not labels: there may be thousands. Spacecraft are, up to a bound.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable, Iterator
from itertools import groupby, product
from operator import attrgetter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from connectors.decode.refusals import REASONS
from connectors.messages.findings import Anomaly
from connectors.messages.samples import REPLAYED, Runs

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60)
COUNTS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 100_000)
# A producer gone wild may invent spacecraft; those beyond count as "other".
MOST_SPACECRAFT = 500

CHANGES = ("opened", "updated", "closed")
SEVERITIES = ("WATCH", "WARNING", "DISTRESS", "CRITICAL", "SEVERE")

_SPACECRAFT = attrgetter("spacecraft")
_NEVER_US = -(2**62)


class _EventTimeLag(Collector):
    """How old the newest sample of each spacecraft is, at the time of the scrape."""

    def __init__(self) -> None:
        self.newest_us: dict[str, int] = {}

    def collect(self) -> Iterator[Metric]:
        family = GaugeMetricFamily(
            "orbitwatch_telemetry_event_time_lag_seconds",
            "Age of the newest sample, by its generation time.",
            labels=["spacecraft"],
        )
        now_us = time.time() * 1e6
        for spacecraft, newest_us in sorted(self.newest_us.items()):
            if spacecraft.startswith(REPLAYED) or newest_us == _NEVER_US:
                continue
            family.add_metric([spacecraft], (now_us - newest_us) / 1e6)
        yield family


class FlowMetrics:
    """Everything one flow process measures of itself."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        def counter(name: str, meaning: str, labels: Iterable[str] = ()) -> Counter:
            name = f"orbitwatch_{name}_total"
            return Counter(name, meaning, tuple(labels), registry=registry)

        def histogram(name: str, meaning: str, buckets: Iterable[float]) -> Histogram:
            name = f"orbitwatch_{name}"
            return Histogram(name, meaning, buckets=tuple(buckets), registry=registry)

        self._samples = counter(
            "telemetry_samples", "Samples read.", labels=["spacecraft"]
        )
        self.late = counter(
            "telemetry_late_samples",
            "Samples not newer than one seen before: judged by limits only.",
        )
        self.watched = Gauge(
            "orbitwatch_parameters_watched",
            "Parameters that are watched.",
            registry=registry,
        )
        self.unwatched = counter(
            "telemetry_unwatched_samples",
            "Samples of parameters beyond the number that is watched: judged by limits "
            "only.",
        )
        self.not_tracked = counter(
            "not_tracked_samples",
            "Samples that a tracker could not use.",
            labels=["reason"],
        )
        self.elements_age = Gauge(
            "orbitwatch_orbital_elements_age_seconds",
            "From the epoch of a satellite's orbital elements to its newest position.",
            ("spacecraft",),
            registry=registry,
        )
        self._dead_letters = counter(
            "telemetry_dead_letter", "Messages refused.", labels=["reason"]
        )
        self._anomalies = counter(
            "anomalies", "Anomalies, by what happened.", labels=["change", "severity"]
        )
        self._open = Gauge(
            "orbitwatch_anomalies_open",
            "Anomalies in progress, by their severity so far (of parameters that were "
            "heard since the start).",
            ("severity",),
            registry=registry,
        )
        self._severity_of: dict[str, str] = {}
        self._drifts = counter(
            "drifts", "Times that the data of a parameter changed.", labels=["detector"]
        )
        self.offset_lag = Gauge(
            "orbitwatch_telemetry_offset_lag_messages",
            "Messages of a partition that are not read yet.",
            ("topic", "partition"),
            registry=registry,
        )
        self.poll_messages = histogram(
            "telemetry_poll_messages", "Messages in a poll.", COUNTS
        )
        self.poll_samples = histogram(
            "telemetry_poll_samples", "Samples in a poll.", COUNTS
        )
        self.latency = histogram(
            "telemetry_latency_seconds",
            "From Kafka's timestamp of a poll's oldest message to the committed rows.",
            SECONDS,
        )
        self.database_write = histogram(
            "database_write_seconds", "Duration of a transaction.", SECONDS
        )
        self.database_samples = counter(
            "database_samples", "Samples stored (new rows)."
        )
        self.database_repeated = counter(
            "database_repeated_samples",
            "Samples that were stored before, such as retransmissions.",
        )
        self.database_contradicted = counter(
            "database_contradicted_samples",
            "Samples repeated with another value; the first value stays.",
        )
        self.archive_samples = counter("archive_samples", "Samples archived.")
        self.archive_files = counter("archive_files", "Files added to the archive.")
        self.archive_write = histogram(
            "archive_write_seconds", "Duration of a commit to the archive.", SECONDS
        )
        self.database_retries = counter(
            "database_retries", "Transactions tried again after a failure."
        )
        self.database_failures = counter(
            "database_failures", "Transactions that failed, each time they were tried."
        )
        self._registry = registry
        self._lag = _EventTimeLag()
        registry.register(self._lag)
        # From 0 on: an increase from nothing to 1 is none to Prometheus.
        for change, severity in product(CHANGES, SEVERITIES):
            self._anomalies.labels(change, severity)
        for severity in SEVERITIES:
            self._open.labels(severity)
        for reason in REASONS:
            self._dead_letters.labels(reason)

    def read(self, messages: int, batches: Iterable[Runs]) -> None:
        """Counts a poll: its messages, and its samples by spacecraft."""
        samples = 0
        for batch in batches:
            samples += len(batch)
            begin = 0
            for spacecraft, names in groupby(batch.names, _SPACECRAFT):
                end = begin + sum(1 for _ in names)
                rows = slice(*batch.starts[[begin, end]].tolist())
                self._read(spacecraft, batch.times_us[rows])
                begin = end
        self.poll_messages.observe(messages)
        self.poll_samples.observe(samples)

    def _read(self, spacecraft: str, times_us: NDArray[np.int64]) -> None:
        self._heard(spacecraft, int(times_us.max())).inc(len(times_us))

    def heard_before(self, spacecraft: str, newest_us: int) -> None:
        """Takes in a spacecraft of before a restart: its silence is to be noticed."""
        self._heard(spacecraft, newest_us)

    def _heard(self, spacecraft: str, newest_us: int) -> Counter:
        """Notes how new what was heard is; returns where samples are counted."""
        spacecraft = self._label(spacecraft)
        known_us = self._lag.newest_us[spacecraft]
        self._lag.newest_us[spacecraft] = max(newest_us, known_us)
        return self._samples.labels(spacecraft)

    def refused(self, reason: str) -> None:
        """Counts a dead letter."""
        self._dead_letters.labels(reason).inc()

    def anomaly(self, anomaly: Anomaly) -> None:
        """Counts a change of an anomaly, unless it is one of the past."""
        if anomaly.name.is_replayed:
            return
        self._anomalies.labels(anomaly.change, anomaly.severity).inc()
        if anomaly.change == "closed":
            self._ended(anomaly.id)
        else:
            self.in_progress(anomaly.id, anomaly.severity)

    def in_progress(self, anomaly_id: str, severity: str) -> None:
        """Takes an anomaly for open: one that was told, or goes on after a restart."""
        self._ended(anomaly_id)
        self._severity_of[anomaly_id] = severity
        self._open.labels(severity).inc()

    def _ended(self, anomaly_id: str) -> None:
        severity = self._severity_of.pop(anomaly_id, None)
        if severity is not None:
            self._open.labels(severity).dec()

    def drift(self, detector: str) -> None:
        """Counts a drift."""
        self._drifts.labels(detector).inc()

    def archive_disk(self, folder: Path) -> None:
        """Tells from now on how full the disk is that holds the archive's `folder`."""
        free = Gauge(
            "orbitwatch_archive_disk_free_bytes",
            "Free space on the archive's disk.",
            registry=self._registry,
        )
        size = Gauge(
            "orbitwatch_archive_disk_size_bytes",
            "Size of the archive's disk.",
            registry=self._registry,
        )
        free.set_function(lambda: shutil.disk_usage(folder).free)
        size.set_function(lambda: shutil.disk_usage(folder).total)

    def _label(self, spacecraft: str) -> str:
        known = self._lag.newest_us
        if spacecraft not in known:
            if len(known) >= MOST_SPACECRAFT:
                spacecraft = "other"
            known.setdefault(spacecraft, _NEVER_US)
        return spacecraft
