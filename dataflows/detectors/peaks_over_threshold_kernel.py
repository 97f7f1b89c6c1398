"""The compiled part of SPOT and DSPOT: two tails, each a generalised Pareto law.

A tail is a row: named scalars, then a ring of its last peaks (by how much they lay
beyond the first threshold). The lower tail is the upper one of the negated values.
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

__all__ = ["RATIOS", "SCALARS", "SCALE", "SHAPE", "fit", "run"]

SEEN, IN_RING, NEXT, SUM, RUN, TURN = range(6)
RATIOS = 6
"""Where the last ratios start in the state."""
START, LIMIT, PEAKS, SHAPE, SCALE, STALE = range(6)
SCALARS = 6
"""Where the peaks start in the row of a tail."""

PROBABILITY, CALIBRATION, PERSISTENCE, READAPT = range(4)

LARGEST = 1e150
DUST = 1e-9  # of the level: what rounding and calibration leave on a constant
SMALLEST = 1e-12
STALE_SHARE = 0.05  # new peaks, of those kept, after which the law is fitted again
GRID = 8  # places on either side of 0 where a root is looked for
HALVINGS = 30


@compiled(FLOAT(ARRAY, FLOAT), allocates=False)
def shape_of(peaks: Floats, theta: float) -> float:
    """Return the shape that goes with theta, the ratio of shape to scale."""
    total = 0.0
    for peak in peaks:
        total += math.log(1 + theta * peak)
    return float(total / peaks.size)


@compiled(FLOAT(ARRAY, FLOAT), allocates=False)
def stationary(peaks: Floats, theta: float) -> float:
    """Return Grimshaw's function, 0 where the likelihood is stationary."""
    inverse = 0.0
    for peak in peaks:
        inverse += 1 / (1 + theta * peak)
    return float((1 + shape_of(peaks, theta)) * inverse / peaks.size - 1)


@compiled(FLOAT(ARRAY, FLOAT, FLOAT), allocates=False)
def root(peaks: Floats, low: float, high: float) -> float:
    """Return where Grimshaw's function changes its sign; 0 if it does not."""
    at_low = stationary(peaks, low)
    if at_low * stationary(peaks, high) > 0:
        return 0.0
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        at_middle = stationary(peaks, middle)
        if at_low * at_middle > 0:
            low, at_low = middle, at_middle
        else:
            high = middle
    return 0.5 * (low + high)


@compiled(FLOAT(ARRAY, FLOAT, FLOAT), allocates=False)
def likelihood(peaks: Floats, shape: float, scale: float) -> float:
    """Return the log-likelihood of a law, per peak; -inf if a peak is impossible."""
    total = 0.0
    for peak in peaks:
        if shape == 0:
            total += peak / scale
            continue
        inside = 1 + shape * peak / scale
        if inside <= 0:
            return -math.inf
        total += math.log(inside)
    factor = 1 + 1 / shape if shape != 0 else 1.0
    return float(-math.log(scale) - factor * total / peaks.size)


@compiled(NOTHING(ARRAY, ARRAY, FLOAT, FLOAT, FLOAT), allocates=False)
def prefer(
    tail: Floats, peaks: Floats, shape: float, scale: float, best: float
) -> None:
    """Take a law if it is likelier than `best`, a log-likelihood."""
    if scale > 0 and likelihood(peaks, shape, scale) > best:
        tail[SHAPE], tail[SCALE] = shape, scale


@compiled(NOTHING(ARRAY, ARRAY), allocates=False)
def fit(tail: Floats, peaks: Floats) -> None:
    """Find the likeliest law: exponential, by moments, or a root of Grimshaw's."""
    mean, least, most = 0.0, peaks[0], peaks[0]
    for peak in peaks:
        mean += peak / peaks.size
        least, most = min(least, peak), max(most, peak)
    tail[SHAPE], tail[SCALE] = 0.0, mean
    if not least > 0 or most - least < DUST * mean:
        return
    squares = 0.0
    for peak in peaks:
        squares += (peak / mean - 1) * (peak / mean - 1) / peaks.size
    by_moments = 0.5 * (1 - 1 / squares)
    best = likelihood(peaks, 0.0, mean)
    prefer(tail, peaks, by_moments, mean * (1 - by_moments), best)
    # Theta lies between these, and 0 is always a root, of no use (Siffer, 2017).
    lowest = -(1 - 1e-6) / most
    highest = 2 * (mean - least) / (least * least)
    highest = min(highest, 1e3 / mean)
    for side in range(2):
        end = highest if side else lowest
        before = 1e-4 * end
        for step in range(GRID):
            after = end * 1e-4 ** (1 - (step + 1) / GRID)
            theta = root(peaks, before, after)
            before = after
            if theta != 0:
                shape = shape_of(peaks, theta)
                best = likelihood(peaks, tail[SHAPE], tail[SCALE])
                prefer(tail, peaks, shape, shape / theta, best)


@compiled(NOTHING(ARRAY, FLOAT, FLOAT), allocates=False)
def set_limit(tail: Floats, seen: float, probability: float) -> None:
    """Set the limit that a sample is beyond with the probability asked for."""
    if tail[PEAKS] == 0:
        tail[LIMIT] = tail[START]
        return
    ratio = min(probability * seen / tail[PEAKS], 1.0)
    shape, scale = tail[SHAPE], tail[SCALE]
    if abs(shape) < 1e-9:
        beyond = -scale * math.log(ratio)
    else:
        beyond = scale / shape * (ratio**-shape - 1)
    tail[LIMIT] = tail[START] + min(max(beyond, 0.0), LARGEST)


@compiled(NOTHING(ARRAY, FLOAT), allocates=False)
def add_peak(tail: Floats, peak: float) -> None:
    """Keep a peak in place of the oldest, and fit the law again when it is due."""
    peaks = tail[SCALARS:]
    peaks[int(tail[PEAKS]) % peaks.size] = peak
    tail[PEAKS] += 1
    tail[STALE] += 1
    kept = min(int(tail[PEAKS]), peaks.size)
    if tail[STALE] >= STALE_SHARE * kept:
        fit(tail, peaks[:kept])
        tail[STALE] = 0


@compiled(NOTHING(ARRAY, INT, FLOAT), allocates=False)
def put(largest: Floats, count: int, value: float) -> None:
    """Put a value among the largest so far, in falling order."""
    if count >= largest.size and value <= largest[-1]:
        return
    at = min(count, largest.size - 1)
    while at > 0 and largest[at - 1] < value:
        largest[at] = largest[at - 1]
        at -= 1
    largest[at] = value


@compiled(NOTHING(ARRAY, ARRAY, TABLE, TABLE, FLOAT), allocates=False)
def calibrate(
    state: Floats, settings: Floats, tails: Floats, first: Floats, value: float
) -> None:
    """Keep the value if it is large or small; with the last one, begin the tails."""
    for side in range(tails.shape[0]):
        put(first[side], int(state[SEEN]), (1.0 - 2.0 * side) * value)
    state[SEEN] += 1
    if state[SEEN] < settings[CALIBRATION]:
        return
    for side in range(tails.shape[0]):
        tails[side, START] = first[side, -1]
        for value in first[side]:
            if value > tails[side, START]:
                add_peak(tails[side], value - tails[side, START])
        set_limit(tails[side], state[SEEN], settings[PROBABILITY])


@compiled(NOTHING(ARRAY, ARRAY, FLOAT), allocates=False)
def follow(state: Floats, ring: Floats, value: float) -> None:
    """Move the window whose mean is the drift."""
    at = int(state[NEXT])
    leaving = ring[at] if state[IN_RING] == ring.size else 0.0
    state[SUM] += value - leaving
    ring[at] = value
    state[IN_RING] = min(state[IN_RING] + 1, ring.size)
    state[NEXT] = at + 1 if at + 1 < ring.size else 0
    # Rounding errors are those of the largest number that was in the sum.
    if state[NEXT] == 0 or abs(leaving) > 1e6 * abs(state[SUM]):
        state[SUM] = 0.0
        for k in range(int(state[IN_RING])):
            state[SUM] += ring[k]


@compiled(NOTHING(ARRAY, ARRAY, TABLE, FLOAT), allocates=False)
def learn(state: Floats, settings: Floats, tails: Floats, value: float) -> None:
    """Count a value, and if it is a peak move the limit of its tail.

    The first sample beyond a limit counts as one on it. Without it a tail would lose
    its largest peaks, the limit would come nearer, and so on.
    """
    state[SEEN] += 1
    for side in range(tails.shape[0]):
        peak = (1.0 - 2.0 * side) * value - tails[side, START]
        if state[RUN] == 1:
            peak = min(peak, tails[side, LIMIT] - tails[side, START])
        if peak > 0:
            add_peak(tails[side], peak)
            set_limit(tails[side], state[SEEN], settings[PROBABILITY])


@compiled(NOTHING(TABLE, FLOAT, FLOAT, TABLE, INT), allocates=False)
def score(tails: Floats, drift: float, value: float, out: Floats, i: int) -> None:
    """Write how far the value is on the way from a tail's start to its limit."""
    out[3, i] = -math.inf
    for side in range(tails.shape[0]):
        sign = 1.0 - 2.0 * side
        start = tails[side, START]
        least = DUST * (abs(drift) + abs(start)) + SMALLEST
        width = max(tails[side, LIMIT] - start, least)
        out[0, i] = max(out[0, i], (sign * value - start) / width)
        out[2 + side, i] = drift + sign * (start + width)


@compiled(FLOAT(ARRAY, FLOAT, FLOAT), allocates=False)
def lasting(state: Floats, ratio: float, persistence: float) -> float:
    """Remember a ratio, and return the smallest of the last ones."""
    turn = int(state[TURN])
    state[RATIOS + turn] = ratio
    state[TURN] = turn + 1 if turn + 1 < int(persistence) else 0
    for k in range(int(persistence)):
        ratio = min(ratio, state[RATIOS + k])
    return ratio


@compiled(NOTHING(VALUES, ARRAY, ARRAY, TABLE, ARRAY, TABLE, TABLE), allocates=False)
def run(
    values: Floats,
    settings: Floats,
    state: Floats,
    tails: Floats,
    ring: Floats,
    first: Floats,
    out: Floats,
) -> None:
    """Score, then learn, each value."""
    for i in range(values.size):
        if not math.isfinite(values[i]):
            out[:, i] = np.nan
            continue
        value = min(max(values[i], -LARGEST), LARGEST)
        drift = state[SUM] / ring.size if ring.size > 0 else 0.0
        out[0, i], out[1, i], out[2, i], out[3, i] = 0.0, drift, np.nan, np.nan
        if state[IN_RING] == ring.size and state[SEEN] < settings[CALIBRATION]:
            calibrate(state, settings, tails, first, value - drift)
        elif state[IN_RING] == ring.size:
            score(tails, drift, value - drift, out, i)
            state[RUN] = state[RUN] + 1 if out[0, i] >= 1 else 0.0
            out[0, i] = lasting(state, out[0, i], settings[PERSISTENCE])
            if state[RUN] <= 1 or state[RUN] > settings[READAPT]:
                learn(state, settings, tails, value - drift)
            if 0 < state[RUN] <= settings[READAPT]:
                continue
        if ring.size > 0:
            follow(state, ring, value)
