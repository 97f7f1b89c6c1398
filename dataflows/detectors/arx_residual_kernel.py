"""The compiled part of the ARX residual: nonparametric dynamic thresholding.

The method is Telemanom's (Hundman et al., KDD 2018, section 3.2): of the thresholds
mean + z deviations of a window of smoothed errors, the one is taken without which the
window would be calmest for the fewest flags. Flags are pruned that stand out too
little from the largest error that is not flagged. Errors far below the mean are judged
alike, on the errors turned round the mean. Here each sample is judged by the window
that ends with it, not in batches, so that nothing is flagged late; its absolute and
relative guards are replaced by one floor.

State: `scalars`, a ring of the smoothed errors, and one of the flags. The smoothed
errors are rounded to single precision, in which snapshots hold them.
"""

from __future__ import annotations

import math

import numpy as np

from dataflows.state.arrays import Floats
from dataflows.state.compiled import ARRAY, FLOAT, INT, NOTHING, TABLE, compiled

__all__ = ["MISSING_WEIGHT", "SCALARS", "restart", "run"]

COUNT, SUM, SQUARES, ERROR, MISSING_WEIGHT, HALF, SINCE, LIMIT, FLAGGED = range(9)
SCALARS = 9
"""How many scalars the state has."""

# The order of the settings in the detector's array of numbers.
BLIND, PRUNE, FLOOR = range(3)

SMOOTHING = 2 / 106  # of the EWMA: 5 % of 30 batches of 70
LEAST, MOST, STEP = 2.5, 12.0, 0.5  # thresholds tried, in deviations
BUFFER = 100  # samples round an error that are flagged with it
RECENT = 70  # samples that are judged together, Telemanom's batch
MOST_RUNS = 5  # runs of flags that a window may have
EVERY = 10  # samples between two judgements while errors stay unusual
NEARLY = 0.99  # the score of what is above the threshold but was pruned
LARGEST = 1e6
CLIP = 16.0  # twice that of the filter, whose errors are no larger


@compiled(NOTHING(ARRAY, ARRAY, ARRAY), allocates=False)
def restart(scalars: Floats, ring: Floats, flags: Floats) -> None:
    """Forget the window."""
    for k in (COUNT, SUM, SQUARES, FLAGGED, LIMIT):
        scalars[k] = 0.0
    scalars[SINCE] = EVERY
    ring[:] = 0.0
    flags[:] = 0.0


@compiled(NOTHING(ARRAY, ARRAY), allocates=False)
def sum_again(scalars: Floats, ring: Floats) -> None:
    """Take the sums afresh, which removes all rounding so far."""
    scalars[SUM] = scalars[SQUARES] = 0.0
    for k in range(min(int(scalars[COUNT]), ring.size)):
        scalars[SUM] += ring[k]
        scalars[SQUARES] += ring[k] * ring[k]


@compiled(NOTHING(ARRAY, ARRAY, FLOAT), allocates=False)
def slide(scalars: Floats, ring: Floats, error: float) -> None:
    """Smooth the error, and put it into the ring."""
    scalars[ERROR] += SMOOTHING * (abs(error) - scalars[ERROR])
    scalars[MISSING_WEIGHT] *= 1 - SMOOTHING
    smoothed = float(np.float32(scalars[ERROR] / (1 - scalars[MISSING_WEIGHT])))
    count = int(scalars[COUNT])
    leaving = ring[count % ring.size]  # 0 in a ring that is not full
    ring[count % ring.size] = smoothed
    scalars[SUM] += smoothed - leaving
    scalars[SQUARES] += smoothed * smoothed - leaving * leaving
    scalars[COUNT] += 1
    if (count + 1) % ring.size == 0:
        sum_again(scalars, ring)


@compiled(FLOAT(ARRAY, INT, FLOAT, FLOAT, FLOAT), allocates=False)
def merit(x: Floats, n: int, mean: float, deviation: float, limit: float) -> float:
    """Return how much calmer errors below the limit are, per flag; -1 if none is above.

    The relative decrease of mean and of deviation, over runs of flags squared + flags.
    """
    below = total = squares = 0.0
    flags = runs = 0
    end = -BUFFER - 2  # of the last run of flags
    for k in range(n):
        if x[k] <= limit:
            below += 1
            total += x[k] - mean
            squares += (x[k] - mean) * (x[k] - mean)
            continue
        first, last = max(k - BUFFER + 1, 0), min(k + BUFFER - 1, n - 1)
        runs += 1 if first > end + 1 else 0
        flags += last - max(first - 1, end)
        end = last
    if flags == 0 or below == 0:
        return -1.0
    if runs > MOST_RUNS or flags >= 0.5 * n:
        return 0.0
    moved = total / below
    left = math.sqrt(max(squares / below - moved * moved, 0.0))
    return (1 - left / deviation - moved / mean) / (runs * runs + flags)


@compiled(FLOAT(ARRAY, INT, FLOAT, FLOAT), allocates=False)
def best_limit(x: Floats, n: int, mean: float, deviation: float) -> float:
    """Return the threshold of the largest merit, or the highest if none has any."""
    best, limit = 0.0, mean + MOST * deviation
    z = LEAST
    while z < MOST:
        found = merit(x, n, mean, deviation, mean + z * deviation)
        if found < 0:
            break  # higher ones have no error above them either
        if found > 0 and found >= best:
            best, limit = found, mean + z * deviation
        z += STEP
    return limit


@compiled(FLOAT(ARRAY, ARRAY, INT, FLOAT, FLOAT), allocates=False)
def stands_out(x: Floats, flags: Floats, n: int, limit: float, prune: float) -> float:
    """Return 1 if the last sample is flagged and not pruned, else 0.

    It is flagged if one of the last errors is above the limit. Then their peak must
    exceed all errors before them, but those that were flagged in their time.
    """
    near = False
    for k in range(max(n - BUFFER, 0), n):
        near = near or x[k] > limit
    if not near:
        return 0.0
    peak = usual = 0.0
    for k in range(n):
        if k >= n - RECENT:
            peak = max(peak, x[k])
        elif flags[k] == 0.0:
            usual = max(usual, x[k])
    return 1.0 if peak - usual >= prune * peak else 0.0


@compiled(NOTHING(ARRAY, ARRAY, ARRAY, ARRAY, TABLE), allocates=False)
def decide(
    scalars: Floats, ring: Floats, flags: Floats, settings: Floats, scratch: Floats
) -> None:
    """Find the threshold and judge the newest error, above the mean or below it."""
    count = int(scalars[COUNT])
    n = min(count, ring.size)
    window, flagged = scratch[0], scratch[1]
    for k in range(n):
        window[k] = ring[(count - n + k) % ring.size]
        flagged[k] = flags[(count - n + k) % ring.size]
    mean = scalars[SUM] / n
    deviation = math.sqrt(max(scalars[SQUARES] / n - mean * mean, 0.0))
    if window[n - 1] < mean:
        for k in range(n):
            window[k] = 2 * mean - window[k]
    limit = best_limit(window, n, mean, deviation)
    scalars[LIMIT] = (limit - mean) / deviation
    scalars[FLAGGED] = stands_out(window, flagged, n, limit, settings[PRUNE])


@compiled(NOTHING(TABLE, ARRAY, ARRAY, ARRAY, ARRAY, TABLE, TABLE), allocates=False)
def run(
    predicted: Floats,
    settings: Floats,
    scalars: Floats,
    ring: Floats,
    flags: Floats,
    scratch: Floats,
    out: Floats,
) -> None:
    """Score, then learn, each sample of what the filter wrote.

    A column of the result holds score, smoothed error, and the lowest and the highest
    that is normal.
    """
    for i in range(predicted.shape[1]):
        error, half = predicted[1, i], predicted[3, i]
        if math.isnan(error):
            out[:, i] = math.nan
            continue
        if half != scalars[HALF]:
            if scalars[HALF] > 0:
                factor = scalars[HALF] / half
                scalars[ERROR] = min(scalars[ERROR] * factor, CLIP)
                for k in range(ring.size):
                    ring[k] = float(np.float32(min(ring[k] * factor, CLIP)))
                sum_again(scalars, ring)
            scalars[HALF] = half
        slide(scalars, ring, error)
        at = (int(scalars[COUNT]) - 1) % ring.size
        n = min(scalars[COUNT], float(ring.size))
        mean = scalars[SUM] / n
        variance = max(scalars[SQUARES] / n - mean * mean, 0.0)
        distance = abs(ring[at] - mean)
        scalars[SINCE] += 1
        limit = MOST
        flags[at] = 0.0
        unusual = distance * distance > LEAST * LEAST * variance
        if unusual and distance > settings[FLOOR] and scalars[COUNT] > settings[BLIND]:
            if scalars[SINCE] >= EVERY:
                scalars[SINCE] = 0.0
                decide(scalars, ring, flags, settings, scratch)
            limit = scalars[LIMIT]
            flags[at] = scalars[FLAGGED]
        width = max(limit * math.sqrt(variance), settings[FLOOR])
        score = distance / width
        score = max(score, 1.0) if flags[at] else min(score, NEARLY)
        out[0, i] = min(score, LARGEST) if scalars[COUNT] > settings[BLIND] else 0.0
        out[1, i], out[2, i], out[3, i] = ring[at], mean - width, mean + width
