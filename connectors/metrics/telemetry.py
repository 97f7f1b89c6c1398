"""What is read from Kafka, and how late."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray
from prometheus_client import Counter
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from connectors.decode.refusals import REASONS, Fault
from connectors.messages.samples import REPLAYED, Runs
from connectors.metrics.instruments import COUNTS, Instruments

# A producer gone wild may invent spacecraft; those beyond count as "other".
MOST_SPACECRAFT = 500
# Keys whose values are at fault; those beyond count as "other".
MOST_KEYS = 100

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


class TelemetryMetrics:
    """Polls, messages and samples, as they are read."""

    def __init__(self, make: Instruments) -> None:
        self.offset_lag = make.gauge(
            "telemetry_offset_lag_messages",
            "Messages of a partition that are not read yet.",
            ["topic", "partition"],
        )
        self.partitions_unread = make.gauge(
            "telemetry_partitions_unread",
            "Partitions of a topic that no process reads, where several share it.",
            ["topic"],
        )
        self._samples = make.counter(
            "telemetry_samples", "Samples read.", ["spacecraft"]
        )
        self._dead_letters = make.counter(
            "telemetry_dead_letter", "Messages refused.", ["reason"]
        )
        self._faults = make.counter(
            "telemetry_value_faults",
            "Values left out of packets that are used, or rounded, by key and reason.",
            ["key", "reason"],
        )
        self._keys: set[str] = set()
        self._poll_messages = make.histogram(
            "telemetry_poll_messages", "Messages in a poll.", COUNTS
        )
        self._poll_samples = make.histogram(
            "telemetry_poll_samples", "Samples in a poll.", COUNTS
        )
        self._lag = _EventTimeLag()
        make.collect(self._lag)
        # From 0 on: an increase from nothing to 1 is none to Prometheus.
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
        self._poll_messages.observe(messages)
        self._poll_samples.observe(samples)

    def _read(self, spacecraft: str, times_us: NDArray[np.int64]) -> None:
        self._heard(spacecraft, int(times_us.max())).inc(len(times_us))

    def heard_before(self, spacecraft: str, newest_us: int) -> None:
        """Takes in a spacecraft of before a restart: its silence is to be noticed."""
        self._heard(spacecraft, newest_us)

    def refused(self, reason: str) -> None:
        """Counts a dead letter."""
        self._dead_letters.labels(reason).inc()

    def fault(self, fault: Fault) -> None:
        """Counts values that are left out or rounded."""
        key = fault.key
        if key not in self._keys and len(self._keys) >= MOST_KEYS:
            key = "other"
        self._keys.add(key)
        self._faults.labels(key, fault.reason).inc(fault.values)

    def _heard(self, spacecraft: str, newest_us: int) -> Counter:
        """Notes how new what was heard is; returns where samples are counted."""
        spacecraft = self._label(spacecraft)
        known_us = self._lag.newest_us[spacecraft]
        self._lag.newest_us[spacecraft] = max(newest_us, known_us)
        return self._samples.labels(spacecraft)

    def _label(self, spacecraft: str) -> str:
        known = self._lag.newest_us
        if spacecraft not in known:
            if len(known) >= MOST_SPACECRAFT:
                spacecraft = "other"
            known.setdefault(spacecraft, _NEVER_US)
        return spacecraft
