"""The compiled part of the record envelope: features of a sample, and their records.

State: `scalars` as named below, the ring of the last 256 values, and a table of
envelopes, a row per feature. All is in the units of the filter that gave the errors
(see `recursive_least_squares`), and is carried over when these change.
"""

from __future__ import annotations

import math

from dataflows.state.arrays import Floats, Times
from dataflows.state.compiled import (
    ARRAY,
    FLOAT,
    INDICES,
    INT,
    NOTHING,
    TABLE,
    TABLES,
    compiled,
)

__all__ = ["BAND", "ENVELOPE", "EXCESS", "FEATURES", "IN_EPOCH", "MISSING_WEIGHT"]
__all__ += ["RING", "SCALARS", "SPREAD_FLOOR", "VETO", "fresh", "run", "run_many"]

IN_EPOCH, COUNT, SHORT, LONG, SHORT_SQUARES, LONG_SQUARES = range(6)
ERROR, MISSING_WEIGHT, CENTRE, HALF = range(6, 10)
SCALARS = 10
"""How many scalars the state has."""

VALUE, MEAN, DEVIATION, STILLNESS, SURPRISE = range(5)
FEATURES = 5
"""The features: value, mean64, std256, ln(std64 + c), EWMA of the absolute error."""

LOW, HIGH, OLD_LOW, OLD_HIGH = range(4)
BLOCK, BLOCK_COUNT = 4, 6  # lowest and highest of the block in progress
LAST, ONE_BEFORE = 7, 9  # the two finished blocks that wait
RUN, QUIET, EPISODES, SEEN, ACTIVE, MEASURE = 11, 12, 13, 14, 16, 17
BAND = 5  # the rows with the envelope of the value itself
EXCESS = 7
"""The row of the result where the excesses of the features start."""

ENVELOPE = 18
"""How many columns the table of envelopes has."""

# The order of the settings in the detector's array of numbers.
THRESHOLD, BLIND, VETO, LEAK, ABSORB, HABITUATE, FLOOR = range(7)

# The recipe's numbers that have no user.
RING = 256
SHORT_WINDOW = 64
BLOCK_SAMPLES = 64.0
SMOOTHING = 2 / 106  # of the EWMA: Telemanom's 5 % of 30 batches of 70
CLIP = 8.0  # as in the filter, whose values are no larger
SPREAD_FLOOR = 0.02  # c of feature 4
STILLNESS_FLOOR = 0.25  # least width of its envelope
NOTHING_LEFT = 1e-12  # a variance below is rounding
QUIET_SAMPLES = 100.0  # between two episodes


@compiled(NOTHING(ARRAY, INT), allocates=False)
def fresh(envelope: Floats, epochs: int) -> None:
    """Begin an envelope; keep aside what the last `epochs` (0 to 2) epochs had."""
    low, high = math.inf, -math.inf
    if epochs > 0:
        for k in (LOW, BLOCK, LAST, ONE_BEFORE):
            low = min(low, envelope[k])
            high = max(high, envelope[k + 1])
    if epochs > 1:
        low, high = min(low, envelope[OLD_LOW]), max(high, envelope[OLD_HIGH])
    envelope[:] = 0.0
    envelope[OLD_LOW], envelope[OLD_HIGH] = low, high
    for k in (LOW, BLOCK, LAST, ONE_BEFORE, SEEN):
        envelope[k], envelope[k + 1] = math.inf, -math.inf


@compiled(NOTHING(ARRAY, ARRAY), allocates=False)
def sum_again(scalars: Floats, ring: Floats) -> None:
    """Take the sums afresh, which removes all rounding so far."""
    scalars[SHORT] = scalars[SHORT_SQUARES] = 0.0
    scalars[LONG] = scalars[LONG_SQUARES] = 0.0
    count = int(scalars[COUNT])
    for back in range(1, min(count, RING) + 1):
        x = ring[(count - back) % RING]
        scalars[LONG] += x
        scalars[LONG_SQUARES] += x * x
        if back <= SHORT_WINDOW:
            scalars[SHORT] += x
            scalars[SHORT_SQUARES] += x * x


@compiled(FLOAT(FLOAT, FLOAT, FLOAT), allocates=False)
def carry(y: float, factor: float, shift: float) -> float:
    """Return `y` in other units, within what these can be; infinity stays."""
    if not math.isfinite(y):  # an end of an envelope that is empty
        return y
    return min(max(y * factor + shift, -CLIP), CLIP)


@compiled(NOTHING(ARRAY, ARRAY, TABLE, FLOAT, FLOAT), allocates=False)
def move(
    scalars: Floats, ring: Floats, envelopes: Floats, centre: float, half: float
) -> None:
    """Carry all over to other units."""
    before = scalars[HALF]
    factor, shift = before / half, (scalars[CENTRE] - centre) / half
    scalars[CENTRE], scalars[HALF] = centre, half
    if before == 0:
        return
    for k in range(RING):
        ring[k] = carry(ring[k], factor, shift)
    sum_again(scalars, ring)
    scalars[ERROR] = carry(scalars[ERROR], factor, 0.0)
    for k in (LOW, OLD_LOW, BLOCK, LAST, ONE_BEFORE, SEEN):
        for end in (k, k + 1):
            for feature in (VALUE, MEAN):
                y = envelopes[feature, end]
                envelopes[feature, end] = carry(y, factor, shift)
            for feature in (DEVIATION, SURPRISE):
                y = envelopes[feature, end]
                envelopes[feature, end] = carry(y, factor, 0.0)
            y = envelopes[STILLNESS, end]
            if math.isfinite(y):
                spread = carry(max(math.exp(y) - SPREAD_FLOOR, 0.0), factor, 0.0)
                envelopes[STILLNESS, end] = math.log(spread + SPREAD_FLOOR)


@compiled(NOTHING(ARRAY, ARRAY, FLOAT), allocates=False)
def slide(scalars: Floats, ring: Floats, x: float) -> None:
    """Put a value in the ring, and move the sums on."""
    count = int(scalars[COUNT])
    if count >= SHORT_WINDOW:
        leaving = ring[(count - SHORT_WINDOW) % RING]
        scalars[SHORT] -= leaving
        scalars[SHORT_SQUARES] -= leaving * leaving
    if count >= RING:
        leaving = ring[count % RING]
        scalars[LONG] -= leaving
        scalars[LONG_SQUARES] -= leaving * leaving
    ring[count % RING] = x
    scalars[SHORT] += x
    scalars[SHORT_SQUARES] += x * x
    scalars[LONG] += x
    scalars[LONG_SQUARES] += x * x
    scalars[COUNT] = count + 1
    if (count + 1) % RING == 0:
        sum_again(scalars, ring)


@compiled(FLOAT(FLOAT, FLOAT, FLOAT), allocates=False)
def deviation(total: float, squares: float, count: float) -> float:
    """Return the standard deviation of `count` values."""
    mean = total / count
    variance = squares / count - mean * mean
    return math.sqrt(variance) if variance >= NOTHING_LEFT else 0.0


@compiled(NOTHING(ARRAY, FLOAT, TABLE), allocates=False)
def measure(scalars: Floats, error: float, envelopes: Floats) -> None:
    """Write the features of the newest value in the ring but the value itself."""
    short = min(scalars[COUNT], float(SHORT_WINDOW))
    long = min(scalars[COUNT], float(RING))
    envelopes[MEAN, MEASURE] = scalars[SHORT] / short
    envelopes[DEVIATION, MEASURE] = deviation(
        scalars[LONG], scalars[LONG_SQUARES], long
    )
    spread = deviation(scalars[SHORT], scalars[SHORT_SQUARES], short)
    envelopes[STILLNESS, MEASURE] = math.log(spread + SPREAD_FLOOR)
    scalars[ERROR] += SMOOTHING * (abs(error) - scalars[ERROR])
    scalars[MISSING_WEIGHT] *= 1 - SMOOTHING
    envelopes[SURPRISE, MEASURE] = scalars[ERROR] / (1 - scalars[MISSING_WEIGHT])


@compiled(NOTHING(TABLE, INT), allocates=False)
def finish_block(envelopes: Floats, f: int) -> None:
    """Let the block that waited longest into the envelope, and begin another.

    A block waits for two more, so that a slow onset is not learnt before it alarms.
    """
    envelope = envelopes[f]
    envelope[LOW] = min(envelope[LOW], envelope[ONE_BEFORE])
    envelope[HIGH] = max(envelope[HIGH], envelope[ONE_BEFORE + 1])
    for end in range(2):
        envelope[ONE_BEFORE + end] = envelope[LAST + end]
        envelope[LAST + end] = envelope[BLOCK + end]
    envelope[BLOCK], envelope[BLOCK + 1] = math.inf, -math.inf
    envelope[BLOCK_COUNT] = 0.0


@compiled(INT(TABLE, INT, FLOAT, FLOAT, ARRAY), allocates=False)
def accept(envelopes: Floats, f: int, y: float, excess: float, settings: Floats) -> int:
    """Return whether to learn `y`: not while alarming, unless for long or often."""
    envelope = envelopes[f]
    envelope[QUIET] += 1
    if excess < 1:
        envelope[RUN] = 0.0
        if envelope[QUIET] > QUIET_SAMPLES:
            if envelope[EPISODES] >= settings[HABITUATE]:
                envelope[LOW] = min(envelope[LOW], envelope[SEEN])
                envelope[HIGH] = max(envelope[HIGH], envelope[SEEN + 1])
                envelope[SEEN], envelope[SEEN + 1] = math.inf, -math.inf
                envelope[EPISODES] = 0.0
            envelope[ACTIVE] = 0.0
        return True
    envelope[EPISODES] += 1 - envelope[ACTIVE]
    envelope[ACTIVE], envelope[QUIET] = 1.0, 0.0
    envelope[RUN] += 1
    envelope[SEEN] = min(envelope[SEEN], y)
    envelope[SEEN + 1] = max(envelope[SEEN + 1], y)
    return int(envelope[RUN] > settings[ABSORB])


@compiled(NOTHING(TABLE), allocates=False)
def widen(envelopes: Floats) -> None:
    """Take all features into their envelopes at once, as at the start of an epoch."""
    for f in range(FEATURES):
        envelopes[f, LOW] = min(envelopes[f, LOW], envelopes[f, MEASURE])
        envelopes[f, HIGH] = max(envelopes[f, HIGH], envelopes[f, MEASURE])


@compiled(NOTHING(TABLE, ARRAY, FLOAT, TABLE, INT), allocates=False)
def judge(
    envelopes: Floats, settings: Floats, veto: float, out: Floats, i: int
) -> None:
    """Write by how much each feature is outside its envelope, then learn it."""
    leak = 0.5 / settings[LEAK]
    for f in range(FEATURES):
        y = envelopes[f, MEASURE]
        low, high = envelopes[f, LOW], envelopes[f, HIGH]
        width = leak * (high - low)
        if veto:
            low = min(low, envelopes[f, OLD_LOW])
            high = max(high, envelopes[f, OLD_HIGH])
        excess = max(y - high if f != STILLNESS else low - y, 0.0)
        if f < DEVIATION:
            excess = max(excess, low - y)
        if excess > 0 or f == VALUE:
            floor = STILLNESS_FLOOR if f == STILLNESS else settings[FLOOR]
            excess /= settings[THRESHOLD] * max(high - low, floor)
            out[EXCESS + f, i] = excess
            if f == VALUE:
                out[BAND, i], out[BAND + 1, i] = low, high
            if excess > out[0, i] or f == VALUE:
                out[0, i], out[1, i], out[2, i] = excess, f, y
                out[3, i], out[4, i] = low, high
        if excess >= 1 or envelopes[f, ACTIVE] != 0:
            if not accept(envelopes, f, y, excess, settings):
                continue
        envelopes[f, LOW] += width
        envelopes[f, HIGH] -= width
        envelopes[f, BLOCK] = min(envelopes[f, BLOCK], y)
        envelopes[f, BLOCK + 1] = max(envelopes[f, BLOCK + 1], y)
        envelopes[f, BLOCK_COUNT] += 1
        if envelopes[f, BLOCK_COUNT] >= BLOCK_SAMPLES:
            finish_block(envelopes, f)


@compiled(NOTHING(TABLE, INT, INT, ARRAY, ARRAY, ARRAY, TABLE, TABLE), allocates=False)
def run_some(
    predicted: Floats,
    begin: int,
    end: int,
    settings: Floats,
    scalars: Floats,
    ring: Floats,
    envelopes: Floats,
    out: Floats,
) -> None:
    """Do what `run` does for the samples from `begin` to before `end`."""
    for i in range(begin, end):
        x, error = predicted[0, i], predicted[1, i]
        centre, half = predicted[2, i], predicted[3, i]
        if math.isnan(x):
            out[:, i] = math.nan
            continue
        if centre != scalars[CENTRE] or half != scalars[HALF]:
            move(scalars, ring, envelopes, centre, half)
        slide(scalars, ring, x)
        envelopes[VALUE, MEASURE] = x
        measure(scalars, error, envelopes)
        out[:, i] = 0.0
        out[3, i] = out[4, i] = out[BAND, i] = out[BAND + 1, i] = math.nan
        if scalars[IN_EPOCH] < settings[BLIND]:
            widen(envelopes)
        else:
            veto = 1.0 if scalars[IN_EPOCH] < settings[VETO] else 0.0
            judge(envelopes, settings, veto, out, i)
        scalars[IN_EPOCH] += 1


@compiled(NOTHING(TABLE, ARRAY, ARRAY, ARRAY, TABLE, TABLE), allocates=False)
def run(
    predicted: Floats,
    settings: Floats,
    scalars: Floats,
    ring: Floats,
    envelopes: Floats,
    out: Floats,
) -> None:
    """Score, then learn, each sample of what the filter wrote.

    A column of the result holds score, feature, its measure, low and high end of its
    envelope (NaN in the blind part), the ends of the value's own, then the excess of
    each feature.
    """
    run_some(predicted, 0, predicted.shape[1], settings, scalars, ring, envelopes, out)


@compiled(
    NOTHING(TABLE, TABLE, INDICES, INDICES, INDICES, ARRAY, TABLE, TABLE, TABLES),
    allocates=False,
)
def run_many(
    predicted: Floats,
    out: Floats,
    begins: Times,
    ends: Times,
    rows: Times,
    settings: Floats,
    scalars: Floats,
    rings: Floats,
    envelopes: Floats,
) -> None:
    """Do it for the runs of many parameters with the same settings.

    Samples `begins[k]` to before `ends[k]` are those of the parameter with the state
    in row `rows[k]`.
    """
    for k in range(rows.size):
        row = rows[k]
        run_some(
            predicted,
            begins[k],
            ends[k],
            settings,
            scalars[row],
            rings[row],
            envelopes[row],
            out,
        )
