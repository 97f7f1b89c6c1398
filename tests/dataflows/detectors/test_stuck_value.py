"""Values that no longer change."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dataflows.detectors import Detector
from dataflows.detectors.stuck_value import StuckValue

SECOND = 1_000_000
YEAR = 365 * 86400 * SECOND
NAN = float("nan")


def update(detector: Detector, seconds, values) -> list[float]:
    times = np.round(np.array(seconds, np.float64) * SECOND).astype(np.int64)
    scores: list[float] = detector.update(times, np.array(values, np.float64)).tolist()
    return [round(score, 9) for score in scores]


def test_time_and_samples_must_both_pass():
    by_time = StuckValue(longest_seconds=2.0)
    assert update(by_time, range(5), [7] * 5) == [0, 0.5, 1, 1.5, 2]
    assert (by_time.update(np.array([2 * SECOND]), np.array([8.0])) < 1).all()
    both = StuckValue(longest_seconds=2.0, longest_samples=10)
    assert update(both, range(5), [7] * 5) == [0, 0.2, 0.3, 0.4, 0.5]


def test_on_the_limit_is_within_it():
    by_time = StuckValue(longest_seconds=2.0)
    scores = by_time.update(np.arange(4) * SECOND, np.full(4, 7.0))
    assert (scores >= 1).tolist() == [False, False, False, True]


def test_a_change_within_the_tolerance_is_none_but_a_creep_is_one():
    detector = StuckValue(longest_samples=2, tolerance=0.5)
    assert update(detector, range(4), [1, 1.4, 0.6, 1.5])[-1] == 2
    assert max(update(detector, range(20), np.arange(20) * 0.3)) <= 1


def test_a_long_gap_ends_a_run():
    detector = StuckValue(longest_seconds=100.0, longest_gap_seconds=60.0)
    assert update(detector, [0, 60, YEAR / SECOND], [7] * 3) == [0, 0.6, 0]


def test_a_value_that_never_rests_and_then_freezes_is_found():
    detector = StuckValue(warm_up_samples=100)
    moving = np.random.default_rng(1).normal(size=300)
    values = np.append(moving, np.full(40, 0.5))
    scores = detector.update(np.arange(340) * SECOND, values)
    assert np.flatnonzero(scores >= 1)[0] == 310  # the eleventh equal one
    assert detector.explain(339).text == (
        "0.5 has not changed in 40 samples and 39 s "
        "(10 samples at most, by what was seen before)."
    )
    assert detector.severities(scores[[309, 310, 339]]).tolist() == [0, 1, 3]


def test_the_longest_run_so_far_sets_the_limit():
    detector = StuckValue(warm_up_samples=100, factor=2.0)
    rng = np.random.default_rng(2)
    values = rng.normal(size=400)
    values[50:70] = 3.0
    values[200:235] = 4.0
    values[300:372] = 5.0
    scores = detector.update(np.arange(400), values)
    assert np.flatnonzero(scores >= 1).tolist() == [370, 371]


def test_a_value_that_was_stuck_for_long_is_found_the_next_time_too():
    """It teaches no more than that a run as long as its limit is usual."""
    detector = StuckValue(warm_up_samples=100, factor=2.0)
    moving = np.random.default_rng(4).normal(size=300)
    for most in (10, 20, 40):
        scores = detector.update(np.arange(2300), np.append(moving, np.full(2000, 0.5)))
        assert np.flatnonzero(scores >= 1)[0] == 300 + most


def test_a_value_that_mostly_rests_is_not_judged():
    detector = StuckValue(warm_up_samples=100)
    values = np.repeat(np.arange(40.0), 50)
    scores = update(detector, range(12000), [*values, *[1.0] * 10_000])
    assert max(scores) == 0
    assert "mostly rests" in detector.explain(11_999).text


def test_a_million_equal_values_are_quiet_when_learnt():
    detector = StuckValue()
    assert detector.update(np.arange(1_000_000), np.full(1_000_000, 3.0)).max() == 0
    assert np.isfinite(np.frombuffer(detector._arrays[1])).all()


def test_from_discrete_to_continuous_and_back():
    detector = StuckValue(warm_up_samples=50)
    rng = np.random.default_rng(3)
    discrete = np.repeat(rng.integers(0, 5, 100), 20)
    scores = update(detector, range(2000), discrete)
    scores += update(detector, range(2000, 22_000), rng.normal(size=20_000))
    assert max(scores) == 0 or max(scores) < 1
    frozen = update(detector, range(22_000, 22_400), [0.0] * 400)
    assert max(frozen) > 1


def test_severities_of_a_rule_are_warnings():
    ruled = StuckValue(longest_samples=2)
    assert ruled.severities(np.array([0.9, 1.1, 9.0, NAN])).tolist() == [0, 2, 2, 0]


def test_explanations_name_the_limits_that_were_given():
    detector = StuckValue(longest_samples=2, longest_seconds=3.0)
    update(detector, [0, 4, 5], [1, 1, 1])
    assert detector.explain(2).text == (
        "1 has not changed in 3 samples and 5 s (2 samples and 3 s at most)."
    )


@given(
    values=st.lists(st.sampled_from([1.0, 1.0, 2.0, 1.2]), max_size=50),
    longest=st.integers(1, 6),
    tolerance=st.sampled_from([0.0, 0.3]),
)
@settings(max_examples=80, deadline=None)
def test_the_score_is_the_run_over_its_limit(values, longest, tolerance):
    detector = StuckValue(longest_samples=longest, tolerance=tolerance)
    expected, anchor, count = [], None, 0
    for value in values:
        same = anchor is not None and abs(value - anchor) <= tolerance
        anchor, count = (anchor, count + 1) if same else (value, 1)
        expected.append(round(count / longest, 9))
    assert update(detector, range(len(values)), values) == expected
