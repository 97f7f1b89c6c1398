"""Counts that are missing, repeated or begun anew."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataflows.detectors import Detector
from dataflows.detectors.counter import Counter

SECOND = 1_000_000


def update(detector: Detector, seconds, values) -> list[float]:
    times = np.round(np.array(seconds, np.float64) * SECOND).astype(np.int64)
    scores: list[float] = detector.update(times, np.array(values, np.float64)).tolist()
    return [round(score, 9) for score in scores]


def texts(detector: Detector, count: int) -> list[str]:
    return [detector.explain(index).text for index in range(count)]


def test_gaps_are_counted():
    counter = Counter()
    assert update(counter, range(4), [5, 6, 8, 26]) == [0, 0, 1, 17]
    assert texts(counter, 4) == [
        "5 is the first count.",
        "6 follows 5.",
        "1 count is missing between 6 and 8.",
        "17 counts are missing between 8 and 26.",
    ]
    assert counter.explain(3).expected == 9


def test_a_repeat_and_a_restart_are_told():
    counter = Counter()
    assert update(counter, range(4), [1234, 1234, 0, 1]) == [0, 1, 2, 0]
    assert texts(counter, 3)[1:] == [
        "The counter repeated 1234.",
        "The counter restarted at 0 after 1234.",
    ]
    update(counter, range(2), [900, 870])
    assert counter.explain(1).text == "The counter went back from 900 to 870."


def test_a_wrap_is_no_gap():
    counter = Counter(modulo=16384)
    values = np.arange(40_000) % 16384
    assert max(update(counter, range(40_000), values)) == 0
    lost = Counter(modulo=16384)
    assert update(lost, range(3), [16382, 3, 16382]) == [0, 4, 2]
    assert lost.explain(1).text == "4 counts are missing between 16382 and 3."
    assert lost.explain(1).expected == 16383


def test_a_restart_far_from_the_wrap_is_told():
    counter = Counter(modulo=16384)
    assert update(counter, range(3), [12_000, 0, 1]) == [0, 2, 0]
    assert "restarted at 0 after 12000" in counter.explain(1).text


@pytest.mark.parametrize(
    ("before", "count", "score"),
    [
        (0, 8192, 8191),  # half of the modulo
        (0, 8193, 2),
        (16384 - 2048 + 5, 5, 2047),  # to near 0, by an eighth
        (16384 - 2049 + 5, 5, 2),
        (12_000, 9, 2),  # near 0
        (12_000, 10, 4393),
    ],
)
def test_what_is_a_gap_and_what_went_back_has_exact_bounds(before, count, score):
    counter = Counter(modulo=16384)
    assert update(counter, range(2), [before, count]) == [0, score]


def test_steps_may_be_larger():
    counter = Counter(step=4)
    assert update(counter, range(4), [0, 4, 12, 14]) == [0, 0, 1, 1]
    assert counter.explain(3).text == ("The counter went on by 2, not in steps of 4.")


def test_without_a_step_only_going_back_is_told():
    counter = Counter(step=None)
    assert update(counter, range(5), [3, 3, 900, 899, 5]) == [0, 0, 0, 2, 2]
    assert counter.explain(2).expected is None


def test_what_is_no_count_is_told_and_passed_over():
    counter = Counter(modulo=100)
    values = [5, 5.5, 6, 100, -1, 1e308, 7]
    assert update(counter, range(7), values) == [0, 1, 0, 1, 1, 1, 0]
    assert counter.explain(1).text == "5.5 is no whole number from 0 to 99."


def test_the_modulo_is_more_than_a_step():
    with pytest.raises(ValueError, match=r"counter\.modulo must be more than step"):
        Counter(step=10, modulo=10)


@given(
    counts=st.lists(st.integers(1, 50), min_size=1, max_size=40),
    start=st.integers(0, 16383),
)
@settings(max_examples=60, deadline=None)
def test_every_missing_count_is_told_once(counts, start):
    values = (start + np.cumsum(counts)) % 16384
    scores = update(Counter(modulo=16384), range(len(values)), values)
    assert scores == [0, *(count - 1 for count in counts[1:])]
