"""Alarms against labels, by hand and by what must always hold."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataflows.backtest.scoring import Span
from dataflows.backtest.scoring.events import Delay, covered, merge, score_channel


def flags(samples: int, *spans: tuple[int, int]) -> np.ndarray:
    return covered([Span(*span) for span in spans], samples)


def minutes(samples: int) -> np.ndarray:
    return np.arange(samples) * 60_000_000


def judge(raised, labels, merge_gap=100):
    spans = None if labels is None else [Span(*label) for label in labels]
    return score_channel("P-1", "SMAP", raised, minutes(len(raised)), spans, merge_gap)


def test_flags_merge_when_they_are_closer_than_the_gap():
    raised = flags(400, (10, 12), (111, 111), (211, 211))
    # 111 - 12 = 99 is closer than 100, 211 - 111 = 100 is not.
    assert merge(raised) == (Span(10, 111), Span(211, 211))


@pytest.mark.parametrize("merge_gap", [0, 1, 2])
def test_without_a_gap_neighbours_are_still_one_alarm(merge_gap):
    assert merge(flags(9, (2, 3), (5, 5)), merge_gap) == (Span(2, 3), Span(5, 5))


def test_no_flags_are_no_alarms():
    assert merge(flags(5)) == ()
    assert merge(flags(0)) == ()


def test_one_channel_by_hand():
    raised = flags(1000, (90, 104), (300, 309), (520, 529))
    score = judge(raised, [(100, 149), (510, 559), (800, 809)])
    # 90-104 hits 100-149 and stood before it; 520-529 hits 510-559 ten samples late;
    # 300-309 hits nothing; 800-809 is missed.
    assert score.alarms == (Span(90, 104), Span(300, 309), Span(520, 529))
    assert score.false_alarms == (Span(300, 309),)
    assert score.delays == (Delay(0, 0.0), Delay(10, 600.0))
    # 1000 - 50 - 50 - 10 samples are nominal; 90-99 and 300-309 of them in alarm.
    assert (score.nominal_samples, score.nominal_in_alarm) == (890, 20)
    # A thousand minutes.
    assert score.days == pytest.approx(1000 / 1440)


def test_one_alarm_can_find_two_labels_and_two_alarms_one():
    assert len(judge(flags(99, (10, 60)), [(5, 15), (50, 55)]).delays) == 2
    twice = judge(flags(999, (10, 11), (310, 311)), [(5, 500)])
    assert (len(twice.delays), twice.false_alarms) == (1, ())


@pytest.mark.parametrize(("last", "hit"), [(9, False), (10, True)])
def test_a_single_common_sample_is_a_hit(last, hit):
    score = judge(flags(99, (5, last)), [(10, 20)])
    assert bool(score.delays) is hit
    assert bool(score.false_alarms) is not hit


def test_alarms_are_counted_where_nobody_labelled():
    score = judge(flags(500, (5, 6), (300, 301)), None)
    assert (len(score.alarms), score.labels, score.false_alarms) == (2, None, ())


def test_on_a_channel_without_anomalies_every_alarm_is_false():
    score = judge(flags(10, (5, 6)), [])
    assert (score.false_alarms, score.nominal_samples) == ((Span(5, 6),), 10)


@pytest.mark.parametrize("samples", [0, 1])
def test_what_is_too_short_spans_no_time(samples):
    assert judge(flags(samples), []).days == 0


spans = st.tuples(st.integers(0, 299), st.integers(0, 60)).map(
    lambda pair: (pair[0], min(pair[0] + pair[1], 299))
)
several = st.lists(spans, max_size=6)


@given(raised=several, labels=st.lists(spans, min_size=1, max_size=5), pick=st.data())
def test_an_alarm_inside_a_label_never_loses_a_hit(raised, labels, pick):
    before = judge(flags(300, *raised), labels)
    added = pick.draw(st.sampled_from(labels))
    after = judge(flags(300, *raised, added), labels)
    assert len(after.delays) >= len(before.delays)


@given(raised=several, labels=several)
def test_hits_and_misses_are_all_labels_and_alarms_hit_or_are_false(raised, labels):
    score = judge(flags(300, *raised), labels, merge_gap=10)
    assert len(score.delays) <= len(labels)
    assert set(score.false_alarms) <= set(score.alarms)
    assert score.nominal_in_alarm <= score.nominal_samples <= 300
    assert all(delay.samples >= 0 for delay in score.delays)
