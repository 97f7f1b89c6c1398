"""The compiled part of the fading z-score: weights, mean, variance and range."""

from __future__ import annotations

import math

import numpy as np

from dataflows.state.arrays import Floats
from dataflows.state.compiled import (
    ARRAY,
    FLOAT,
    INT,
    NOTHING,
    TABLE,
    VALUES,
    compiled,
)

__all__ = ["RATIOS", "run"]

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
