"""A clock tells what comes late, also one by one, and when it was set back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataflows.state.arrival_clock import (
    NEWEST,
    REBASE_SAMPLES,
    arrival_clock,
    in_time,
    take,
)


@given(st.lists(st.integers(0, 400), max_size=400), st.integers(0, 400))
def test_runs_and_single_samples_give_the_same(times: list[int], cut: int):
    whole, single, cut_up = arrival_clock(), arrival_clock(), arrival_clock()
    times_us = np.array(times, np.int64)
    found = in_time(whole, times_us).tolist()
    assert found == [i for i, time in enumerate(times) if take(single, time)]
    first = in_time(cut_up, times_us[:cut]).tolist()
    rest = in_time(cut_up, times_us[cut:]) + len(times_us[:cut])
    assert first + rest.tolist() == found
    assert whole.tolist() == single.tolist() == cut_up.tolist()


@pytest.mark.parametrize("cut", [1, 50, 99, 100, 101])
def test_a_clock_is_set_back_by_a_hundred_late_samples_in_order(cut: int):
    clock = arrival_clock()
    take(clock, 10_000)
    times_us = np.arange(1, 200)
    found = [*in_time(clock, times_us[:cut]), *(in_time(clock, times_us[cut:]) + cut)]
    assert times_us[found].tolist() == [*range(REBASE_SAMPLES, 200)]
    assert clock[NEWEST] == 199


@pytest.mark.parametrize("times", [2, 3])
def test_a_clock_is_set_back_also_where_every_sample_comes_more_than_once(times: int):
    clock = arrival_clock()
    take(clock, 10_000)
    times_us = np.repeat(np.arange(1, 200), times)
    found = times_us[in_time(clock, times_us)]
    assert found.tolist() == [*range(REBASE_SAMPLES, 200)]


def test_one_sample_told_again_and_again_sets_no_clock_back():
    clock = arrival_clock()
    take(clock, 10_000)
    assert in_time(clock, np.full(1000, 5)).tolist() == []
    assert clock[NEWEST] == 10_000


def test_late_samples_in_disorder_set_no_clock_back():
    clock = arrival_clock()
    take(clock, 10_000)
    times_us = np.concatenate([np.arange(0, 99), np.arange(0, 99)])
    assert in_time(clock, times_us).tolist() == []
    assert clock[NEWEST] == 10_000
