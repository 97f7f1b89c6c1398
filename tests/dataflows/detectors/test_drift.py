"""Detectors of drift find what River's find, and survive any input."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from river import drift

from dataflows.detectors.adwin import Adwin
from dataflows.detectors.adwin_kernel import HEAD, LEVELS
from dataflows.detectors.page_hinkley import PageHinkley
from dataflows.state.snapshot import SnapshotError, pack

BOTH = (Adwin, PageHinkley)
both = pytest.mark.parametrize("kind", BOTH)


def streams() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(3)
    levels = np.repeat(rng.choice([0, 0.3, 0.5, 0.8, 1, 3], 80), 500)
    steps = levels + rng.normal(0, 0.1, 40_000) + (rng.random(40_000) < 0.01) * 2
    coins = (rng.random(30_000) < np.repeat(rng.random(30), 1000)).astype(np.float64)
    return {
        "steps": steps,
        "coins": coins,
        "offset": steps * 100 + 1e6,
        "tiny": steps * 1e-3,
        "calm": rng.random(30_000),
        "creep": np.cumsum(rng.normal(0, 0.01, 30_000)),
        "constant": np.full(20_000, 0.1),
    }


every_stream = pytest.mark.parametrize("values", streams().values(), ids=streams())


def found_by_river(detector, values: np.ndarray) -> list[int]:
    found = []
    for index, value in enumerate(values.tolist()):
        detector.update(value)
        if detector.drift_detected:
            found.append(index)
    return found


def found(detector, values: np.ndarray) -> list[int]:
    return [event.at_us for event in detector.update(np.arange(len(values)), values)]


@every_stream
@pytest.mark.parametrize(
    "options",
    [
        {},
        {
            "delta": 0.2,
            "clock": 1,
            "max_buckets": 2,
            "min_window_length": 1,
            "grace_period": 0,
        },
        {
            "delta": 1e-4,
            "clock": 7,
            "max_buckets": 9,
            "min_window_length": 20,
            "grace_period": 100,
        },
    ],
    ids=["default", "eager", "slow"],
)
def test_adwin_finds_changes_where_river_does(values, options):
    expected = found_by_river(drift.ADWIN(**options), values)
    assert found(Adwin(standardise=False, **options), values) == expected


@every_stream
@pytest.mark.parametrize("mode", ["up", "down", "both"])
@pytest.mark.parametrize(
    "options",
    [
        {"delta": 0.005},
        {"min_instances": 5, "delta": 0.1, "threshold": 3.0, "alpha": 0.99},
    ],
    ids=["default", "eager"],  # of River
)
def test_page_hinkley_finds_changes_where_river_does(values, mode, options):
    expected = found_by_river(drift.PageHinkley(mode=mode, **options), values)
    ours = PageHinkley(
        standardise=False, increases=mode != "down", decreases=mode != "up", **options
    )
    assert found(ours, values) == expected


def test_river_is_followed_to_real_changes():
    expected = found_by_river(drift.ADWIN(), streams()["steps"])
    assert len(expected) > 20
    assert len(found_by_river(drift.PageHinkley(), streams()["steps"])) > 20


@both
@pytest.mark.parametrize("factor", [1.0, 1024.0, 2.0**-20])
def test_standardised_the_unit_does_not_matter(kind, factor):
    values = streams()["steps"][:5000]
    expected = found(kind(), values)
    assert len(expected) >= 5
    assert found(kind(), values * factor) == expected


@both
@pytest.mark.parametrize("step", [5.0, -5.0])
def test_a_step_is_told_with_its_means(kind, step):
    rng = np.random.default_rng(4)
    values = rng.normal(20.0, 0.5, 3000)
    values[2000:] += step
    (event,) = kind().update(np.arange(3000) * 1_000_000, values)
    assert event.detector == kind.name
    assert 2000 <= event.at_us // 1_000_000 <= 2040
    assert event.mean_before == pytest.approx(20.0, abs=0.1)
    assert event.mean_after == pytest.approx(20.0 + step, abs=1.5)
    assert event.text.startswith(("The mean changed from 2", "The mean changed from 1"))


@pytest.mark.parametrize("grace_period", [30, 50, 51])
def test_adwin_looks_for_the_first_time_after_the_grace_period_as_river(grace_period):
    options = {"clock": 1, "grace_period": grace_period}
    values = np.append(np.zeros(20), np.full(100, 100.0))
    expected = found_by_river(drift.ADWIN(**options), values)
    assert expected[0] == grace_period
    assert found(Adwin(standardise=False, **options), values) == expected


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize(("threshold", "is_told"), [(1.0, False), (0.99, True)])
def test_page_hinkley_needs_more_than_the_threshold_as_river(sign, threshold, is_told):
    """From a mean of 1 the second value is just 1 away, all in exact numbers."""
    options = {"min_instances": 1, "delta": 0.0, "alpha": 1.0, "threshold": threshold}
    values = sign * np.array([0.0, 2.0])
    expected = found_by_river(drift.PageHinkley(**options), values)
    assert expected == ([1] if is_told else [])
    assert found(PageHinkley(standardise=False, **options), values) == expected


@both
def test_noise_a_constant_and_a_single_outlier_are_no_change(kind):
    rng = np.random.default_rng(5)
    assert found(kind(), rng.normal(size=20_000)) == []
    assert found(kind(), np.full(20_000, 0.1)) == []
    values = np.full(5000, 20.0) + rng.normal(size=5000) * 0.1
    calm = found(kind(), values)
    values[3000] = 1e6
    assert found(kind(), values) == calm


@both
def test_a_constant_that_moves_is_a_change(kind):
    values = np.append(np.full(1000, 5.0), np.full(1000, 6.0))
    (event,) = kind().update(np.arange(2000), values)
    assert 1000 <= event.at_us < 1064
    assert event.mean_before == pytest.approx(5.0, abs=1e-6)
    assert event.mean_after == pytest.approx(6.0)


def test_directions_can_be_left_out():
    up = np.append(np.zeros(500), np.ones(500)) + np.arange(1000) % 7 * 0.01
    assert found(PageHinkley(increases=False), up) == []
    assert found(PageHinkley(decreases=False), -up) == []
    assert found(PageHinkley(decreases=False), up) != []


@both
@given(cuts=st.lists(st.integers(0, 4000), max_size=5))
@settings(max_examples=20, deadline=None)
def test_cuts_and_restarts_do_not_matter(kind, cuts):
    values = streams()["steps"][:4000]
    whole, times = kind(), np.arange(4000)
    expected = whole.update(times, values)
    current, events = kind(), []
    for start, end in pairwise([0, *sorted(cuts), 4000]):
        resumed = kind()
        resumed.restore(current.snapshot())
        current = resumed
        events += current.update(times[start:end], values[start:end])
    assert tuple(events) == expected
    assert current.snapshot() == whole.snapshot()


@both
def test_missing_values_are_passed_over(kind):
    values = streams()["steps"][:4000]
    holes = np.insert(values, [10, 1000, 1000, 3999], [np.nan, np.inf, -np.inf, np.nan])
    one, other = kind(), kind()
    without = one.update(np.arange(4000), values)
    with_holes = other.update(np.arange(4004), holes)
    assert [event.text for event in with_holes] == [event.text for event in without]
    assert one.snapshot() == other.snapshot()


@both
@pytest.mark.parametrize("standardise", [True, False])
@given(
    values=st.lists(
        st.one_of(
            st.floats(), st.sampled_from([1e308, -1e308, 5e-324, 0.0, 1.0, 1e100])
        ),
        max_size=80,
    )
)
@settings(max_examples=60, deadline=None)
def test_bad_input_leaves_finite_numbers(kind, standardise, values):
    detector = kind(standardise=standardise)
    detector.update(np.arange(200), np.random.default_rng(0).normal(size=200))
    times = np.array([5, 5, 3, 365 * 86400 * 10**6] * 20)[: len(values)]
    for event in detector.update(times, np.array(values, np.float64)):
        assert np.isfinite([event.mean_before, event.mean_after]).all()
    assert not np.isnan(detector._state).any()


@both
def test_an_absurd_value_does_not_blind_for_good(kind):
    values = np.random.default_rng(6).normal(size=6000)
    values[1000] = 1e308
    values[4000:] += 5.0
    assert any(4000 <= at < 4100 for at in found(kind(), values))


@both
def test_a_million_equal_values_are_no_change(kind):
    assert found(kind(), np.full(1_000_000, 0.001)) == []


@both
def test_memory_is_bounded(kind):
    detector = kind()
    before = len(detector.snapshot())
    found(detector, streams()["calm"])
    assert len(detector.snapshot()) == before < 8 * 1024


def test_a_window_that_is_full_starts_anew():
    detector = Adwin()
    buckets = detector.max_buckets
    detector._state[1:3] = LEVELS, 2.0**45
    detector._state[HEAD : HEAD + LEVELS] = buckets
    found(detector, np.zeros(10))
    assert detector._state[2] < 10


@both
def test_the_input_is_untouched_and_may_be_strided(kind):
    values = streams()["steps"][:2000]
    expected = found(kind(), values)
    strided = np.repeat(values, 2)[::2]
    strided.setflags(write=False)
    assert found(kind(), strided) == expected


@both
def test_lengths_must_agree_and_nothing_is_nothing(kind):
    with pytest.raises(ValueError, match="2 times for 1 values"):
        kind().update(np.arange(2), np.zeros(1))
    assert kind().update(np.arange(0), np.zeros(0)) == ()


@both
def test_other_bytes_are_refused_and_change_nothing(kind):
    detector = kind()
    found(detector, streams()["steps"][:1000])
    before = detector.snapshot()
    others = [other().snapshot() for other in BOTH if other is not kind]
    others += [kind(standardise=False).snapshot(), pack(detector._label, [b""])]
    for bad in (b"", before[:-1], *others):
        with pytest.raises(SnapshotError):
            detector.restore(bad)
    assert detector.snapshot() == before


def test_settings_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match=r"adwin\.max_buckets must be a whole number"):
        Adwin(max_buckets=1)
    with pytest.raises(
        ValueError, match=r"page_hinkley\.alpha must be a number from 0"
    ):
        PageHinkley(alpha=1.5)
