"""The compiled part of predicting a sample from those before it and from commands.

Recursive least squares with exponential forgetting (Haykin, Adaptive Filter Theory,
chapter 10), with the numbers of the SMAP/MSL study: the inputs are the last ten
samples, 1, and for every context column a memory that decays over 30 samples.

The filter works in units of its own: the value less a centre, over half the range
that the parameter had so far. So the same start suits every parameter, and all
results are the same for values in other units. What was learnt is carried over when
the units change.

State: `scalars` as named below; `vectors`, rows of weights, inputs and scratch; and
the matrix `inverse` (of the inputs' correlations). The columns of the last two stand
for the last ten samples, newest first, then 1, then the context columns, then zeros up
to a multiple of four, which vector instructions like.
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
    TABLES,
    VALUES,
    compiled,
)

__all__ = ["FIXED", "HALF", "IDLE", "INDEX", "OTHER", "PRIOR", "SCALARS"]
__all__ += ["predict", "predict_many"]

CENTRE, HALF, LOW, HIGH, OTHER, COUNT, COLUMNS, IDLE, FIXED = range(9)
SCALARS = 9
"""How many scalars the state has."""

ORDER = 10
INDEX = ORDER + 1
"""Where the context columns start among the inputs, after the lags and 1."""

FORGETTING = 0.9995  # per sample: a memory of some 2000 samples
PRIOR = 10.0  # on the diagonal of the inverse at the start
MOST = 1e4  # on that diagonal: what is not excited grows by 1 / FORGETTING
DECAY = math.exp(-1 / 30)  # of the memory of a command, per sample
FORGOTTEN = 1e-9  # memories below are 0, which costs no work
MOST_CONTEXT = 1e3  # flags, modes and counts are far below

LARGEST = 1e150  # as in the other kernels: squares stay finite
SMALLEST = 1e-150
DUST = 1e-9  # of the level: what rounding and calibration leave on a constant
LEAK_SAMPLES = 12000.0  # the time in which the range forgets what is not reached
LEAK_EVERY = 64  # samples: often enough
CLIP = 8.0  # half ranges: a glitch must not rule all that is learnt
FIXED_CLIP = 1e6
GROWTH = 0.25  # of the range: the most by which one sample may widen it
BEYOND = 1e3  # times the unit: no growth is as fast, but that of a constant


@compiled(NOTHING(ARRAY, FLOAT), allocates=False)
def seed(scalars: Floats, value: float) -> None:
    """Set the first range: of three values, of which one may be a glitch, the nearest.

    The three are the first, the first that differs, and the next that does.
    """
    first, other = scalars[LOW], scalars[OTHER]
    if value == first:
        return
    scalars[OTHER] = value
    if math.isnan(other):
        return
    if value != other and abs(value - other) < min(
        abs(value - first), abs(other - first)
    ):
        first = other
    elif abs(other - first) < abs(value - first):
        value = other
    scalars[LOW], scalars[HIGH] = min(first, value), max(first, value)


@compiled(NOTHING(ARRAY, FLOAT), allocates=False)
def widen(scalars: Floats, value: float) -> None:
    """Let the range forget a little, then take in the value.

    No single sample decides: a width that is known grows by a quarter at most.
    """
    if scalars[COUNT] == 0:
        scalars[LOW] = scalars[HIGH] = value
    low, high = scalars[LOW], scalars[HIGH]
    if low == high:
        seed(scalars, value)
        return
    leak = 0.0
    if int(scalars[COUNT]) % LEAK_EVERY == 0:
        leak = 0.5 * (high - low) * LEAK_EVERY / LEAK_SAMPLES
    most = GROWTH * max(high - low, DUST * max(abs(low), abs(high)), SMALLEST)
    scalars[LOW] = min(low + leak, max(value, low - most))
    scalars[HIGH] = max(high - leak, min(value, high + most))


@compiled(NOTHING(TABLE, TABLE, FLOAT, FLOAT), allocates=False)
def move_inputs(vectors: Floats, inverse: Floats, factor: float, shift: float) -> None:
    """Carry over to z' = (z - shift) / factor what was learnt of the samples z."""
    weights, inputs = vectors[0], vectors[1]
    total = 0.0
    for r in range(ORDER):
        inputs[r] = (inputs[r] - shift) / factor
        total += weights[r]
    weights[ORDER] += shift * total - shift
    for r in range(ORDER, weights.size):
        weights[r] /= factor
    # The correlations of z' are exact, but in wider units what was learnt in narrow
    # ones would count for next to nothing: no less than at the start.
    largest = 0.0
    for r in range(ORDER):
        largest = max(largest, inverse[r, r])
    factor = min(factor, max(1.0, math.sqrt(PRIOR / largest)))
    size = inverse.shape[0]
    for r in range(ORDER):
        for c in range(size):
            inverse[ORDER, c] += shift * inverse[r, c]
    for c in range(size):
        for r in range(ORDER):
            inverse[c, ORDER] += shift * inverse[c, r]
    for r in range(size):
        for c in range(ORDER):
            inverse[c, r] *= factor
            inverse[r, c] *= factor
    for r in range(size):  # once more the same bits on both sides
        for c in range(r):
            inverse[c, r] = inverse[r, c]


@compiled(NOTHING(ARRAY, TABLE, TABLE), allocates=False)
def restart(scalars: Floats, vectors: Floats, inverse: Floats) -> None:
    """Forget the weights, and expect the next sample to be like the last."""
    used = INDEX + int(scalars[COLUMNS])
    vectors[0, :] = 0.0
    vectors[0, 0] = 1.0
    inverse[:, :] = 0.0
    for r in range(used):
        inverse[r, r] = PRIOR
    scalars[IDLE] = PRIOR


@compiled(NOTHING(ARRAY, TABLE, TABLE), allocates=False)
def follow_range(scalars: Floats, vectors: Floats, inverse: Floats) -> None:
    """Change the units if the range has become another."""
    if scalars[FIXED]:
        return
    low, high = scalars[LOW], scalars[HIGH]
    middle = 0.5 * (low + high)
    half = max(0.5 * (high - low), DUST * abs(middle), SMALLEST)
    centre, before = scalars[CENTRE], scalars[HALF]
    same = 0.5 * before <= half <= 1.2 * before
    if same and abs(middle - centre) <= before:
        return
    scalars[CENTRE], scalars[HALF] = middle, half
    if before == 0:
        return
    factor, shift = half / before, (middle - centre) / before
    if 1 / BEYOND < factor < BEYOND and abs(shift) < BEYOND:
        move_inputs(vectors, inverse, factor, shift)
        return
    # Only a constant so far: in its units there was nothing to learn.
    restart(scalars, vectors, inverse)
    for r in range(ORDER):
        vectors[1, r] = min(max(-shift / factor, -CLIP), CLIP)


@compiled(FLOAT(ARRAY, ARRAY), allocates=False)
def product(a: Floats, b: Floats) -> float:
    """Return the inner product; four sums at a time do not wait for each other."""
    s0 = s1 = s2 = s3 = 0.0
    for r in range(0, a.size, 4):
        s0 += a[r] * b[r]
        s1 += a[r + 1] * b[r + 1]
        s2 += a[r + 2] * b[r + 2]
        s3 += a[r + 3] * b[r + 3]
    return (s0 + s1) + (s2 + s3)


@compiled(NOTHING(ARRAY, TABLE, TABLE, FLOAT), allocates=False)
def learn(scalars: Floats, vectors: Floats, inverse: Floats, error: float) -> None:
    """Move the weights to where they would have predicted better."""
    weights, inputs, gain = vectors[0], vectors[1], vectors[2]
    size = weights.size
    gain[:] = 0.0
    for r in range(size):
        z = inputs[r]
        if z != 0.0:
            for c in range(size):
                gain[c] += z * inverse[r, c]
    spread = FORGETTING + product(inputs, gain)
    if not 0.5 < spread < LARGEST:  # rounding has ruined the matrix
        restart(scalars, vectors, inverse)
        return
    step = error / spread
    for c in range(size):
        weights[c] += step * gain[c]
    # A square root on either side keeps the matrix symmetric to the last bit.
    root = 1.0 / math.sqrt(spread)
    for c in range(size):
        gain[c] *= root
    largest = 0.0
    for r in range(size):
        g = gain[r]
        for c in range(size):
            inverse[r, c] = (inverse[r, c] - g * gain[c]) * (1 / FORGETTING)
        largest = max(largest, inverse[r, r])
    # A column that is not in use yet fares as if it had been here all the time.
    scalars[IDLE] = min(scalars[IDLE] / FORGETTING, MOST)
    if largest > MOST:
        for r in range(size):
            for c in range(size):
                inverse[r, c] *= 0.5
        scalars[IDLE] *= 0.5


@compiled(NOTHING(ARRAY, TABLE, TABLE, ARRAY, TABLE, ARRAY, INT), allocates=False)
def take_context(
    scalars: Floats,
    vectors: Floats,
    inverse: Floats,
    starts: Floats,
    columns: Floats,
    places: Floats,
    i: int,
) -> None:
    """Let the memories of commands decay, then add the commands of this sample."""
    while scalars[COLUMNS] < starts.size and starts[int(scalars[COLUMNS])] <= i:
        used = INDEX + int(scalars[COLUMNS])
        inverse[used, used] = scalars[IDLE]
        scalars[COLUMNS] += 1
    memory = vectors[1, INDEX:]
    for c in range(int(scalars[COLUMNS])):
        memory[c] *= DECAY
        if abs(memory[c]) < FORGOTTEN:
            memory[c] = 0.0
    for row in range(places.size):
        number = columns[row, i]
        if number != 0 and math.isfinite(number):
            memory[int(places[row])] += min(max(number, -MOST_CONTEXT), MOST_CONTEXT)


@compiled(
    NOTHING(VALUES, INT, INT, ARRAY, TABLE, ARRAY, ARRAY, TABLE, TABLE, TABLE),
    allocates=False,
)
def predict_some(
    values: Floats,
    begin: int,
    end: int,
    starts: Floats,
    columns: Floats,
    places: Floats,
    scalars: Floats,
    vectors: Floats,
    inverse: Floats,
    out: Floats,
) -> None:
    """Do what `predict` does for the samples from `begin` to before `end`.

    The context begins with the first of them.
    """
    inputs = vectors[1]
    for i in range(begin, end):
        value = min(max(values[i], -LARGEST), LARGEST)
        if math.isfinite(values[i]):
            if scalars[COUNT] == 0:
                widen(scalars, value)
                follow_range(scalars, vectors, inverse)
            clip = FIXED_CLIP if scalars[FIXED] else CLIP
            x = (value - scalars[CENTRE]) / scalars[HALF]
            x = min(max(x, -clip), clip)
            out[0, i], out[1, i] = x, 0.0
            out[2, i], out[3, i] = scalars[CENTRE], scalars[HALF]
            if scalars[COUNT] >= ORDER:
                error = x - product(vectors[0], inputs)
                if math.isnan(error):  # weights have grown beyond all numbers
                    restart(scalars, vectors, inverse)
                    error = 0.0
                # Values differ by 2 clips at most: a larger error is the filter's.
                out[1, i] = min(max(error, -2 * clip), 2 * clip)
                learn(scalars, vectors, inverse, out[1, i])
            for r in range(ORDER - 1, 0, -1):
                inputs[r] = inputs[r - 1]
            inputs[0], inputs[ORDER] = x, 1.0
            inside = scalars[LOW] <= value <= scalars[HIGH]
            if not inside or int(scalars[COUNT]) % LEAK_EVERY == 0:
                widen(scalars, value)
                follow_range(scalars, vectors, inverse)
            scalars[COUNT] += 1
        else:
            out[:, i] = np.nan
        if starts.size > 0:
            at = i - begin
            take_context(scalars, vectors, inverse, starts, columns, places, at)


@compiled(
    NOTHING(VALUES, ARRAY, TABLE, ARRAY, ARRAY, TABLE, TABLE, TABLE), allocates=False
)
def predict(
    values: Floats,
    starts: Floats,
    columns: Floats,
    places: Floats,
    scalars: Floats,
    vectors: Floats,
    inverse: Floats,
    out: Floats,
) -> None:
    """Write value, error, centre and unit of each sample, then learn from it.

    `columns` is a table of context, a row per name, and `places` says which context
    column each row is. `starts` gives the sample from which a context column is in
    use. Value and error are in the filter's units: `centre + value * unit` is what
    was measured. The error is NaN where the value is, and 0 for the first ten samples.
    """
    predict_some(
        values,
        0,
        values.size,
        starts,
        columns,
        places,
        scalars,
        vectors,
        inverse,
        out,
    )


@compiled(
    NOTHING(
        *(VALUES, TABLE, INDICES, INDICES, INDICES, TABLE, TABLES, TABLES),
        *(ARRAY, TABLE, ARRAY),
    ),
    allocates=False,
)
def predict_many(
    values: Floats,
    out: Floats,
    begins: Times,
    ends: Times,
    rows: Times,
    scalars: Floats,
    vectors: Floats,
    inverses: Floats,
    starts: Floats,
    columns: Floats,
    places: Floats,
) -> None:
    """Do it for the runs of many parameters that know and share the same context.

    Samples `begins[k]` to before `ends[k]` are those of the filter with the state in
    row `rows[k]`; all runs are as long as the columns, if there are any.
    """
    for k in range(rows.size):
        row = rows[k]
        predict_some(
            values,
            begins[k],
            ends[k],
            starts,
            columns,
            places,
            scalars[row],
            vectors[row],
            inverses[row],
            out,
        )
