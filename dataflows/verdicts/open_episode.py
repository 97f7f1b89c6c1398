"""An anomaly in progress, what is told of it, and its bytes."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from connectors.messages.findings import (
    AnomalyChange,
    ChangeKind,
    Explanation,
    Severity,
)
from dataflows.state.snapshot import SnapshotError

__all__ = ["OpenEpisode"]

MATERIAL = 1.5
"""By how much a peak must grow to be told: a growing anomaly must not flood."""

_BANDS = ("observed", "expected", "lower", "upper", "threshold")
_COUNTS = (
    "started_us",
    "last_us",
    "revision",
    "samples",
    "quiet",
    "worst",
    "severity",
    "told_severity",
)
_NUMBERS = struct.Struct("<8q7d")


@dataclass(slots=True)
class OpenEpisode:
    """The anomaly in progress, and what was last told of it.

    Args:
        started_us: time of its first sample, in microseconds since 1970 (UTC).
        last_us: time of its last anomalous sample.

    >>> episode = OpenEpisode(started_us=0, last_us=0)
    >>> episode.add(0, 0, 1.2, Severity.WATCH, lasting_samples=60)
    >>> episode.is_material()
    True
    """

    started_us: int
    last_us: int
    revision: int = 0
    samples: int = 0
    quiet: int = 0
    worst: int = 0
    severity: int = 0
    peak: float = 0.0
    told_severity: int = 0
    told_peak: float = 0.0
    worst_at: int | None = None  # in the current batch, until it is explained
    explanation: Explanation | None = None

    def add(
        self,
        index: int,
        time_us: int,
        score: float,
        severity: int,
        lasting_samples: int,
    ) -> None:
        """Take in anomalous sample `index` of the current batch.

        From `lasting_samples` on the anomaly is one step more severe than its worst
        sample, up to DISTRESS: how dangerous a value is, only people can set.
        """
        self.last_us = time_us
        self.quiet = 0
        self.samples += 1
        # A hard limit is not to be explained by what was odder, but less severe.
        if severity > self.worst or (severity == self.worst and score > self.peak):
            self.worst, self.worst_at = severity, index
        self.peak = max(self.peak, score)
        lasting = self.samples >= lasting_samples and self.worst < Severity.DISTRESS
        self.severity = self.worst + lasting

    def is_material(self) -> bool:
        """Return whether it got worse enough to be told."""
        worse = self.severity > self.told_severity
        return worse or self.peak >= MATERIAL * self.told_peak

    def settle(self, explain: Callable[[int], Explanation]) -> Explanation:
        """Explain the worst sample while its batch is at hand."""
        if self.explanation is None or self.worst_at is not None:
            self.explanation = explain(self.worst_at or 0)
            self.worst_at = None
        return self.explanation

    def told(
        self,
        kind: ChangeKind,
        explain: Callable[[int], Explanation],
    ) -> AnomalyChange:
        """Return its next revision."""
        explanation = self.settle(explain)
        self.revision += 1
        self.told_severity, self.told_peak = self.severity, self.peak
        return AnomalyChange(
            kind,
            self.revision,
            self.started_us,
            self.last_us if kind == "closed" else None,
            Severity(self.severity),
            self.peak,
            self.samples,
            explanation,
        )

    def parts(self) -> list[bytes]:
        """Return it as parts of a snapshot, after its batch."""
        assert self.explanation is not None  # noqa: S101 (settled with its batch)
        bands = [getattr(self.explanation, name) for name in _BANDS]
        counts = [getattr(self, name) for name in _COUNTS]
        # NaN stands for None: a peak that was acquired has no other NaN.
        floats = [math.nan if band is None else band for band in bands]
        numbers = _NUMBERS.pack(*counts, self.peak, self.told_peak, *floats)
        why = self.explanation
        scores = np.array([*why.contributions.values()], np.float64)
        names = "\n".join(why.contributions)
        texts = (why.detector, why.text, names)
        return [numbers, *(text.encode() for text in texts), scores.tobytes()]

    @classmethod
    def of_parts(cls, parts: list[bytes]) -> OpenEpisode:
        """Return the anomaly that a snapshot holds."""
        if len(parts) != 5 or len(parts[0]) != _NUMBERS.size:
            raise SnapshotError("the anomaly in the snapshot has another shape")
        numbers = _NUMBERS.unpack(parts[0])
        counts = dict(zip(_COUNTS, numbers[: len(_COUNTS)], strict=True))
        peak, told_peak, observed, *bands = numbers[len(_COUNTS) :]
        rest = [None if math.isnan(band) else band for band in bands]
        detector, text, names = (part.decode() for part in parts[1:4])
        scores = np.frombuffer(parts[4]).tolist()
        parts_of = dict(zip(names.split("\n") if names else (), scores, strict=True))
        explanation = Explanation(
            detector, observed, rest[0], rest[1], rest[2], rest[3], text, parts_of
        )
        return cls(**counts, peak=peak, told_peak=told_peak, explanation=explanation)
