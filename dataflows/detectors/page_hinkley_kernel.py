"""The compiled part of the Page-Hinkley test: sums of deviations either way."""

from __future__ import annotations

import math

from dataflows.state.arrays import Floats
from dataflows.state.compiled import ARRAY, FLOAT, INT, NOTHING, VALUES, compiled

__all__ = ["STATE", "run"]

COUNT, MEAN, SQUARES, UP, DOWN, LOWEST, HIGHEST = range(7)
# For each sum, the mean while there was half the evidence at most, and count and sum of
# the samples since.
UP_MEAN, UP_COUNT, UP_TOTAL, DOWN_MEAN, DOWN_COUNT, DOWN_TOTAL = range(7, 13)
STATE = 13
"""How many scalars the state has."""

# The order of the settings in the detector's table of rules.
MIN_INSTANCES, DELTA, THRESHOLD, ALPHA, INCREASES, DECREASES, STANDARDISE = range(7)

LARGEST = 1e100  # of a value: sums and squares stay finite
WIDEST = 10.0  # standard deviations that a sample can count for
DUST = 1e-9  # of the level: what rounding leaves on a constant
SMALLEST = 1e-12
FEWEST = 10.0  # samples that a spread is told from


@compiled(FLOAT(ARRAY, ARRAY, FLOAT))
def deviation(state: Floats, settings: Floats, value: float) -> float:
    """Take a value in the mean, and return how far from it the value lies."""
    state[COUNT] += 1
    before = state[MEAN]
    if settings[STANDARDISE] == 0:
        state[MEAN] += 1 / state[COUNT] * (value - before)
        return float(value - state[MEAN])
    count = state[COUNT] - 1
    spread = math.sqrt(state[SQUARES] / (count - 1)) if count > 1 else 0.0
    spread = max(spread, DUST * abs(before), SMALLEST)
    known = count >= max(settings[MIN_INSTANCES], FEWEST)
    if known:
        farthest = WIDEST * spread
        value = before + min(max(value - before, -farthest), farthest)
    state[MEAN] += (value - before) / state[COUNT]
    state[SQUARES] += (value - before) * (value - state[MEAN])
    return float((value - state[MEAN]) / spread) if known else 0.0


@compiled(NOTHING(ARRAY, ARRAY, FLOAT, FLOAT))
def add(state: Floats, settings: Floats, value: float, far: float) -> None:
    """Add a deviation to both sums; evidence is how far they are from their turn."""
    if state[COUNT] == 1:
        state[LOWEST] = math.inf
        state[HIGHEST] = -1.0  # as in River
    state[UP] = settings[ALPHA] * state[UP] + far - settings[DELTA]
    state[DOWN] = settings[ALPHA] * state[DOWN] + far + settings[DELTA]
    state[UP_COUNT] += 1
    state[UP_TOTAL] += value
    state[DOWN_COUNT] += 1
    state[DOWN_TOTAL] += value
    state[LOWEST] = min(state[LOWEST], state[UP])
    state[HIGHEST] = max(state[HIGHEST], state[DOWN])
    half = 0.5 * settings[THRESHOLD]
    if state[UP] - state[LOWEST] <= half:
        state[UP_MEAN] = state[MEAN]
        state[UP_COUNT] = state[UP_TOTAL] = 0.0
    if state[HIGHEST] - state[DOWN] <= half:
        state[DOWN_MEAN] = state[MEAN]
        state[DOWN_COUNT] = state[DOWN_TOTAL] = 0.0


@compiled(NOTHING(ARRAY, ARRAY, ARRAY))
def tell(state: Floats, settings: Floats, found: Floats) -> None:
    """Write the means and counts before and after a change, if there is one."""
    rose = state[UP] - state[LOWEST] > settings[THRESHOLD]
    fell = state[HIGHEST] - state[DOWN] > settings[THRESHOLD]
    rose = rose and settings[INCREASES] == 1
    fell = fell and settings[DECREASES] == 1
    if not rose and not fell:
        return
    before, later, total = state[UP_MEAN], state[UP_COUNT], state[UP_TOTAL]
    if not rose:
        before, later, total = state[DOWN_MEAN], state[DOWN_COUNT], state[DOWN_TOTAL]
    found[0] = before
    found[1] = total / later
    found[2] = state[COUNT] - later
    found[3] = later


@compiled(INT(VALUES, ARRAY, ARRAY, ARRAY))
def run(values: Floats, settings: Floats, state: Floats, found: Floats) -> int:
    """Take in values up to the first change, and return how many that were."""
    for i in range(values.size):
        value = min(max(values[i], -LARGEST), LARGEST)
        far = deviation(state, settings, value)
        add(state, settings, value, far)
        if state[COUNT] >= settings[MIN_INSTANCES]:
            tell(state, settings, found)
            if found[2] > 0:
                state[:] = 0.0
                return i + 1
    return values.size
