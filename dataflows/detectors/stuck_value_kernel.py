"""The compiled part of the stuck value: the length of the present run of a value."""

from __future__ import annotations

import math

from dataflows.state.arrays import Floats
from dataflows.state.compiled import ARRAY, FLOAT, NOTHING, TABLE, VALUES, compiled

__all__ = ["STATE", "run"]

LEARNT, ANCHOR, SAMPLES, LASTED, LONGEST, REPEATS, JUDGED = range(7)
STATE = 7
"""How many scalars the state has."""

TOLERANCE, MOST_US, MOST_SAMPLES, LEARNS, WARM_UP, FACTOR, GAP_US = range(7)

BELOW_ONE = math.nextafter(1.0, 0.0)
FEWEST_SAMPLES = 10.0  # that a learnt limit can be: quantised noise repeats too
MOSTLY = 0.5  # of the samples repeat: such a value is expected to rest
FORGET_SAMPLES = 12000.0


@compiled(FLOAT(ARRAY, ARRAY))
def limit(state: Floats, settings: Floats) -> float:
    """Return how many samples a run may have."""
    if settings[LEARNS] == 0:
        return float(settings[MOST_SAMPLES])
    return float(max(settings[FACTOR] * state[LONGEST], FEWEST_SAMPLES))


@compiled(NOTHING(ARRAY, ARRAY, FLOAT))
def begin(state: Floats, settings: Floats, value: float) -> None:
    """Learn from the run that ended, and begin one at the value."""
    longest = state[SAMPLES]
    if state[JUDGED] == 1:
        longest = min(longest, limit(state, settings))
    state[LONGEST] = max(state[LONGEST], longest)
    state[ANCHOR] = value
    state[SAMPLES] = state[LASTED] = 0.0
    known = state[LEARNT] >= settings[WARM_UP]
    state[JUDGED] = 1.0 if known and state[REPEATS] < MOSTLY else 0.0


@compiled(FLOAT(ARRAY, ARRAY))
def score(state: Floats, settings: Floats) -> float:
    """Return the length of the run over what it may be; on the limit is within it."""
    if settings[LEARNS] == 1 and state[JUDGED] == 0:
        return 0.0
    ratio = state[SAMPLES] / limit(state, settings)
    if settings[MOST_US] < math.inf:
        lasted = state[LASTED] / settings[MOST_US]
        ratio = min(ratio, lasted) if settings[MOST_SAMPLES] < math.inf else lasted
    return BELOW_ONE if ratio == 1.0 else float(ratio)


@compiled(NOTHING(VALUES, VALUES, ARRAY, ARRAY, TABLE))
def run(
    elapsed: Floats, values: Floats, settings: Floats, state: Floats, out: Floats
) -> None:
    """Score, then learn, each value: score, samples, microseconds, limit, judged."""
    for i in range(values.size):
        still = state[SAMPLES] > 0 and elapsed[i] <= settings[GAP_US]
        still = still and abs(values[i] - state[ANCHOR]) <= settings[TOLERANCE]
        if still:
            state[LASTED] += max(elapsed[i], 0.0)
        else:
            begin(state, settings, values[i])
        state[SAMPLES] += 1
        out[0, i] = score(state, settings)
        out[1, i] = state[SAMPLES]
        out[2, i] = state[LASTED]
        out[3, i] = limit(state, settings)
        out[4, i] = state[JUDGED]
        if out[0, i] < 1.0:
            state[LEARNT] += 1
            weight = 1 / min(state[LEARNT], FORGET_SAMPLES)
            state[REPEATS] += weight * ((1.0 if still else 0.0) - state[REPEATS])
