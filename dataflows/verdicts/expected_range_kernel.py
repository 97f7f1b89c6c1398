"""The compiled part of expected ranges: when to look at one, and when to tell it.

The state has a row a parameter, with the numbers below: NaN where nothing was yet.
"""

from __future__ import annotations

import math

from dataflows.state.arrays import Floats, Times
from dataflows.state.compiled import (
    ARRAY,
    FLOAT,
    INDICES,
    INT,
    TABLE,
    TIMES,
    VALUES,
    compiled,
)

__all__ = ["STATE", "find", "tell"]

LOOKED_AT, TOLD_AT, LOWER, UPPER = range(4)  # times are minutes since 1970
STATE = 4
"""How many numbers the state of a parameter has."""

MINUTE_US = 60_000_000
DAY_MINUTES = 1440
MOVED = 0.02  # a share of the width


@compiled(
    INT(TIMES, VALUES, INDICES, INDICES, INDICES, TABLE, INDICES, INDICES),
    allocates=False,
)
def find(
    times_us: Times,
    values: Floats,
    begins: Times,
    ends: Times,
    rows: Times,
    state: Floats,
    places: Times,
    runs: Times,
) -> int:
    """Find the first acquired sample of each minute; return how many there are.

    Run k is `begins[k]` to before `ends[k]`, with its state in row `rows[k]`. `places`
    get the samples found, and `runs` whose they are.
    """
    found = 0
    for k in range(rows.size):
        looked_at = state[rows[k], LOOKED_AT]
        for i in range(begins[k], ends[k]):
            minute = float(times_us[i] // MINUTE_US)
            if minute != looked_at and math.isfinite(values[i]):
                looked_at = minute
                places[found], runs[found] = i, k
                found += 1
        state[rows[k], LOOKED_AT] = looked_at
    return found


@compiled(INT(ARRAY, FLOAT, FLOAT, FLOAT), allocates=False)
def is_news(told: Floats, minute: float, lower: float, upper: float) -> int:
    """Return whether a range is to be told, after that which was told last."""
    was_low, was_high = told[LOWER], told[UPPER]
    if math.isnan(lower) != math.isnan(was_low):
        return True
    if math.isnan(upper) != math.isnan(was_high):
        return True
    if math.isnan(lower) and math.isnan(upper):
        return False
    width = was_high - was_low
    limit = 0.0 if math.isnan(width) else MOVED * width
    moved = abs(lower - was_low) > limit or abs(upper - was_high) > limit
    return int(moved or abs(minute - told[TOLD_AT]) >= DAY_MINUTES)


@compiled(
    INT(TIMES, INDICES, INDICES, INDICES, VALUES, VALUES, TABLE, INDICES),
    allocates=False,
)
def tell(
    times_us: Times,
    places: Times,
    runs: Times,
    rows: Times,
    lower: Floats,
    upper: Floats,
    state: Floats,
    told: Times,
) -> int:
    """Choose what to tell of the ranges of the samples found; return how many.

    `lower` and `upper` have an end for each of `places` (NaN = unknown), and `told`
    gets the indices of those to be told.
    """
    count = 0
    for k in range(places.size):
        last = state[rows[runs[k]]]
        minute = float(times_us[places[k]] // MINUTE_US)
        if is_news(last, minute, lower[k], upper[k]):
            last[TOLD_AT], last[LOWER], last[UPPER] = minute, lower[k], upper[k]
            told[count] = k
            count += 1
    return count
