"""The compiled part of the rolling median: a ring of samples, and the same sorted.

The sorted window gives the median at once, and the median distance from it as one
order statistic of two sorted runs: the samples below it and those above.
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

__all__ = ["RATIOS", "median", "median_distance", "run"]

COUNT, NEXT, LOW, HIGH, RUN, TURN = range(6)
RATIOS = 6
"""Where the ratios start in the state."""

# The order of the settings in the detector's table of rules.
WINDOW, THRESHOLD, PERSISTENCE, WARM_UP, FLOOR, LEARNS, READAPT = range(7)

LARGEST = 1e150
DUST = 1e-9  # of the level: what rounding and calibration leave on a constant
SMALLEST = 1e-12
LEAK = 1 / 12000.0  # a sample, of half the range
SIGMAS = 1.482602218505602  # standard deviations per median distance, if normal


@compiled(INT(ARRAY, INT, FLOAT), allocates=False)
def place(ordered: Floats, count: int, value: float) -> int:
    """Return how many of the first `count` numbers, in order, are below the value."""
    low, high = 0, count
    while low < high:
        middle = (low + high) >> 1
        if ordered[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low


@compiled(NOTHING(ARRAY, INT, FLOAT, FLOAT), allocates=False)
def exchange(ordered: Floats, count: int, leaving: float, value: float) -> None:
    """Put the value where order wants it, moving what is between it and the leaving."""
    at = place(ordered, count, leaving)
    while at > 0 and ordered[at - 1] > value:
        ordered[at] = ordered[at - 1]
        at -= 1
    while at + 1 < count and ordered[at + 1] < value:
        ordered[at] = ordered[at + 1]
        at += 1
    ordered[at] = value


@compiled(FLOAT(ARRAY, INT), allocates=False)
def median(ordered: Floats, count: int) -> float:
    """Return the median of the first `count` numbers, which are in order."""
    half = count >> 1
    if count % 2:
        return float(ordered[half])
    return float((ordered[half - 1] + ordered[half]) / 2)


@compiled(FLOAT(ARRAY, INT, FLOAT, INT), allocates=False)
def nth_distance(ordered: Floats, count: int, middle: float, n: int) -> float:
    """Return the distance from the middle that n others are not beyond.

    The n + 1 nearest are a run of the window: look where it starts.
    """
    low, high = 0, count - 1 - n
    while low < high:
        start = (low + high) >> 1
        if middle - ordered[start] > ordered[start + n + 1] - middle:
            low = start + 1
        else:
            high = start
    return float(max(middle - ordered[low], ordered[low + n] - middle))


@compiled(FLOAT(ARRAY, INT, FLOAT), allocates=False)
def median_distance(ordered: Floats, count: int, middle: float) -> float:
    """Return the median of the distances from the middle."""
    half = count >> 1
    upper = nth_distance(ordered, count, middle, half)
    if count % 2:
        return upper
    return float((nth_distance(ordered, count, middle, half - 1) + upper) / 2)


@compiled(NOTHING(ARRAY, ARRAY, ARRAY, FLOAT), allocates=False)
def learn(state: Floats, ring: Floats, ordered: Floats, value: float) -> None:
    """Put a value in the window; the oldest leaves when it is full."""
    count, position = int(state[COUNT]), int(state[NEXT])
    if count == 0:
        state[LOW] = state[HIGH] = value
    if count < ring.size:
        ordered[count] = math.inf
        state[COUNT] = count + 1
        exchange(ordered, count + 1, math.inf, value)
    else:
        exchange(ordered, count, ring[position], value)
    ring[position] = value
    state[NEXT] = position + 1 if position + 1 < ring.size else 0
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


@compiled(NOTHING(ARRAY, ARRAY, ARRAY, FLOAT, TABLE, INT), allocates=False)
def score(
    state: Floats, settings: Floats, ordered: Floats, value: float, out: Floats, i: int
) -> None:
    """Write score, median, deviation and window length of one sample."""
    count = int(state[COUNT])
    out[:, i] = 0.0
    ratio = 0.0
    if count >= settings[WARM_UP]:
        middle = median(ordered, count)
        floor = DUST * abs(middle) + settings[FLOOR] * (state[HIGH] - state[LOW])
        spread = SIGMAS * median_distance(ordered, count, middle)
        out[1, i] = middle
        out[2, i] = max(spread, floor, SMALLEST)
        ratio = abs(value - middle) / out[2, i] / settings[THRESHOLD]
    out[0, i] = lasting(state, ratio, settings[PERSISTENCE])
    out[3, i] = count


@compiled(NOTHING(VALUES, ARRAY, ARRAY, ARRAY, ARRAY, TABLE), allocates=False)
def run(
    values: Floats,
    settings: Floats,
    state: Floats,
    ring: Floats,
    ordered: Floats,
    out: Floats,
) -> None:
    """Score, then learn, each value."""
    for i in range(values.size):
        value = values[i]
        if not math.isfinite(value):
            out[:, i] = np.nan
            continue
        value = min(max(value, -LARGEST), LARGEST)
        score(state, settings, ordered, value, out, i)
        state[RUN] = state[RUN] + 1 if out[0, i] >= 1 else 0.0
        if state[RUN] == 0 or settings[LEARNS] or state[RUN] > settings[READAPT]:
            learn(state, ring, ordered, value)
