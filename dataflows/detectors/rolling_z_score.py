"""How many standard deviations a sample lies from the mean of the last samples."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from dataflows.detectors.array_detector import Arrays, Run
from dataflows.detectors.distance_detector import DistanceDetector
from dataflows.detectors.rolling_z_score_kernel import RATIOS, run
from dataflows.detectors.setting_rules import Flag, Number, Rules, Whole
from dataflows.state.arrays import Floats

__all__ = ["RollingZScore"]


class RollingZScore(DistanceDetector):
    """Z-score over a trailing window, with persistence and a second limit for spikes.

    The score of a sample is the larger of two. One is the smallest of its last
    `persistence_samples` distances over `threshold`. The other, if its value was never
    seen, is its own distance over `spike_threshold`. Distances are in standard
    deviations of the window, but not less than the floors below.

    The defaults were measured on 41 SMAP and MSL channels, train and test part as one
    stream, the 750 samples after the change of part left out. They found 23 of 52
    labelled events, with 1 false alarm. Without the spike limit it was 19 and 1, with
    threshold 4 25 and 2, with anomalies kept out of the window 28 and 18. They were
    chosen on these channels, so expect somewhat less elsewhere.

    Args:
        window_samples: length of the window.
        threshold: standard deviations at which a lasting excursion scores 1.
        persistence_samples: consecutive samples that must all be beyond it.
        spike_threshold: standard deviations at which a single sample scores 1 if it
            also lies outside the range of all samples learnt (which is forgotten
            slowly, over some 12000 samples).
        warm_up_samples: samples learnt before the first score.
        range_floor: least standard deviation, as a share of that range. Another
            1e-9 of the level keeps rounding errors on a constant quiet.
        learn_anomalies: whether samples that score 1 or more enter the window.
        readapt_after_samples: if not, how many in a row before they do all the same.

    >>> detector = RollingZScore(warm_up_samples=4, persistence_samples=1)
    >>> values = np.array([2.0, 2.2, 1.9, 1.9, 2.1, 9.0])
    >>> detector.update(np.arange(6), values).round(2).tolist()
    [0.0, 0.0, 0.0, 0.0, 0.14, 10.71]
    >>> detector.explain(5).text
    '9 is 53.5 standard deviations above the mean of the last 5 samples (2.02).'
    """

    name = "rolling_z_score"
    centre_name = "mean of the last {count:.0f} samples"
    rules: ClassVar[Rules] = {
        "window_samples": Whole(2, 65535),
        "threshold": Number(0.1, 1e6),
        "persistence_samples": Whole(1, 100),
        "spike_threshold": Number(0.1, 1e6),
        "warm_up_samples": Whole(2, 65535),
        "range_floor": Number(0.0, 1.0),
        "learn_anomalies": Flag(),
        "readapt_after_samples": Whole(0, 1_000_000),
    }

    def __init__(
        self,
        *,
        window_samples: int = 1000,
        threshold: float = 5.0,
        persistence_samples: int = 5,
        spike_threshold: float = 10.0,
        warm_up_samples: int = 100,
        range_floor: float = 0.02,
        learn_anomalies: bool = True,
        readapt_after_samples: int = 500,
    ) -> None:
        """Store the settings and start with an empty window."""
        self.window_samples = window_samples
        self.threshold = threshold
        self.persistence_samples = persistence_samples
        self.spike_threshold = spike_threshold
        self.warm_up_samples = warm_up_samples
        self.range_floor = range_floor
        self.learn_anomalies = learn_anomalies
        self.readapt_after_samples = readapt_after_samples
        self._check()
        if warm_up_samples > window_samples:
            raise ValueError(f"{self.name}.warm_up_samples is more than window_samples")
        self._numbers = np.array([getattr(self, key) for key in self.rules], np.float64)
        self._start((np.zeros(RATIOS + persistence_samples + window_samples),))

    def _run(self, samples: Run, arrays: Arrays) -> Floats:
        bands = np.empty((4, len(samples.values)))
        run(samples.values, self._numbers, arrays[0], bands)
        return bands

    def _threshold_of(self, score: float, distance: float) -> float:
        # The score tells which of the two thresholds it was measured by.
        spike = distance / self.spike_threshold
        alone = score > 0 and abs(score - spike) < 1e-9 * spike
        return self.spike_threshold if alone else self.threshold
