"""A threshold for any score: a quantile of what the score was so far."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from dataflows.detectors import Explanation, Floats
from dataflows.detectors.array_detector import ArrayDetector, Arrays, Run
from dataflows.detectors.half_space_trees_kernel import LEAST_SCORE, STATE, follow
from dataflows.detectors.settings import Number, Rules, Whole

__all__ = ["TrackedQuantile"]

BINS = 1024
"""From 1e-6 to 1e6 in steps of 2.7 %: how finely thresholds are known."""


class TrackedQuantile(ArrayDetector):
    """Takes values for scores of something else, and scores 1 at a quantile of them.

    It is the quantile that the half-space trees track, over values: counts in
    logarithmic bins, halved every 100000 samples. Values are told apart from 1e-6 to
    1e6; for large numbers only, since a score that is small is never an anomaly.

    Args:
        quantile: share of past values that an anomaly exceeds.
        least_threshold: the threshold is never below it.
        warm_up_samples: values learnt before the first score.

    >>> detector = TrackedQuantile(quantile=0.99, warm_up_samples=100)
    >>> scores = detector.update(np.arange(200), np.arange(200) % 100 / 100.0)
    >>> detector.update(np.arange(1), np.array([1.98])).round(1).tolist()
    [2.0]
    >>> detector.explain(0).text
    '1.98 is above 1, which a share of 0.99 of the past was not.'
    """

    name = "tracked_quantile"
    rules: ClassVar[Rules] = {
        "quantile": Number(0.5, 1.0),
        "least_threshold": Number(LEAST_SCORE, 1e6),
        "warm_up_samples": Whole(2, 1_000_000),
    }

    def __init__(
        self,
        *,
        quantile: float = 0.999,
        least_threshold: float = LEAST_SCORE,
        warm_up_samples: int = 1000,
    ) -> None:
        """Store the settings and start with nothing learnt."""
        self.quantile = quantile
        self.least_threshold = least_threshold
        self.warm_up_samples = warm_up_samples
        self._check()
        # To the trees' kernel a threshold is one less a normal mass.
        threshold = 1 - LEAST_SCORE / self.least_threshold
        self._numbers = np.array([warm_up_samples, threshold, quantile], np.float64)
        self._start((np.zeros(STATE), np.zeros(BINS, np.uint32)))

    def _run(self, samples: Run, arrays: Arrays) -> Floats:
        bands = np.empty((2, len(samples.values)))
        state, histogram = arrays
        follow(samples.values, self._numbers, state, histogram, bands)
        return bands

    def _explain(self, value: float, band: Floats) -> Explanation:
        threshold = float(band[1])
        if math.isinf(threshold):
            text = "Too few samples for a quantile so far, or none is rare."
            return Explanation(self.name, value, None, None, None, None, text)
        side = "above" if value > threshold else "not above"
        return Explanation(
            self.name,
            value,
            None,
            None,
            threshold,
            threshold,
            f"{value:.3g} is {side} {threshold:.3g}, which a share of "
            f"{self.quantile:g} of the past was not.",
        )
