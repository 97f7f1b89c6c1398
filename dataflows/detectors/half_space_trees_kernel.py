"""The compiled part of the half-space trees: walks down trees kept as arrays.

A tree is a heap: the children of node i are 2i+1 and 2i+2. `masses` holds, for each
tree, the counts of the reference window and then those of the window in progress.
A histogram of past scores (of their normal mass, in logarithmic bins) gives the
quantile that serves as the threshold.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from dataflows.detectors import Floats
from dataflows.detectors.compiled import (
    ARRAY,
    COUNTS,
    FLOAT,
    INT,
    MASSES,
    NOTHING,
    TABLE,
    VALUES,
    compiled,
)

__all__ = ["BINS", "STATE", "run"]

LEARNT, SINCE_PIVOT, LOW, HIGH, RUN, SCORED, RARER, RARE_BIN = range(8)
STATE = 8
"""How many scalars the state has."""

WINDOW, THRESHOLD, QUANTILE, LEARNS, READAPT, SCALED = range(6)

BINS = 256
LARGEST = 1e150  # as in array_detector: a kernel's constants stand in its file
MARGIN = 0.25  # of the unit interval on either side, for what was not seen yet
GROWTH = 0.1  # of the range's width: the most by which one sample may widen it
LEAK_SAMPLES = 12000.0
DUST = 1e-9
SMALLEST = 1e-12
FORGET_SAMPLES = 100_000.0


@compiled(FLOAT(ARRAY, ARRAY, FLOAT))
def scale(state: Floats, settings: Floats, value: float) -> float:
    """Return the value on the scale of the trees."""
    if settings[SCALED] == 0:
        return value
    value = min(max(value, -LARGEST), LARGEST)
    middle = 0.5 * (state[LOW] + state[HIGH])
    width = state[HIGH] - state[LOW]
    width = max(width, DUST * abs(middle), SMALLEST)
    scaled = 0.5 + (1 - 2 * MARGIN) * (value - middle) / width
    return float(min(max(scaled, 0.0), 1.0))


@compiled(FLOAT(TABLE, MASSES, FLOAT, FLOAT))
def normal_mass(
    splits: Floats, masses: NDArray[np.uint16], x: float, window: float
) -> float:
    """Return River's score before it is turned round: 1 is the densest place."""
    n_trees, n_splits = splits.shape
    total = 0.0
    for tree in range(n_trees):
        node = 0
        weight = 1.0
        while True:
            total += masses[tree, node] * weight
            if node >= n_splits or masses[tree, node] < 0.1 * window:
                break
            node = 2 * node + (1 if x < splits[tree, node] else 2)
            weight *= 2.0
    return float(total / (n_trees * window * (2 * n_splits + 1)))


@compiled(NOTHING(TABLE, MASSES, FLOAT))
def count(splits: Floats, masses: NDArray[np.uint16], x: float) -> None:
    """Add the value to the window in progress."""
    n_trees, n_splits = splits.shape
    progress = 2 * n_splits + 1
    for tree in range(n_trees):
        node = 0
        while node < n_splits:
            masses[tree, progress + node] += 1
            node = 2 * node + (1 if x < splits[tree, node] else 2)
        masses[tree, progress + node] += 1


@compiled(NOTHING(ARRAY, FLOAT, FLOAT))
def widen(state: Floats, value: float, window: float) -> None:
    """Let the range forget a little, then take in the value."""
    value = min(max(value, -LARGEST), LARGEST)
    if state[LEARNT] == 0:
        state[LOW] = state[HIGH] = value
    low, high = state[LOW], state[HIGH]
    leak = 0.5 * (high - low) / LEAK_SAMPLES
    # One outlier must not squeeze all later samples into one node, so that it may
    # widen the range by a tenth only; a range that is really new needs few samples.
    most = GROWTH * max(high - low, DUST * max(abs(low), abs(high)), SMALLEST)
    if state[LEARNT] < window:
        most = 2 * LARGEST
    state[LOW] = min(low + leak, max(value, low - most))
    state[HIGH] = max(high - leak, min(value, high + most))


@compiled(NOTHING(ARRAY, ARRAY, TABLE, MASSES, FLOAT))
def learn(
    state: Floats,
    settings: Floats,
    splits: Floats,
    masses: NDArray[np.uint16],
    value: float,
) -> None:
    """Count a value, and make the window in progress the reference when it is full."""
    window = settings[WINDOW]
    # The first window only learns the scale: counts on a scale that still moves
    # would be of no use.
    if settings[SCALED] == 0 or state[LEARNT] >= window:
        count(splits, masses, scale(state, settings, value))
        state[SINCE_PIVOT] += 1
    if settings[SCALED]:
        widen(state, value, window)
    state[LEARNT] += 1
    if state[SINCE_PIVOT] == window:
        nodes = 2 * splits.shape[1] + 1
        masses[:, :nodes] = masses[:, nodes:]
        masses[:, nodes:] = 0
        state[SINCE_PIVOT] = 0


@compiled(NOTHING(ARRAY, COUNTS))
def forget(state: Floats, histogram: NDArray[np.uint32]) -> None:
    """Halve all counts, so that they stay bounded and new scores tell more."""
    state[SCORED] = state[RARER] = 0.0
    for b in range(BINS):
        histogram[b] //= 2
        state[SCORED] += histogram[b]
        if b < state[RARE_BIN]:
            state[RARER] += histogram[b]


@compiled(NOTHING(ARRAY, COUNTS, FLOAT, FLOAT, FLOAT))
def remember(
    state: Floats,
    histogram: NDArray[np.uint32],
    mass: float,
    rarest: float,
    share: float,
) -> None:
    """Count a score, and move to the bin below which `share` of all scores lie."""
    place = (1 - math.log(mass) / math.log(rarest)) * BINS
    b = min(max(int(place), 0), BINS - 1)
    histogram[b] += 1
    state[SCORED] += 1
    at = int(state[RARE_BIN])
    if b < at:
        state[RARER] += 1
    while at > 0 and state[RARER] > share * state[SCORED]:
        at -= 1
        state[RARER] -= histogram[at]
    while at < BINS and state[RARER] + histogram[at] <= share * state[SCORED]:
        state[RARER] += histogram[at]
        at += 1
    state[RARE_BIN] = at
    if state[SCORED] >= FORGET_SAMPLES:
        forget(state, histogram)


@compiled(FLOAT(ARRAY, ARRAY, FLOAT))
def limit_mass(state: Floats, settings: Floats, rarest: float) -> float:
    """Return the normal mass at which the score is 1; 0 while too little is known."""
    limit = float(1 - settings[THRESHOLD])
    if settings[QUANTILE] < 0:
        return limit
    # With the rarest bin above the quantile, nothing is rare for this parameter.
    if state[SCORED] < settings[WINDOW] or state[RARE_BIN] == 0:
        return 0.0
    return min(limit, float(rarest ** (1 - state[RARE_BIN] / BINS)))


@compiled(NOTHING(FLOAT, ARRAY, TABLE, ARRAY, MASSES, COUNTS, TABLE, INT))
def score(
    value: float,
    settings: Floats,
    splits: Floats,
    state: Floats,
    masses: NDArray[np.uint16],
    histogram: NDArray[np.uint32],
    out: Floats,
    i: int,
) -> None:
    """Write score, tree score, threshold and range of one sample."""
    window = settings[WINDOW]
    rarest = 1 / (2 * splits.shape[1] + 1)
    limit = limit_mass(state, settings, rarest)
    out[0, i] = out[1, i] = 0.0
    out[2, i], out[3, i], out[4, i] = 1 - limit, state[LOW], state[HIGH]
    if state[LEARNT] >= (2 * window if settings[SCALED] else window):
        mass = normal_mass(splits, masses, scale(state, settings, value), window)
        out[0, i] = limit / mass
        out[1, i] = 1 - mass
        remember(state, histogram, mass, rarest, 1 - settings[QUANTILE])


@compiled(NOTHING(VALUES, ARRAY, TABLE, ARRAY, MASSES, COUNTS, TABLE))
def run(
    values: Floats,
    settings: Floats,
    splits: Floats,
    state: Floats,
    masses: NDArray[np.uint16],
    histogram: NDArray[np.uint32],
    out: Floats,
) -> None:
    """Score, then learn, each value."""
    for i in range(values.size):
        value = values[i]
        if not math.isfinite(value):
            out[:, i] = np.nan
            continue
        score(value, settings, splits, state, masses, histogram, out, i)
        state[RUN] = state[RUN] + 1 if out[0, i] >= 1 else 0.0
        if state[RUN] == 0 or settings[LEARNS] or state[RUN] > settings[READAPT]:
            learn(state, settings, splits, masses, value)
