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

from dataflows.state.arrays import Floats
from dataflows.state.compiled import (
    ARRAY,
    COUNTS,
    FLOAT,
    INT,
    LEAVES,
    MASSES,
    NOTHING,
    TABLE,
    VALUES,
    compiled,
)

__all__ = ["BINS", "LEARNT", "LEAST_SCORE", "SINCE_PIVOT", "STATE", "follow", "run"]

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
LEAST_SCORE = 1e-6  # of those that `follow` tells apart
MOST_SCORE = 1e6


@compiled(FLOAT(ARRAY, ARRAY, FLOAT), allocates=False)
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


@compiled(NOTHING(TABLE, FLOAT, LEAVES), allocates=False)
def descend(splits: Floats, x: float, leaves: NDArray[np.int64]) -> None:
    """Write the leaf of each tree in which the value lies."""
    n_trees, n_splits = splits.shape
    for tree in range(n_trees):
        node = 0
        while node < n_splits:
            # Added, not chosen: half of the branches would be predicted wrongly.
            node = 2 * node + 2 - (x < splits[tree, node])
        leaves[tree] = node


@compiled(FLOAT(LEAVES, MASSES, FLOAT), allocates=False)
def normal_mass(
    leaves: NDArray[np.int64], masses: NDArray[np.uint16], window: float
) -> float:
    """Return River's score before it is turned round: 1 is the densest place.

    A tree adds mass times 2**depth from its root down to the first node with less than
    a tenth of the window; all are whole numbers, so that the order does not matter.
    """
    nodes = masses.shape[1] // 2
    total = 0.0
    for tree in range(leaves.size):
        node = leaves[tree]
        mass = float(masses[tree, node])
        weight = 0.5 * (nodes + 1)
        while node > 0:
            node = (node - 1) >> 1
            above = float(masses[tree, node])
            total += mass * weight if above >= 0.1 * window else 0.0
            mass = above
            weight *= 0.5
        total += mass
    return float(total / (leaves.size * window * nodes))


@compiled(NOTHING(LEAVES, MASSES), allocates=False)
def count(leaves: NDArray[np.int64], masses: NDArray[np.uint16]) -> None:
    """Add a value to the window in progress."""
    progress = masses.shape[1] // 2
    for tree in range(leaves.size):
        node = leaves[tree]
        while node > 0:
            masses[tree, progress + node] += 1
            node = (node - 1) >> 1
        masses[tree, progress] += 1


@compiled(NOTHING(MASSES), allocates=False)
def pivot(masses: NDArray[np.uint16]) -> None:
    """Make the window in progress the reference, and begin another."""
    nodes = masses.shape[1] // 2
    for tree in range(masses.shape[0]):
        for node in range(nodes):
            masses[tree, node] = masses[tree, nodes + node]
            masses[tree, nodes + node] = 0


@compiled(NOTHING(ARRAY, FLOAT, FLOAT), allocates=False)
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


@compiled(NOTHING(ARRAY, ARRAY, MASSES, LEAVES, FLOAT), allocates=False)
def learn(
    state: Floats,
    settings: Floats,
    masses: NDArray[np.uint16],
    leaves: NDArray[np.int64],
    value: float,
) -> None:
    """Count a value, and make the window in progress the reference when it is full."""
    window = settings[WINDOW]
    # The first window only learns the scale: counts on a scale that still moves
    # would be of no use.
    if settings[SCALED] == 0 or state[LEARNT] >= window:
        count(leaves, masses)
        state[SINCE_PIVOT] += 1
    if settings[SCALED]:
        widen(state, value, window)
    state[LEARNT] += 1
    if state[SINCE_PIVOT] == window:
        pivot(masses)
        state[SINCE_PIVOT] = 0


@compiled(NOTHING(ARRAY, COUNTS), allocates=False)
def forget(state: Floats, histogram: NDArray[np.uint32]) -> None:
    """Halve all counts, so that they stay bounded and new scores tell more."""
    state[SCORED] = state[RARER] = 0.0
    for b in range(histogram.size):
        histogram[b] //= 2
        state[SCORED] += histogram[b]
        if b < state[RARE_BIN]:
            state[RARER] += histogram[b]


@compiled(NOTHING(ARRAY, COUNTS, FLOAT, FLOAT, FLOAT), allocates=False)
def remember(
    state: Floats,
    histogram: NDArray[np.uint32],
    mass: float,
    rarest: float,
    share: float,
) -> None:
    """Count a score, and move to the bin below which `share` of all scores lie."""
    bins = histogram.size
    place = (1 - math.log(mass) / math.log(rarest)) * bins
    b = min(max(int(place), 0), bins - 1)
    histogram[b] += 1
    state[SCORED] += 1
    at = int(state[RARE_BIN])
    if b < at:
        state[RARER] += 1
    while at > 0 and state[RARER] > share * state[SCORED]:
        at -= 1
        state[RARER] -= histogram[at]
    while at < bins and state[RARER] + histogram[at] <= share * state[SCORED]:
        state[RARER] += histogram[at]
        at += 1
    state[RARE_BIN] = at
    if state[SCORED] >= FORGET_SAMPLES:
        forget(state, histogram)


@compiled(FLOAT(ARRAY, ARRAY, FLOAT, INT), allocates=False)
def limit_mass(state: Floats, settings: Floats, rarest: float, bins: int) -> float:
    """Return the normal mass at which the score is 1; 0 while too little is known."""
    limit = float(1 - settings[THRESHOLD])
    if settings[QUANTILE] < 0:
        return limit
    # With the rarest bin above the quantile, nothing is rare for this parameter.
    if state[SCORED] < settings[WINDOW] or state[RARE_BIN] == 0:
        return 0.0
    return min(limit, float(rarest ** (1 - state[RARE_BIN] / bins)))


@compiled(NOTHING(ARRAY, ARRAY, MASSES, LEAVES, COUNTS, TABLE, INT), allocates=False)
def score(
    settings: Floats,
    state: Floats,
    masses: NDArray[np.uint16],
    leaves: NDArray[np.int64],
    histogram: NDArray[np.uint32],
    out: Floats,
    i: int,
) -> None:
    """Write score, tree score, threshold and range of one sample."""
    window = settings[WINDOW]
    rarest = 1 / (masses.shape[1] // 2)
    limit = limit_mass(state, settings, rarest, histogram.size)
    out[0, i] = out[1, i] = 0.0
    out[2, i], out[3, i], out[4, i] = 1 - limit, state[LOW], state[HIGH]
    if state[LEARNT] >= (2 * window if settings[SCALED] else window):
        mass = normal_mass(leaves, masses, window)
        out[0, i] = limit / mass
        out[1, i] = 1 - mass
        if settings[QUANTILE] >= 0:
            remember(state, histogram, mass, rarest, 1 - settings[QUANTILE])


@compiled(
    NOTHING(VALUES, ARRAY, TABLE, ARRAY, MASSES, COUNTS, LEAVES, TABLE),
    allocates=False,
)
def run(
    values: Floats,
    settings: Floats,
    splits: Floats,
    state: Floats,
    masses: NDArray[np.uint16],
    histogram: NDArray[np.uint32],
    leaves: NDArray[np.int64],
    out: Floats,
) -> None:
    """Score, then learn, each value; `leaves` is room to work in."""
    for i in range(values.size):
        value = values[i]
        if not math.isfinite(value):
            out[:, i] = np.nan
            continue
        descend(splits, scale(state, settings, value), leaves)
        score(settings, state, masses, leaves, histogram, out, i)
        state[RUN] = state[RUN] + 1 if out[0, i] >= 1 else 0.0
        if state[RUN] == 0 or settings[LEARNS] or state[RUN] > settings[READAPT]:
            learn(state, settings, masses, leaves, value)


@compiled(NOTHING(VALUES, ARRAY, ARRAY, COUNTS, TABLE), allocates=False)
def follow(
    values: Floats,
    settings: Floats,
    state: Floats,
    histogram: NDArray[np.uint32],
    out: Floats,
) -> None:
    """Write the score and the threshold of values that are scores themselves.

    The trees' quantile serves them too: a score is the inverse of a normal mass.
    """
    rarest = LEAST_SCORE / MOST_SCORE
    for i in range(values.size):
        if not math.isfinite(values[i]):
            out[:, i] = np.nan
            continue
        limit = limit_mass(state, settings, rarest, histogram.size)
        threshold = LEAST_SCORE / limit if limit > 0 else math.inf
        above = min(max(values[i], LEAST_SCORE), MOST_SCORE)
        out[0, i] = max(values[i], 0.0) / threshold
        out[1, i] = threshold
        share = 1 - settings[QUANTILE]
        remember(state, histogram, LEAST_SCORE / above, rarest, share)
