"""The detectors that know nothing do what their names say."""

import numpy as np
import pytest

from dataflows.backtest.scoring.baselines import (
    always_on,
    fixed_limits,
    moving_z_score,
    random_alarms,
)


def test_limits_are_the_past_range_and_a_margin():
    past = np.array([0.0, np.nan, 10.0])
    # A tenth of 10 on both sides: -1 to 11.
    values = np.array([-1.01, -1.0, 5.0, np.nan, 11.0, 11.01])
    expected = [True, False, False, False, False, True]
    assert fixed_limits(values, past).tolist() == expected


@pytest.mark.parametrize("past", [np.array([]), np.array([np.nan])])
def test_without_a_past_there_are_no_limits(past):
    assert not fixed_limits(np.array([1e9]), past).any()


def by_definition(values, window, threshold, persistence):
    far = [False] * len(values)
    for i in range(window, len(values)):
        before = values[i - window : i]
        far[i] = abs(values[i] - before.mean()) > threshold * before.std()
    return [
        all(far[i - persistence + 1 : i + 1]) and i + 1 >= persistence
        for i in range(len(values))
    ]


def test_the_z_score_is_the_one_of_the_window_before():
    values = np.random.default_rng(3).normal(20, 2, 400)
    values[200:210] += 9
    values[300] += 30
    found = moving_z_score(values, 50, 3.0, 2).tolist()
    assert found == by_definition(values, 50, 3.0, 2)
    assert any(found[201:210])
    assert not found[300]  # alone


def test_a_jump_from_a_constant_is_far():
    values = np.full(60, 5.0)
    assert not moving_z_score(values, 20, 4.0, 1).any()
    values[40] = 5.1
    assert np.flatnonzero(moving_z_score(values, 20, 4.0, 1)).tolist() == [40]


def test_values_that_were_not_acquired_are_passed_over():
    values = np.append(
        np.random.default_rng(1).normal(size=100), [np.nan, 50, np.inf, 50]
    )
    found = moving_z_score(values, 100, 3.0, 2)
    assert np.flatnonzero(found).tolist() == [103]


@pytest.mark.parametrize("samples", [0, 3, 5])
def test_short_series_have_no_z_score(samples):
    assert moving_z_score(np.arange(float(samples))).tolist() == [False] * samples


def test_always_on_is():
    assert always_on(3).all()


def test_random_alarms_depend_on_channel_and_seed_only():
    one = random_alarms(100_000, "P-1")
    assert (one == random_alarms(100_000, "P-1")).all()
    assert (one != random_alarms(100_000, "P-2")).any()
    assert (one != random_alarms(100_000, "P-1", seed=1)).any()
    # 25 are expected; five standard deviations are 25.
    assert 1 <= one.sum() <= 50
