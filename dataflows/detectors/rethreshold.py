"""Gives a detector another threshold, one that learns from the detector's scores."""

from __future__ import annotations

import struct
from dataclasses import replace

import numpy as np

from dataflows.detectors import Context, Detector, Explanation, Floats, Times
from dataflows.detectors.peaks_over_threshold import PeaksOverThreshold
from dataflows.detectors.snapshot import SnapshotError, label, pack, unpack
from dataflows.detectors.tracked_quantile import TrackedQuantile

__all__ = ["Rethreshold"]

_SKIPPED = struct.Struct("<q")


class Rethreshold:
    """Hands a detector's scores to a threshold, whose scores are those of both.

    Args:
        detector: whose scores grow with how odd a sample is.
        threshold: what turns them into scores that are 1 at the threshold.
        skip_samples: samples whose scores the threshold does not see: those with which
            the detector warms up, which score 0.

    >>> from dataflows.detectors.half_space_trees import HalfSpaceTrees
    >>> trees = HalfSpaceTrees(window_samples=50, quantile=None)
    >>> detector = Rethreshold(trees, TrackedQuantile(warm_up_samples=200), 100)
    >>> scores = detector.update(np.arange(400), np.arange(400) % 7.0)
    >>> detector.update(np.array([400]), np.array([9.5])).round(0).tolist()
    [42.0]
    >>> detector.name
    'half_space_trees over tracked_quantile'
    """

    def __init__(
        self,
        detector: Detector,
        threshold: TrackedQuantile | PeaksOverThreshold,
        skip_samples: int = 1000,
    ) -> None:
        """Store the parts; ValueError for a threshold that small scores would cross."""
        if isinstance(threshold, PeaksOverThreshold) and threshold.two_sided:
            raise ValueError("a score needs peaks_over_threshold.two_sided: false")
        self.name = f"{detector.name} over {threshold.name}"
        self.detector = detector
        self.threshold = threshold
        self.skip_samples = skip_samples
        self._skipped = 0
        self._label = label(self.name, 1, {"skip_samples": skip_samples})

    def score_one(self, value: float) -> float:
        """Return the score that `value` would get as the next sample."""
        score = self.detector.score_one(value)
        if self._skipped < self.skip_samples:
            return score * 0.0  # NaN stays NaN
        return self.threshold.score_one(score)

    def learn_one(self, value: float) -> None:
        """Take `value` as the next sample."""
        score = self.detector.score_one(value)
        self.detector.learn_one(value)
        self._judge(np.zeros(1, np.int64), np.array([score]))

    def begin_epoch(self) -> None:
        """Take what follows for another epoch, in which other values may be normal."""
        self.detector.begin_epoch()
        self.threshold.begin_epoch()

    def update(
        self, times_us: Times, values: Floats, context: Context | None = None
    ) -> Floats:
        """Return the scores of the next samples, each learnt after it was scored."""
        return self._judge(times_us, self.detector.update(times_us, values, context))

    def _judge(self, times_us: Times, scores: Floats) -> Floats:
        known = np.isfinite(scores)
        # What the threshold does not see it takes for a value that was not acquired.
        early = known & (self._skipped + np.cumsum(known) <= self.skip_samples)
        self._skipped += int(early.sum())
        found = self.threshold.update(times_us, np.where(early, np.nan, scores))
        return np.where(early, 0.0, found)

    def explain(self, index: int) -> Explanation:
        """Return why sample `index` of the last `update` got its score."""
        why, threshold = self.detector.explain(index), self.threshold.explain(index)
        if not np.isfinite(why.observed) or not np.isfinite(threshold.observed):
            return replace(why, detector=self.name)
        text = f"{why.text} As a score, {threshold.text}"
        return replace(
            why, detector=self.name, text=text, threshold=threshold.threshold
        )

    def forget_batch(self) -> None:
        """Let go of the last `update`, which nobody will ask about any more."""
        self.detector.forget_batch()
        self.threshold.forget_batch()

    def snapshot(self) -> bytes:
        """Return the learnt state."""
        parts = [self.detector.snapshot(), self.threshold.snapshot()]
        return pack(self._label, [_SKIPPED.pack(self._skipped), *parts])

    def restore(self, data: bytes) -> None:
        """Continue from a snapshot taken with the same parts and settings."""
        parts = unpack(data, self._label)
        before = self.detector.snapshot()
        try:
            skipped, detector, threshold = parts
            self.detector.restore(detector)
            self.threshold.restore(threshold)
        except ValueError as error:  # a SnapshotError too
            self.detector.restore(before)
            raise SnapshotError(str(error)) from error
        (self._skipped,) = _SKIPPED.unpack(skipped)
