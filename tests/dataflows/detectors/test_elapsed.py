"""How long before a sample the one before it was."""

import numpy as np

from dataflows.detectors.elapsed import elapsed_us, new_clock

SECOND = 1_000_000
YEAR = 365 * 86400 * SECOND


def test_times_that_repeat_run_backwards_or_are_far_apart_are_told():
    clock = new_clock()
    found = elapsed_us(np.array([5, 5, 3, YEAR]), clock)
    assert found[1:].tolist() == [0, -2, YEAR - 3]
    assert clock.tolist() == [YEAR, YEAR - 3]


def test_the_ends_of_time_do_not_overflow():
    ends = np.iinfo(np.int64)
    clock = new_clock()
    found = elapsed_us(np.array([ends.min + 1, ends.max, ends.min + 1]), clock)
    assert np.isfinite(found[1:]).all()
    assert np.isfinite(elapsed_us(np.array([ends.min]), clock)).all()
