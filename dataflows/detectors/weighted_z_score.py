"""How many standard deviations a sample lies from a mean that slowly forgets."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from dataflows.detectors import Floats
from dataflows.detectors.array_detector import Arrays, Run
from dataflows.detectors.compiled import (
    ARRAY,
    FLOAT,
    INT,
    NOTHING,
    TABLE,
    VALUES,
    compiled,
)
from dataflows.detectors.distance_detector import DistanceDetector
from dataflows.detectors.settings import Flag, Number, Rules, Whole

__all__ = ["WeightedZScore"]

COUNT, WEIGHT, MEAN, VARIANCE, LOW, HIGH, RUN, TURN = range(8)
RATIOS = 8  # where the last ratios start in the state

# The order of the settings in the detector's table of rules.
TAU, THRESHOLD, PERSISTENCE, WARM_UP, FLOOR, LEARNS, READAPT, FADING = range(8)

LARGEST = 1e150
DUST = 1e-9  # of the level: what rounding and calibration leave on a constant
SMALLEST = 1e-12
LEAK = 1 / 12000.0  # a sample, of half the range


@compiled(NOTHING(ARRAY, FLOAT, FLOAT), allocates=False)
def learn(state: Floats, fading: float, value: float) -> None:
    """Take a value into the mean and the variance, with weights that sum to 1.

    Finch, "Incremental calculation of weighted mean and variance", 2009. The mean of
    squares less the square of the mean is the same, but cancels on a big offset.
    """
    if state[COUNT] == 0:
        state[LOW] = state[HIGH] = value
    state[COUNT] += 1
    state[WEIGHT] = (1 - fading) * state[WEIGHT] + fading
    share = fading / state[WEIGHT]
    from_mean = value - state[MEAN]
    state[MEAN] += share * from_mean
    state[VARIANCE] = (1 - share) * (state[VARIANCE] + share * from_mean * from_mean)
    leak = LEAK * 0.5 * (state[HIGH] - state[LOW])
    state[LOW] = min(value, state[LOW] + leak)
    state[HIGH] = max(value, state[HIGH] - leak)


@compiled(FLOAT(ARRAY, FLOAT, FLOAT), allocates=False)
def lasting(state: Floats, ratio: float, persistence: float) -> float:
    """Remember a ratio, and return the smallest of the last ones."""
    turn = int(state[TURN])
    state[RATIOS + turn] = ratio
    state[TURN] = turn + 1 if turn + 1 < int(persistence) else 0
    for k in range(int(persistence)):
        ratio = min(ratio, state[RATIOS + k])
    return ratio


@compiled(NOTHING(ARRAY, ARRAY, FLOAT, TABLE, INT), allocates=False)
def score(state: Floats, settings: Floats, value: float, out: Floats, i: int) -> None:
    """Write score, mean, deviation and number of samples of one sample."""
    mean = state[MEAN]
    floor = DUST * abs(mean) + settings[FLOOR] * (state[HIGH] - state[LOW])
    deviation = max(math.sqrt(state[VARIANCE]), floor, SMALLEST)
    ratio = 0.0
    if state[COUNT] >= settings[WARM_UP]:
        ratio = abs(value - mean) / deviation / settings[THRESHOLD]
    out[0, i] = lasting(state, ratio, settings[PERSISTENCE])
    out[1, i] = mean
    out[2, i] = deviation
    out[3, i] = state[COUNT]


@compiled(NOTHING(VALUES, ARRAY, ARRAY, TABLE), allocates=False)
def run(values: Floats, settings: Floats, state: Floats, out: Floats) -> None:
    """Score, then learn, each value."""
    for i in range(values.size):
        value = values[i]
        if not math.isfinite(value):
            out[:, i] = np.nan
            continue
        value = min(max(value, -LARGEST), LARGEST)
        score(state, settings, value, out, i)
        state[RUN] = state[RUN] + 1 if out[0, i] >= 1 else 0.0
        if state[RUN] == 0 or settings[LEARNS] or state[RUN] > settings[READAPT]:
            learn(state, settings[FADING], value)


class WeightedZScore(DistanceDetector):
    """Z-score over all samples, of which older ones weigh exponentially less.

    The score is the smallest of the last `persistence_samples` distances over
    `threshold`. Distances are in standard deviations, but not less than the floor.
    Mean and variance are those of River's EWMean and EWVar once the first sample has
    faded; before, weights are scaled to sum to 1, where River's first sample has nearly
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
