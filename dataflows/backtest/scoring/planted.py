"""Faults planted into a recorded ascent, evenly, and whether alarms tell of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from dataflows.backtest.scoring import Flags, Span
from dataflows.state.arrays import Floats, Times

__all__ = ["KINDS", "ROUNDS", "Fault", "Told", "judge", "plant"]

KINDS = ("spike", "dropout", "zero", "stuck")
SAMPLES: Mapping[str, int] = {"dropout": 50, "stuck": 195, "zero": 50}
LONGEST_SPIKE_SAMPLES = 3
# m/s and km: what a spike adds, and the least error that a failure has to show.
SPIKES: Mapping[str, float] = {"velocity": 75.0, "altitude": 7.5}
SHOWN: Mapping[str, float] = {"velocity": 10.0, "altitude": 1.0}
WARM_UP_SAMPLES, EVERY_SAMPLES, AROUND_SAMPLES = 300, 600, 30
LONGEST_GAP_US = 1_000_000
# Of a fault: how long after its end an alarm still tells of it, and its trace lasts.
TOLD_US, TRACE_US = 500_000, 3_000_000

_CASES = tuple(product(KINDS, SPIKES))
ROUNDS = len(_CASES)
"""After so many rounds each place in the flight has had each fault."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What was done to which samples of a parameter."""

    kind: str
    parameter: str
    span: Span


@dataclass(frozen=True, slots=True)
class Told:
    """The faults that alarms told of, those they did not, and alarms of nothing."""

    found: tuple[Fault, ...]
    missed: tuple[Fault, ...]
    strays: int


def plant(
    times_us: Times, values: Mapping[str, Floats], turn: int
) -> tuple[dict[str, Floats], list[Fault]]:
    """Return a flight with faults, one at a time, and which they are.

    `turn` (below ROUNDS) shifts which fault comes where. None comes where samples are
    missing, nor where it would hardly show: a value stuck where it does not move.
    """
    spoiled = {name: column.copy() for name, column in values.items()}
    faults = []
    for slot, first in enumerate(range(WARM_UP_SAMPLES, len(times_us), EVERY_SAMPLES)):
        kind, parameter = _CASES[(slot + turn) % ROUNDS]
        length = SAMPLES.get(kind, 1 + slot % LONGEST_SPIKE_SAMPLES)
        span = Span(first, first + length - 1)
        clean = values[parameter]
        if not _whole(times_us, clean, span):
            continue
        sign = 1 if slot % 2 else -1
        shown = _shown(kind, clean, span, sign * SPIKES[parameter])
        error = np.abs(shown - clean[span.first : span.last + 1])
        if kind != "dropout" and error.max() < SHOWN[parameter]:
            continue
        spoiled[parameter][span.first : span.last + 1] = shown
        faults.append(Fault(kind, parameter, span))
    return spoiled, faults


def judge(
    times_us: Times,
    faults: Sequence[Fault],
    flags: Mapping[str, Flags],
    clean: Flags,
) -> Told:
    """Return which faults alarms tell of.

    `flags` has for each series whether its samples alarm; a fault is found by the
    series named after its parameter. `clean` tells where the flight without faults
    alarms: these are no strays, as they are counted already.
    """
    found: list[Fault] = []
    missed: list[Fault] = []
    explained = np.convolve(clean, np.ones(2 * AROUND_SAMPLES + 1), "same") > 0.5
    for fault in faults:
        explained |= _until(times_us, fault.span, TRACE_US)
        told = _until(times_us, fault.span, TOLD_US)
        near = (own for name, own in flags.items() if fault.parameter in name)
        (found if any(own[told].any() for own in near) else missed).append(fault)
    strays = np.logical_or.reduce(list(flags.values())) & ~explained
    begun = np.count_nonzero(np.diff(strays.astype(int), prepend=0) == 1)
    return Told(tuple(found), tuple(missed), int(begun))


def _whole(times_us: Times, clean: Floats, span: Span) -> bool:
    """Whether samples come steadily and have values, before and after too."""
    around = slice(span.first - AROUND_SAMPLES, span.last + AROUND_SAMPLES + 1)
    steady = np.diff(times_us[around]).max() <= LONGEST_GAP_US
    inside = span.last + AROUND_SAMPLES < len(times_us)
    return bool(inside and steady and np.isfinite(clean[around]).all())


def _shown(kind: str, clean: Floats, span: Span, spike: float) -> Floats:
    own = clean[span.first : span.last + 1]
    match kind:
        case "dropout":
            return np.full(len(own), np.nan)
        case "stuck":
            return np.full(len(own), clean[span.first - 1])
        case "zero":
            return np.zeros(len(own))
    # What would be below 0 counts as missing, not as a spike.
    return own + (abs(spike) if (own + spike < 0).any() else spike)


def _until(times_us: Times, span: Span, after_us: int) -> Flags:
    first_us, last_us = times_us[span.first], times_us[span.last] + after_us
    return np.asarray((times_us >= first_us) & (times_us <= last_us))
