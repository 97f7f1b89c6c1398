"""The compiled part of the limits: the levels of values, and when they count.

A level is a soft (the first) or a hard (the second) violation. Each has a state of
its own: whether it is raised, how many samples and microseconds have spoken for a
change without a break, and on which side the violation was.
"""

from __future__ import annotations

import math

import numpy as np

from dataflows.state.arrays import Floats, Times
from dataflows.state.compiled import (
    ARRAY,
    FLOAT,
    INDICES,
    INT,
    NOTHING,
    TABLE,
    VALUES,
    compiled,
)

__all__ = ["STATE", "follow", "run", "run_many"]

BELOW_ONE = math.nextafter(1.0, 0.0)
BELOW_TWO = math.nextafter(2.0, 0.0)

RAISED, SAMPLES, LASTED, SIDE = range(4)
STATE = 4
"""How many scalars the state of a level has."""

RAISE_SAMPLES, RAISE_US, CLEAR_SAMPLES, CLEAR_US, DEADBAND = range(5)


@compiled(NOTHING(VALUES, INT, INT, ARRAY, TABLE), allocates=False)
def run_some(values: Floats, begin: int, end: int, edges: Floats, out: Floats) -> None:
    """Do what `run` does for the values from `begin` to before `end`."""
    hard_low, soft_low, soft_high, hard_high = edges
    middle = 0.5 * (soft_low + soft_high)
    for i in range(begin, end):
        value = values[i]
        if not math.isfinite(value):
            out[0, i] = np.nan
        elif value < hard_low or value > hard_high:
            out[0, i] = 2.0
        elif value > soft_high:
            out[0, i] = min(
                1 + (value - soft_high) / (hard_high - soft_high), BELOW_TWO
            )
        elif value < soft_low:
            out[0, i] = min(1 + (soft_low - value) / (soft_low - hard_low), BELOW_TWO)
        elif math.isfinite(middle):
            far = abs(value - middle) / (0.5 * (soft_high - soft_low))
            out[0, i] = min(far, BELOW_ONE)
        else:
            out[0, i] = 0.0


@compiled(NOTHING(VALUES, ARRAY, TABLE), allocates=False)
def run(values: Floats, edges: Floats, out: Floats) -> None:
    """Score each value by its soft and hard edges (infinite where there is none)."""
    run_some(values, 0, values.size, edges, out)


@compiled(NOTHING(VALUES, TABLE, INDICES, INDICES, INDICES, TABLE), allocates=False)
def run_many(
    values: Floats, out: Floats, begins: Times, ends: Times, rows: Times, edges: Floats
) -> None:
    """Do it for the runs of many parameters.

    Values `begins[k]` to before `ends[k]` have their edges in row `rows[k]`.
    """
    for k in range(rows.size):
        run_some(values, begins[k], ends[k], edges[rows[k]], out)


@compiled(INT(ARRAY, FLOAT, FLOAT, FLOAT, FLOAT))
def speaks(
    state: Floats, deadband: float, value: float, low: float, high: float
) -> int:
    """Return 1 if a value speaks for a change of its level's state, or else 0."""
    violated = value < low or value > high
    if violated:
        state[SIDE] = 1.0 if value > high else -1.0
    if state[RAISED] == 0:
        return int(violated)
    back = value <= high - deadband if state[SIDE] > 0 else value >= low + deadband
    return int(back and not violated)


@compiled(NOTHING(ARRAY, ARRAY, FLOAT, INT))
def step(state: Floats, settings: Floats, elapsed: float, change: int) -> None:
    """Count what speaks for a change, and raise or clear the level when due."""
    if change == 0:
        state[SAMPLES] = state[LASTED] = 0.0
        return
    samples, lasted = settings[RAISE_SAMPLES], settings[RAISE_US]
    if state[RAISED] == 1:
        samples, lasted = settings[CLEAR_SAMPLES], settings[CLEAR_US]
    state[LASTED] += max(elapsed, 0.0) if state[SAMPLES] > 0 else 0.0
    state[SAMPLES] += 1
    if state[SAMPLES] >= samples and state[LASTED] >= lasted:
        state[RAISED] = 1 - state[RAISED]
        state[SAMPLES] = state[LASTED] = 0.0


@compiled(NOTHING(ARRAY, ARRAY, TABLE, INT))
def hold(soft: Floats, hard: Floats, out: Floats, i: int) -> None:
    """Hold a score to the levels that are raised, and write what is waited for."""
    if hard[RAISED] == 1:
        out[0, i] = 2.0
    elif soft[RAISED] == 1:
        out[0, i] = min(max(out[0, i], 1.0), BELOW_TWO)
    else:
        out[0, i] = min(out[0, i], BELOW_ONE)
    # The count that people wait for: the hard level's once the soft one is raised.
    of = soft
    if hard[RAISED] == 1 or (soft[RAISED] == 1 and hard[SAMPLES] > 0):
        of = hard
    out[1, i] = of[SAMPLES]
    out[2, i] = of[LASTED]
    out[3, i] = of[SIDE]


@compiled(NOTHING(VALUES, VALUES, ARRAY, ARRAY, TABLE, TABLE))
def follow(
    elapsed: Floats,
    values: Floats,
    edges: Floats,
    settings: Floats,
    levels: Floats,
    out: Floats,
) -> None:
    """Let the scores that `run` wrote wait, and stay, as long as the settings say.

    Rows 1 and 2 get the samples and microseconds that speak for the next change, and
    row 3 the side of the last violation.
    """
    hard_low, soft_low, soft_high, hard_high = edges
    soft, hard, deadband = levels[0], levels[1], settings[DEADBAND]
    for i in range(values.size):
        change = speaks(soft, deadband, values[i], soft_low, soft_high)
        step(soft, settings, elapsed[i], change)
        change = speaks(hard, deadband, values[i], hard_low, hard_high)
        step(hard, settings, elapsed[i], change)
        hold(soft, hard, out, i)
