"""How long before a sample the one before it was, on a clock kept in an array."""

from __future__ import annotations

import numpy as np

from dataflows.detectors.array_detector import NO_TIME
from dataflows.state.arrays import Floats, Times

__all__ = ["elapsed_us", "new_clock"]

NEWEST, STEP = range(2)
USUAL_STEP_US = 1_000_000
"""The usual step between samples until two times are known."""


def new_clock() -> Times:
    """Return the clock of a detector that has seen no sample."""
    return np.array([NO_TIME, USUAL_STEP_US], np.int64)


def elapsed_us(times_us: Times, clock: Times) -> Floats:
    """Return the microseconds since the sample before each, and set the clock.

    They are whole numbers: NaN for the first sample of all, 0 or less where times
    repeat or run backwards. A single sample without a time comes one step (the last
    one above 0) later.

    >>> clock = new_clock()
    >>> elapsed_us(np.array([0, 500]), clock), elapsed_us(np.array([NO_TIME]), clock)
    (array([ nan, 500.]), array([500.]))
    """
    if len(times_us) == 1 and times_us[0] == NO_TIME:
        times_us = _one_step_later(clock)
    if not len(times_us):
        return np.empty(0)
    times = np.append(clock[NEWEST], times_us).astype(np.float64)
    elapsed = np.diff(times)  # of floats: exact until the year 2255, never an overflow
    if clock[NEWEST] == NO_TIME:
        elapsed[0] = np.nan
    forward = elapsed[elapsed > 0]
    if len(forward):
        clock[STEP] = int(min(forward[-1], 2.0**62))
    clock[NEWEST] = times_us[-1]
    return elapsed


def _one_step_later(clock: Times) -> Times:
    newest, step = clock.tolist()
    later = 0 if newest == NO_TIME else min(newest + step, np.iinfo(np.int64).max)
    return np.array([later], np.int64)
