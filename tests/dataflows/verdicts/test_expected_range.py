"""Expected ranges: told when they moved, and the same however samples are cut."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.messages.findings import ExpectedRange
from dataflows.detectors.peaks_over_threshold import PeaksOverThreshold
from dataflows.detectors.record_envelope import RecordEnvelope
from dataflows.detectors.rolling_median import RollingMedian
from dataflows.detectors.rolling_z_score import RollingZScore
from dataflows.detectors.weighted_z_score import WeightedZScore
from dataflows.verdicts.expected_range import news_of, untold
from dataflows.verdicts.watch import ParameterWatch

MINUTE_US = 60_000_000
NAN = math.nan


def told(
    minutes: list[float], ranges: list[tuple[float, float]], state: np.ndarray
) -> list[tuple[float, float, float]]:
    times_us = (np.array(minutes) * MINUTE_US).astype(np.int64)
    lower, upper = np.array(ranges).T
    news = news_of(times_us, np.zeros(len(minutes)), (lower, upper), state)
    return [(each.since_us / MINUTE_US, each.lower, each.upper) for each in news]


def test_a_range_is_told_when_it_is_first_known():
    ranges = [(NAN, NAN), (NAN, NAN), (0.0, 10.0), (0.0, 10.0)]
    assert told([0, 1, 2, 3], ranges, untold(1)) == [(2, 0.0, 10.0)]


def test_a_range_is_told_once_it_moved_by_a_fiftieth_of_its_width():
    ranges = [(0.0, 10.0), (0.1, 10.1), (0.2, 10.0), (0.21, 10.0)]
    found = told([0, 1, 2, 3], ranges, untold(1))
    assert found == [(0, 0.0, 10.0), (3, 0.21, 10.0)]


def test_small_moves_add_up():
    ranges = [(0.0, 10.0 + 0.05 * minute) for minute in range(10)]
    found = told(list(range(10)), ranges, untold(1))
    assert [since for since, *_ in found] == [0, 5]


def test_a_range_is_looked_at_once_a_minute():
    ranges = [(0.0, 10.0 + k) for k in range(4)]
    assert [since for since, *_ in told([0, 0.5, 0.9, 1], ranges, untold(1))] == [0, 1]


def test_a_range_that_stays_is_told_every_day():
    found = told([0, 1439, 1440, 2879, 2880], [(0.0, 1.0)] * 5, untold(1))
    assert [since for since, *_ in found] == [0, 1440, 2880]


def test_that_nothing_is_expected_any_more_is_told_once():
    ranges = [(0.0, 1.0), (NAN, NAN), (NAN, NAN)]
    [_, (since, *ends)] = told([0, 1, 2], ranges, untold(1))
    assert since == 1
    assert np.isnan(ends).all()
    assert told([2000], [(NAN, NAN)], untold(1)) == []


def test_a_range_with_one_end_is_told_when_that_changes():
    ranges = [(NAN, 5.0), (NAN, 5.0), (NAN, 5.001), (0.0, 5.001)]
    found = told([0, 1, 2, 3], ranges, untold(1))
    assert [since for since, *_ in found] == [0, 2, 3]


def test_samples_that_were_not_acquired_do_not_count():
    times_us, state = np.arange(4) * MINUTE_US // 2, untold(1)
    lower, upper = np.array([NAN, 0.0, NAN, 0.0]), np.array([NAN, 1.0, NAN, 2.0])
    values = np.where(np.isnan(lower), np.nan, 0.5)
    found = news_of(times_us, values, (lower, upper), state)
    assert found == [
        ExpectedRange(MINUTE_US // 2, 0.0, 1.0),
        ExpectedRange(3 * MINUTE_US // 2, 0.0, 2.0),
    ]


def test_a_clock_on_board_that_is_set_back_is_no_reason_to_be_silent():
    state = untold(1)
    assert len(told([5000], [(0.0, 1.0)], state)) == 1
    assert len(told([10], [(0.0, 1.0)], state)) == 1


@given(
    steps=st.lists(st.integers(1, 90), min_size=1, max_size=60),
    cuts=st.sets(st.integers(0, 60), max_size=5),
    seed=st.integers(0, 1000),
)
def test_cutting_samples_into_other_batches_tells_the_same(steps, cuts, seed):
    random = np.random.default_rng(seed)
    times_us = np.cumsum(steps) * 1_000_000
    lower = np.cumsum(random.normal(0, 0.02, len(steps)))
    upper = lower + 1 + (random.random(len(steps)) < 0.1)
    values = np.where(random.random(len(steps)) < 0.1, np.nan, 0.5)
    state = untold(1)
    whole = news_of(times_us, values, (lower, upper), state)
    again, pieces = untold(1), []
    edges = sorted({0, len(steps), *(cut for cut in cuts if cut < len(steps))})
    for begin, end in pairwise(edges):
        run = slice(begin, end)
        band = lower[run], upper[run]
        pieces += news_of(times_us[run], values[run], band, again)
    assert pieces == whole
    assert again.tobytes() == state.tobytes()


@pytest.mark.parametrize(
    "detector",
    [
        RecordEnvelope(blind_samples=50),
        RollingZScore(warm_up_samples=50),
        RollingMedian(warm_up_samples=50),
        WeightedZScore(warm_up_samples=50),
        PeaksOverThreshold(two_sided=True),
    ],
    ids=lambda detector: detector.name,
)
def test_what_detectors_expect_holds_nearly_all_normal_samples(detector):
    watch = ParameterWatch([detector])
    values = np.random.default_rng(5).normal(28.0, 0.5, 3000)
    times_us = np.arange(3000, dtype=np.int64) * 10_000_000
    ranges = watch.update(times_us, values).ranges
    assert ranges
    last = ranges[-1]
    assert 22 < last.lower < values.mean() - values.std()
    assert values.mean() + values.std() < last.upper < 34
    within = (values > last.lower) & (values < last.upper)
    assert within.mean() > 0.98


def test_a_snapshot_keeps_what_was_told():
    watch = ParameterWatch([RecordEnvelope(blind_samples=50)])
    values = np.random.default_rng(5).normal(28.0, 0.5, 2000)
    times_us = np.arange(2000, dtype=np.int64) * 10_000_000
    watch.update(times_us[:1000], values[:1000])
    resumed = ParameterWatch([RecordEnvelope(blind_samples=50)])
    assert resumed.restore(watch.snapshot()) == []
    rest = times_us[1000:], values[1000:]
    assert resumed.update(*rest).ranges == watch.update(*rest).ranges


def test_a_clock_that_is_set_back_within_a_batch_tells_the_same_as_between_two():
    minutes = np.concatenate([np.arange(600, 700), np.arange(500, 701)])
    times_us = minutes * MINUTE_US
    lower = np.cumsum(np.full(len(minutes), 0.1))
    band, values = (lower, lower + 1), np.ones(len(minutes))
    state = untold(1)
    whole = news_of(times_us, values, band, state)
    again, pieces = untold(1), []
    for run in (slice(0, 150), slice(150, 301)):
        ends = band[0][run], band[1][run]
        pieces += news_of(times_us[run], values[run], ends, again)
    assert pieces == whole
    assert again.tobytes() == state.tobytes()
