"""The compiled part of the rolling z-score: a ring of samples and sliding sums.

The state is one array: named scalars, then the last ratios (for persistence), then
the ring. Sums are taken about a shift near the mean, so that a small variance on a
big offset survives.
"""

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

__all__ = ["RATIOS", "learn", "run", "variance"]

COUNT, NEXT, SHIFT, SUM, SQUARES, PEAK, LOW, HIGH, RUN, TURN = range(10)
RATIOS = 10
"""Where the ratios start in the state."""

# The order of the settings in the detector's table of rules.
WINDOW, THRESHOLD, PERSISTENCE, SPIKE, WARM_UP, FLOOR, LEARNS, READAPT = range(8)

LARGEST = 1e150  # as in array_detector: a kernel's constants stand in its file
DUST = 1e-9  # of the level: what rounding and calibration leave on a constant
SMALLEST = 1e-12
LEAK = 1 / 12000.0  # a sample, of half the range
CANCELLED = 1e-4


@compiled(NOTHING(ARRAY, ARRAY), allocates=False)
def sum_again(state: Floats, ring: Floats) -> None:
    """Take the sums afresh about the mean, which removes all rounding so far."""
    count = int(state[COUNT])
    offset = 0.0
    for i in range(count):
        offset += (ring[i] - state[SHIFT]) / count
    state[SHIFT] += offset
    total = squares = 0.0
    for i in range(count):
        from_mean = ring[i] - state[SHIFT]
        total += from_mean
        squares += from_mean * from_mean
    state[SUM] = total
    state[SQUARES] = squares
    state[PEAK] = squares


@compiled(NOTHING(ARRAY, FLOAT), allocates=False)
def widen(state: Floats, value: float) -> None:
    """Let the range forget a little, then take in the value."""
    leak = LEAK * 0.5 * (state[HIGH] - state[LOW])
    state[LOW] = min(value, state[LOW] + leak)
    state[HIGH] = max(value, state[HIGH] - leak)


@compiled(NOTHING(ARRAY, ARRAY, FLOAT), allocates=False)
def learn(state: Floats, ring: Floats, value: float) -> None:
    """Put a value in the ring; the oldest leaves when the ring is full."""
    value = min(max(value, -LARGEST), LARGEST)
    position = int(state[NEXT])
    if state[COUNT] == 0:
        state[SHIFT] = state[LOW] = state[HIGH] = value
    if state[COUNT] < ring.size:
        state[COUNT] += 1
    else:
        leaving = ring[position] - state[SHIFT]
        state[SUM] -= leaving
        state[SQUARES] -= leaving * leaving
    ring[position] = value
    from_shift = value - state[SHIFT]
    state[SUM] += from_shift
    state[SQUARES] += from_shift * from_shift
    state[PEAK] = max(state[PEAK], state[SQUARES])
    # Compared, not divided: a remainder takes as long as all the rest of this.
    state[NEXT] = position + 1 if position + 1 < ring.size else 0
    left = state[SQUARES] - state[SUM] * state[SUM] / state[COUNT]
    # Rounding errors have the size of the largest sum since the sums were taken: where
    # little of it is left (an outlier went, the level moved), they must be taken again.
    if state[NEXT] == 0 or left < CANCELLED * state[PEAK]:
        sum_again(state, ring)
    widen(state, value)


@compiled(FLOAT(ARRAY), allocates=False)
def variance(state: Floats) -> float:
    """Return the sample variance of the ring."""
    count = state[COUNT]
    if count < 2:
        return 0.0
    left = state[SQUARES] - state[SUM] * state[SUM] / count
    return float(max(left, 0.0) / (count - 1))


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
    """Write score, mean, deviation and window length of one sample."""
    count = state[COUNT]
    mean = state[SHIFT] + (state[SUM] / count if count > 0 else 0.0)
    floor = DUST * abs(mean) + settings[FLOOR] * (state[HIGH] - state[LOW])
    deviation = max(math.sqrt(variance(state)), floor, SMALLEST)
    distance = 0.0
    if count >= settings[WARM_UP]:
        distance = abs(min(max(value, -LARGEST), LARGEST) - mean) / deviation
    out[0, i] = lasting(state, distance / settings[THRESHOLD], settings[PERSISTENCE])
    if value < state[LOW] or value > state[HIGH]:
        out[0, i] = max(out[0, i], distance / settings[SPIKE])
    out[1, i] = mean
    out[2, i] = deviation
    out[3, i] = count


@compiled(NOTHING(VALUES, ARRAY, ARRAY, TABLE), allocates=False)
def run(values: Floats, settings: Floats, state: Floats, out: Floats) -> None:
    """Score, then learn, each value."""
    ring = state[RATIOS + int(settings[PERSISTENCE]) :]
    for i in range(values.size):
        value = values[i]
        if not math.isfinite(value):
            out[:, i] = np.nan
            continue
        score(state, settings, value, out, i)
        if out[0, i] < 1.0:
            state[RUN] = 0.0
        else:
            state[RUN] += 1.0
        if state[RUN] == 0 or settings[LEARNS] or state[RUN] > settings[READAPT]:
            learn(state, ring, value)
