"""What changed between two runs."""

import numpy as np
import pytest

from dataflows.backtest.scoring import Span
from dataflows.backtest.scoring.comparison import AlarmChange, compare
from dataflows.backtest.scoring.events import covered, score_channel


def score(raised, labels=((100, 199),), channel="P-1"):
    flags = covered([Span(*one) for one in raised], 1000)
    spans = None if labels is None else [Span(*label) for label in labels]
    return score_channel(channel, "SMAP", flags, np.arange(1000), spans)


def kinds(before, after, labels=((100, 199),)):
    found = compare([score(before, labels)], [score(after, labels)])
    return [(one.kind, one.before, one.after, one.false) for one in found]


def test_the_same_run_changes_nothing():
    assert kinds([(1, 2), (150, 160)], [(1, 2), (150, 160)]) == []


def test_another_end_is_no_change():
    assert kinds([(150, 160)], [(150, 190)]) == []


def test_alarms_are_added_removed_and_moved():
    assert kinds([(1, 2), (150, 160)], [(140, 155), (500, 510)]) == [
        ("removed", Span(1, 2), None, True),
        ("moved", Span(150, 160), Span(140, 155), False),
        ("added", None, Span(500, 510), True),
    ]


def test_two_alarms_of_one_label_are_one_event_even_if_they_do_not_overlap():
    moved = [("moved", Span(100, 101), Span(190, 191), False)]
    assert kinds([(100, 101)], [(190, 191)]) == moved


def test_what_overlaps_comes_before_what_shares_a_label():
    # 150-160 continues 155-170, so that 100-101 has no counterpart.
    found = compare(
        [score([(10, 11), (155, 170)], [(0, 199)])],
        [score([(150, 160)], [(0, 199)])],
    )
    assert [(one.kind, one.before) for one in found] == [
        ("removed", Span(10, 11)),
        ("moved", Span(155, 170)),
    ]


def test_where_nobody_labelled_nothing_is_false_or_true():
    assert kinds([], [(5, 6)], None) == [("added", None, Span(5, 6), None)]


def test_changes_come_by_channel():
    before = [score([], channel="B"), score([], channel="A")]
    after = [score([(1, 1)], channel="B"), score([(1, 1)], channel="A")]
    assert compare(before, after) == [
        AlarmChange("added", "A", None, Span(1, 1), True),
        AlarmChange("added", "B", None, Span(1, 1), True),
    ]


def test_runs_over_other_channels_cannot_be_compared():
    with pytest.raises(ValueError, match="not over the same channels"):
        compare([score([], channel="A")], [score([], channel="B")])
