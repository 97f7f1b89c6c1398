"""Which samples come late, and when that means that a clock on board was set back.

A clock is four int64: the newest time (microseconds since 1970 UTC), the code of the
epoch, how many samples came late in order, and the time of the last of these.
"""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

from dataflows.state.arrays import Times

__all__ = ["BEFORE_ALL", "EPOCH", "LATE", "NEWEST"]
__all__ += ["arrival_clock", "epoch_code", "in_time", "take"]

REBASE_SAMPLES = 100
NEWEST, EPOCH, LATE, LATEST_LATE = range(4)
BEFORE_ALL = np.iinfo(np.int64).min
_NO_EPOCH = -1


def arrival_clock() -> Times:
    """Return the clock of what has sent no sample yet."""
    return np.array([BEFORE_ALL, _NO_EPOCH, 0, BEFORE_ALL], np.int64)


def epoch_code(epoch: str) -> int:
    """Return the number that an epoch is remembered by."""
    return zlib.crc32(epoch.encode())


def in_time(clock: Times, times_us: Times) -> NDArray[np.intp]:
    """Return the indices of samples later than all before them.

    A clock on board may be set back: once as many samples as `REBASE_SAMPLES` in a
    row came late, but in order, the latest of them is the newest from then on. One that
    repeats the last of them, as when two stations hear the same, speaks neither way.

    >>> in_time(arrival_clock(), np.array([10, 30, 20, 40])).tolist()
    [0, 1, 3]
    """
    if len(times_us) and times_us[0] > clock[NEWEST]:
        if len(times_us) == 1 or (times_us[1:] > times_us[:-1]).all():
            clock[NEWEST], clock[LATE] = times_us[-1], 0
            return np.arange(len(times_us))
    return np.array(
        [i for i, t in enumerate(times_us.tolist()) if take(clock, t)], np.intp
    )


def take(clock: Times, time_us: int) -> bool:
    """Take in the time of a sample; return whether it is in time."""
    if time_us <= clock[NEWEST]:
        if clock[LATE] > 0 and time_us == clock[LATEST_LATE]:
            return False
        in_order = clock[LATE] > 0 and time_us > clock[LATEST_LATE]
        clock[LATE] = clock[LATE] + 1 if in_order else 1
        clock[LATEST_LATE] = time_us
        if clock[LATE] < REBASE_SAMPLES:
            return False
    clock[NEWEST], clock[LATE] = time_us, 0
    return True
