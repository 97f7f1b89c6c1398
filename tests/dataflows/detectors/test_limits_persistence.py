"""Limits that wait before they raise, and before they clear."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataflows.detectors.limits import Limits
from dataflows.verdicts.watch import ParameterWatch

SECOND = 1_000_000
BAND = (10.0, 30.0, 0.0, 40.0)

levels = st.lists(
    st.one_of(
        st.sampled_from([20.0, 29.4, 29.5, 29.6, 30.0, 30.1, 35.0, 39.8, 41.0, 5.0]),
        st.floats(-10, 50),
        st.just(float("nan")),
    ),
    max_size=60,
)
steps = st.lists(st.integers(1, 3 * SECOND), min_size=60, max_size=60)


def levels_of(limits: Limits, values: Sequence[float], times=None) -> list[int]:
    times = np.arange(len(values)) * SECOND if times is None else np.array(times)
    scores = limits.update(times, np.array(values))
    return [int(score >= 1) + int(score >= 2) for score in scores.tolist()]


def test_a_violation_counts_after_enough_samples():
    limits = Limits(soft_high=30.0, raise_after_samples=3)
    assert levels_of(limits, [31, 31, 20, 31, 31, 31, 31]) == [0, 0, 0, 0, 0, 1, 1]


def test_a_violation_counts_after_enough_seconds():
    limits = Limits(soft_high=30.0, raise_after_seconds=2.5)
    times = np.array([0, 1, 2, 2.4, 2.5, 2.6]) * SECOND
    assert levels_of(limits, [31] * 6, times) == [0, 0, 0, 0, 1, 1]


def test_what_lasted_before_a_break_does_not_count():
    limits = Limits(soft_high=30.0, raise_after_seconds=2.5, clear_after_seconds=2.5)
    values = [31, 31, 31, 20, 31, 31, 31, 31, 20, 20, 20, 31, 20, 20, 20, 20]
    assert levels_of(limits, values) == [0] * 7 + [1] * 8 + [0]


def test_tenths_of_a_second_add_up_exactly():
    limits = Limits(soft_high=30.0, raise_after_seconds=1.0)
    times = np.arange(12) * SECOND // 10
    assert levels_of(limits, [31] * 12, times) == [0] * 10 + [1] * 2


def test_samples_and_seconds_must_both_be_reached():
    both = Limits(soft_high=30.0, raise_after_samples=3, raise_after_seconds=10.0)
    times = np.array([0, 20, 21, 22]) * SECOND
    assert levels_of(both, [31] * 4, times) == [0, 0, 1, 1]


def test_a_violation_ends_after_enough_samples_and_seconds_inside():
    limits = Limits(soft_high=30.0, clear_after_samples=2, clear_after_seconds=3.0)
    values = [31, 20, 31, 20, 20, 20, 20, 20]
    assert levels_of(limits, values) == [1, 1, 1, 1, 1, 1, 0, 0]


def test_within_the_deadband_nothing_changes():
    limits = Limits(10.0, 30.0, deadband=0.5)
    assert levels_of(limits, [29.6, 30.1, 29.6, 29.9, 29.5, 29.9]) == [0, 1, 1, 1, 0, 0]
    assert levels_of(limits, [9.9, 10.4, 10.5, 10.1]) == [1, 1, 0, 0]


def test_the_deadband_is_that_of_the_limit_that_was_violated():
    limits = Limits(10.0, 30.0, deadband=5.0)
    assert levels_of(limits, [31, 12, 31, 26, 9, 26]) == [1, 0, 1, 1, 1, 0]


def test_the_hard_limit_waits_by_itself():
    limits = Limits(*BAND, raise_after_samples=2, clear_after_samples=2)
    values = [35, 41, 41, 35, 35, 20, 20]
    assert levels_of(limits, values) == [0, 1, 2, 2, 1, 1, 0]


def test_a_held_level_has_its_severity_and_a_pending_one_has_none():
    limits = Limits(*BAND, raise_after_samples=2, deadband=1.0)
    scores = limits.update(np.arange(5), np.array([41.0, 41, 39.5, 35, 20]))
    assert limits.severities(scores).tolist() == [0, 4, 4, 2, 0]


def test_a_missing_value_neither_counts_nor_interrupts():
    limits = Limits(soft_high=30.0, raise_after_samples=2, clear_after_samples=2)
    nan = float("nan")
    assert levels_of(limits, [31, nan, 31, 20, nan, 31, nan]) == [0, 0, 1, 1, 0, 1, 0]


def test_times_that_repeat_or_run_backwards_add_nothing():
    limits = Limits(soft_high=30.0, raise_after_seconds=2.0)
    times = np.array([10, 10, 5, 6, 7]) * SECOND
    assert levels_of(limits, [31] * 5, times) == [0, 0, 0, 0, 1]


def test_explanations_say_what_is_waited_for():
    limits = Limits(*BAND, raise_after_samples=2, clear_after_seconds=4, deadband=1.0)
    limits.update(np.arange(5) * SECOND, np.array([31.0, 31, 29.5, 25, 41]))
    assert [limits.explain(i).text for i in range(5)] == [
        "31 is above the soft limit 30, for 1 of 2 samples and 0 of 0 s so far.",
        "31 is above the soft limit 30.",
        "29.5 is not yet back by 1 within the soft limit 30.",
        "25 is back within the soft limit 30, for 1 of 1 samples and 0 of 4 s so far.",
        "41 is above the hard limit 40, for 1 of 2 samples and 0 of 0 s so far.",
    ]
    held = limits.explain(2)
    assert (held.lower, held.upper, held.threshold) == (10.0, 30.0, 30.0)


@given(values=levels, gaps=steps)
@settings(max_examples=60, deadline=None)
def test_without_patience_the_kernel_gives_the_same_bits(values, gaps):
    plain, patient = Limits(*BAND), Limits(*BAND)
    patient.at_once = False
    times = np.cumsum(gaps[: len(values)], dtype=np.int64)
    expected = plain.update(times, np.array(values, np.float64))
    assert expected.tobytes() == plain.judge(np.array(values, np.float64)).tobytes()
    assert patient.update(
        times, np.array(values, np.float64)
    ).tolist() == pytest.approx(expected.tolist(), rel=0, abs=0, nan_ok=True)


@given(
    values=levels,
    gaps=steps,
    raise_samples=st.integers(1, 4),
    raise_seconds=st.sampled_from([0.0, 0.5, 2.0, 4.0]),
    clear_samples=st.integers(1, 4),
    clear_seconds=st.sampled_from([0.0, 0.5, 2.0, 4.0]),
    deadband=st.sampled_from([0.0, 0.5, 5.0]),
)
@settings(max_examples=150, deadline=None)
def test_the_level_follows_a_plain_model(
    values, gaps, raise_samples, raise_seconds, clear_samples, clear_seconds, deadband
):
    times = np.cumsum(gaps[: len(values)], dtype=np.int64)
    limits = Limits(
        *BAND,
        raise_after_samples=raise_samples,
        raise_after_seconds=raise_seconds,
        clear_after_samples=clear_samples,
        clear_after_seconds=clear_seconds,
        deadband=deadband,
    )
    needed = (
        (raise_samples, raise_seconds * SECOND),
        (
            clear_samples,
            clear_seconds * SECOND,
        ),
    )
    acquired = [
        (int(time), value)
        for time, value in zip(times, values, strict=True)
        if np.isfinite(value)
    ]
    soft = model(acquired, BAND[0], BAND[1], needed, deadband)
    hard = model(acquired, BAND[2], BAND[3], needed, deadband)
    found = levels_of(limits, values, times)
    kept = [one for one, value in zip(found, values, strict=True) if np.isfinite(value)]
    expected = [2 if h else int(s) for s, h in zip(soft, hard, strict=True)]
    assert kept == expected


def model(samples, low, high, needed, deadband):
    """Look back, for each sample, over all that spoke for a change without a break."""
    raised, high_side = False, True
    run: list[int] = []
    told: list[bool] = []
    for time, value in samples:
        violated = not low <= value <= high
        if violated:
            high_side = value > high
        back = value <= high - deadband if high_side else value >= low + deadband
        speaks = violated if not raised else back and not violated
        run = [*run, time] if speaks else []
        count, lasted = needed[raised]
        if run and len(run) >= count and run[-1] - run[0] >= lasted:
            raised, run = not raised, []
        told.append(raised)
    return told


@given(values=levels, cuts=st.lists(st.integers(0, 60), max_size=4))
@settings(max_examples=60, deadline=None)
def test_cuts_and_restarts_do_not_matter(values, cuts):
    def fresh() -> Limits:
        return Limits(*BAND, raise_after_samples=2, clear_after_seconds=2.5, deadband=1)

    whole = fresh()
    expected = levels_of(whole, values)
    current, found = fresh(), []
    edges = sorted({0, len(values), *(cut for cut in cuts if cut < len(values))})
    for start, end in pairwise(edges):
        resumed = fresh()
        resumed.restore(current.snapshot())
        current = resumed
        times = np.arange(start, end) * SECOND
        found += levels_of(current, values[start:end], times)
    assert found == expected
    assert current.snapshot() == whole.snapshot()


def test_late_samples_do_not_disturb_the_count():
    limits = Limits(soft_high=30.0, raise_after_samples=3)
    watch = ParameterWatch([], limits)
    times = np.array([10, 20, 15, 30, 20, 40])
    verdict = watch.update(times, np.array([31.0, 31, 20, 31, 99, 31]))
    assert (verdict.scores >= 1).tolist() == [False, False, False, True, True, True]
    assert verdict.late == 2
    assert [change.kind for change in verdict.changes] == ["opened"]
    assert verdict.changes[0].started_us == 30
    assert verdict.changes[0].explanation.text == "31 is above the soft limit 30."


def test_values_judged_by_themselves_change_nothing():
    limits = Limits(soft_high=30.0, raise_after_samples=3)
    before = limits.snapshot()
    assert limits.judge(np.array([31.0, 20.0])).tolist() == [1.0, 0.0]
    assert limits.snapshot() == before


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"deadband": -1.0}, "limits.deadband must be a number from 0"),
        ({"soft_low": 0.0, "soft_high": 1.0, "deadband": 2.0}, "would never end"),
        ({"raise_after_samples": 0}, "limits.raise_after_samples must be a whole"),
        ({"clear_after_seconds": float("inf")}, "limits.clear_after_seconds must be"),
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        Limits(**wrong)
