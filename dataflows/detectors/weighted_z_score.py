"""How many standard deviations a sample lies from a mean that slowly forgets."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from dataflows.detectors.array_detector import Arrays, Run
from dataflows.detectors.distance_detector import DistanceDetector
from dataflows.detectors.setting_rules import Flag, Number, Rules, Whole
from dataflows.detectors.weighted_z_score_kernel import RATIOS, run
from dataflows.state.arrays import Floats

__all__ = ["WeightedZScore"]


class WeightedZScore(DistanceDetector):
    """Z-score over all samples, of which older ones weigh exponentially less.

    The score is the smallest of the last `persistence_samples` distances over
    `threshold`. Distances are in standard deviations, but not less than the floor.
    Mean and variance are those of River's EWMean and EWVar once the first sample has
    faded. Before, weights are scaled to sum to 1, where River's first sample has nearly
    all weight.

    Args:
        tau_samples: age at which a sample weighs 1/e of a new one (half: 0.69 of it).
        threshold: standard deviations at which a lasting excursion scores 1.
        persistence_samples: consecutive samples that must all be beyond it.
        warm_up_samples: samples learnt before the first score.
        range_floor: least standard deviation, as a share of the range of all samples
            (which is forgotten slowly, over some 12000 samples). Another 1e-9 of the
            level keeps rounding errors on a constant quiet.
        learn_anomalies: whether samples that score 1 or more are learnt.
        readapt_after_samples: if not, how many in a row before they are all the same.

    >>> detector = WeightedZScore(warm_up_samples=4, persistence_samples=1)
    >>> values = np.array([2.0, 2.2, 1.9, 1.9, 2.1, 9.0])
    >>> detector.update(np.arange(6), values).round(2).tolist()
    [0.0, 0.0, 0.0, 0.0, 0.2, 14.96]
    >>> detector.explain(5).text
    '9 is 59.9 standard deviations above the fading mean (2.01998).'
    """

    name = "weighted_z_score"
    centre_name = "fading mean"
    rules: ClassVar[Rules] = {
        "tau_samples": Number(1.0, 1e9),
        "threshold": Number(0.1, 1e6),
        "persistence_samples": Whole(1, 100),
        "warm_up_samples": Whole(2, 1_000_000),
        "range_floor": Number(0.0, 1.0),
        "learn_anomalies": Flag(),
        "readapt_after_samples": Whole(0, 1_000_000),
    }

    def __init__(
        self,
        *,
        tau_samples: float = 1000.0,
        threshold: float = 4.0,
        persistence_samples: int = 3,
        warm_up_samples: int = 100,
        range_floor: float = 0.02,
        learn_anomalies: bool = True,
        readapt_after_samples: int = 500,
    ) -> None:
        """Store the settings and start with nothing learnt."""
        self.tau_samples = tau_samples
        self.threshold = threshold
        self.persistence_samples = persistence_samples
        self.warm_up_samples = warm_up_samples
        self.range_floor = range_floor
        self.learn_anomalies = learn_anomalies
        self.readapt_after_samples = readapt_after_samples
        self._check()
        settings = [getattr(self, key) for key in self.rules]
        # What EWMean calls its fading factor; by expm1, or a long tau loses digits.
        fading = -math.expm1(-1 / self.tau_samples)
        self._numbers = np.array([*settings, fading], np.float64)
        self._start((np.zeros(RATIOS + persistence_samples),))

    def _run(self, samples: Run, arrays: Arrays) -> Floats:
        bands = np.empty((4, len(samples.values)))
        run(samples.values, self._numbers, arrays[0], bands)
        return bands
