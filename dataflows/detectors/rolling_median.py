"""How far a sample lies from the median of the last samples, which outliers spare."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from dataflows.detectors.array_detector import Arrays, Run
from dataflows.detectors.distance_detector import DistanceDetector
from dataflows.detectors.rolling_median_kernel import COUNT, RATIOS, run
from dataflows.detectors.setting_rules import Flag, Number, Rules, Whole
from dataflows.state.arrays import Floats

__all__ = ["RollingMedian"]


class RollingMedian(DistanceDetector):
    """Distance from the median of a trailing window, over the median distance (MAD).

    The score is the smallest of the last `persistence_samples` distances over
    `threshold`. Distances are in median distances times 1.4826, which for normally
    distributed samples is the standard deviation, but not less than the floor.

    Args:
        window_samples: length of the window; median and MAD of it are exact.
        threshold: deviations at which a lasting excursion scores 1.
        persistence_samples: consecutive samples that must all be beyond it.
        warm_up_samples: samples learnt before the first score.
        range_floor: least deviation, as a share of the range of all samples (which is
            forgotten slowly, over some 12000 samples). Another 1e-9 of the level keeps
            rounding errors on a constant quiet.
        learn_anomalies: whether samples that score 1 or more enter the window.
        readapt_after_samples: if not, how many in a row before they do all the same.

    >>> detector = RollingMedian(warm_up_samples=4, persistence_samples=1)
    >>> values = np.array([2.0, 2.2, 1.9, 1.9, 2.1, 9.0])
    >>> detector.update(np.arange(6), values).round(2).tolist()
    [0.0, 0.0, 0.0, 0.0, 0.4, 9.44]
    >>> detector.explain(5).text
    '9 is 47.2 deviations above the median of the last 5 samples (2).'
    """

    name = "rolling_median"
    spread_name = "deviations"
    centre_name = "median of the last {count:.0f} samples"
    rules: ClassVar[Rules] = {
        "window_samples": Whole(2, 4000),
        "threshold": Number(0.1, 1e6),
        "persistence_samples": Whole(1, 100),
        "warm_up_samples": Whole(2, 4000),
        "range_floor": Number(0.0, 1.0),
        "learn_anomalies": Flag(),
        "readapt_after_samples": Whole(0, 1_000_000),
    }

    def __init__(
        self,
        *,
        window_samples: int = 251,
        threshold: float = 5.0,
        persistence_samples: int = 5,
        warm_up_samples: int = 100,
        range_floor: float = 0.02,
        learn_anomalies: bool = True,
        readapt_after_samples: int = 500,
    ) -> None:
        """Store the settings and start with an empty window."""
        self.window_samples = window_samples
        self.threshold = threshold
        self.persistence_samples = persistence_samples
        self.warm_up_samples = warm_up_samples
        self.range_floor = range_floor
        self.learn_anomalies = learn_anomalies
        self.readapt_after_samples = readapt_after_samples
        self._check()
        if warm_up_samples > window_samples:
            raise ValueError(f"{self.name}.warm_up_samples is more than window_samples")
        self._numbers = np.array([getattr(self, key) for key in self.rules], np.float64)
        ring, ordered = np.zeros(window_samples), np.zeros(window_samples)
        state = np.zeros(RATIOS + persistence_samples)
        self._start((state, ring, ordered), (state.dtype, ring.dtype))

    def _run(self, samples: Run, arrays: Arrays) -> Floats:
        bands = np.empty((4, len(samples.values)))
        state, ring, ordered = arrays
        run(samples.values, self._numbers, state, ring, ordered, bands)
        return bands

    def restore(self, data: bytes) -> None:
        """Continue from a snapshot taken with the same settings."""
        super().restore(data)
        state, ring, ordered = self._arrays
        count = int(state[COUNT])
        ordered[:count] = np.sort(ring[:count])
