"""The compiled part of ADWIN: an exponential histogram and its cuts.

The state is one array: scalars, how many buckets each level has, then three tables
with a row for each level and a column for each bucket, oldest first: sums and squared
deviations of what is compared, and sums of the samples as they came. A bucket of level
k stands for 2**k samples.
"""

from __future__ import annotations

import math
from typing import Any

from numba import types

from dataflows.state.arrays import Floats
from dataflows.state.compiled import (
    ARRAY,
    FLOAT,
    INT,
    NOTHING,
    VALUES,
    compiled,
)

__all__ = ["HEAD", "LEVELS", "run"]

CUBE: Any = types.float64[:, :, ::1]

TICK, USED, WIDTH, TOTAL, SQUARES, SHIFT = range(6)
HEAD = 6
"""How many scalars the state starts with."""
LEVELS = 40
"""Of buckets: enough for a million million samples; then the window starts anew."""

SUM, SQUARE, RAW = range(3)

# The order of the settings in the detector's table of rules.
DELTA, CLOCK, BUCKETS, SHORTEST, GRACE, STANDARDISE = range(6)

LARGEST = 1e100  # of a value: sums and squares stay finite
WIDEST = 10.0  # standard deviations that a sample can count for
RANGE = 4.0  # standard deviations that stand for the range of the values
DUST = 1e-9  # of the level: what rounding leaves on a constant
SMALLEST = 1e-12
FEWEST = 10.0  # samples that a spread is told from


@compiled(FLOAT(ARRAY))
def spread(state: Floats) -> float:
    """Return the standard deviation of the window, and no less than its dust."""
    mean = state[TOTAL] / state[WIDTH] + state[SHIFT]
    deviation = math.sqrt(max(state[SQUARES], 0.0) / state[WIDTH])
    return float(max(deviation, DUST * abs(mean), SMALLEST))


@compiled(NOTHING(ARRAY, CUBE, INT, INT))
def shift(counts: Floats, tables: Floats, level: int, gone: int) -> None:
    """Take the oldest buckets out of a level."""
    left = int(counts[level]) - gone
    for kind in range(3):
        for k in range(left):
            tables[kind, level, k] = tables[kind, level, k + gone]
    counts[level] = left


@compiled(NOTHING(ARRAY, ARRAY, CUBE, INT))
def merge(state: Floats, counts: Floats, tables: Floats, level: int) -> None:
    """Make the two oldest buckets of a level one of the level above."""
    if level + 1 == state[USED]:
        state[USED] += 1
    size = 2.0**level
    place = int(counts[level + 1])
    for kind in range(3):
        both = tables[kind, level, 0] + tables[kind, level, 1]
        tables[kind, level + 1, place] = both
    apart = tables[SUM, level, 0] / size - tables[SUM, level, 1] / size
    tables[SQUARE, level + 1, place] += size * 0.5 * apart * apart
    counts[level + 1] += 1
    shift(counts, tables, level, 2)


@compiled(NOTHING(ARRAY, ARRAY, CUBE, FLOAT, FLOAT))
def insert(
    state: Floats, counts: Floats, tables: Floats, value: float, raw: float
) -> None:
    """Put a sample in the window; where buckets of a size are too many, merge two."""
    place = int(counts[0])
    tables[SUM, 0, place] = value
    tables[SQUARE, 0, place] = 0.0
    tables[RAW, 0, place] = raw
    counts[0] += 1
    state[USED] = max(state[USED], 1.0)
    state[WIDTH] += 1
    if state[WIDTH] > 1:
        before = state[WIDTH] - 1
        apart = value - state[TOTAL] / before
        state[SQUARES] += before * apart * apart / state[WIDTH]
    state[TOTAL] += value
    level = 0
    while counts[level] == tables.shape[2] and level + 1 < LEVELS:
        merge(state, counts, tables, level)
        level += 1


@compiled(FLOAT(ARRAY, ARRAY, FLOAT, FLOAT))
def bound(state: Floats, settings: Floats, older: float, newer: float) -> float:
    """Return by how much the means of two parts may differ by chance."""
    shortest = settings[SHORTEST]
    recip = 1 / (older - shortest + 1) + 1 / (newer - shortest + 1)
    doubt = math.log(2 * math.log(state[WIDTH]) / settings[DELTA])
    by_spread = math.sqrt(2 * recip * (state[SQUARES] / state[WIDTH]) * doubt)
    by_range = 2 / 3 * doubt * recip
    if settings[STANDARDISE] == 1:
        by_range *= RANGE * spread(state)
    return float(by_spread + by_range)


@compiled(FLOAT(ARRAY, ARRAY, ARRAY, CUBE))
def cut(state: Floats, settings: Floats, counts: Floats, tables: Floats) -> float:
    """Return the size of the older part that differs most from the rest, or else 0."""
    shortest = settings[SHORTEST]
    older, newer = 0.0, state[WIDTH]
    older_sum, newer_sum = 0.0, state[TOTAL]
    most = best = 0.0
    for level in range(int(state[USED]) - 1, -1, -1):
        for k in range(int(counts[level])):
            older += 2.0**level
            newer -= 2.0**level
            older_sum += tables[SUM, level, k]
            newer_sum -= tables[SUM, level, k]
            if older < shortest or newer < shortest:
                continue
            apart = abs(older_sum / older - newer_sum / newer)
            chance = bound(state, settings, older, newer)
            if apart > chance and apart >= most * chance:
                most, best = apart / chance, older
    return float(best)


@compiled(NOTHING(ARRAY, ARRAY, CUBE, FLOAT, ARRAY))
def tell(
    state: Floats, counts: Floats, tables: Floats, older: float, found: Floats
) -> None:
    """Write means and counts of the samples before and after a cut."""
    found[2] = older
    found[3] = state[WIDTH] - older
    found[0] = found[1] = state[SHIFT]
    seen = 0.0
    for level in range(int(state[USED]) - 1, -1, -1):
        for k in range(int(counts[level])):
            part = 0 if seen < older else 1
            found[part] += tables[RAW, level, k] / found[2 + part]
            seen += 2.0**level


@compiled(FLOAT(ARRAY, FLOAT))
def clipped(state: Floats, value: float) -> float:
    """Return a value as it counts: no farther out than so many deviations."""
    if state[WIDTH] < FEWEST:
        return value
    mean, farthest = state[TOTAL] / state[WIDTH], WIDEST * spread(state)
    return float(min(max(value, mean - farthest), mean + farthest))


@compiled(INT(VALUES, ARRAY, ARRAY, ARRAY))
def run(values: Floats, settings: Floats, state: Floats, found: Floats) -> int:
    """Take in values up to the first change, and return how many that were."""
    counts = state[HEAD : HEAD + LEVELS]
    most = int(settings[BUCKETS]) + 1
    tables = state[HEAD + LEVELS :].reshape((3, LEVELS, most))
    for i in range(values.size):
        raw = min(max(values[i], -LARGEST), LARGEST)
        value = raw
        if settings[STANDARDISE] == 1:
            # From the first value: an offset costs no digits, and a constant is 0.
            if state[WIDTH] == 0:
                state[SHIFT] = raw
            raw -= state[SHIFT]
            value = clipped(state, raw)
        insert(state, counts, tables, value, raw)
        state[TICK] += 1
        if state[TICK] % settings[CLOCK] == 0 and state[WIDTH] > settings[GRACE]:
            older = cut(state, settings, counts, tables)
            if older > 0:
                tell(state, counts, tables, older, found)
                state[:] = 0.0
                return i + 1
        if counts[LEVELS - 1] == most:
            state[:] = 0.0
    return values.size
