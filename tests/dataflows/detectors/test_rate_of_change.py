"""Rates of change against what people expect."""

import numpy as np
import pytest

from dataflows.detectors import Detector
from dataflows.detectors.rate_of_change import RateOfChange

SECOND = 1_000_000
YEAR = 365 * 86400 * SECOND
NAN = float("nan")


def update(detector: Detector, seconds, values) -> list[float]:
    times = np.round(np.array(seconds, np.float64) * SECOND).astype(np.int64)
    scores: list[float] = detector.update(times, np.array(values, np.float64)).tolist()
    return [round(score, 9) for score in scores]


def texts(detector: Detector, count: int) -> list[str]:
    return [detector.explain(index).text for index in range(count)]


def test_the_score_is_the_rate_over_its_limit():
    detector = RateOfChange(highest_per_second=2.0)
    scores = update(detector, [0, 1, 1.5, 3.5], [0, 1, 4, -4])
    assert scores == [0, 0.5, 3, 2]
    assert detector.severities(np.array(scores)).tolist() == [0, 0, 2, 2]


def test_a_rate_on_the_limit_is_within_it():
    scores = RateOfChange(highest_per_second=0.1).update(
        np.arange(20) * SECOND, np.arange(20.0) * 0.1
    )
    assert (scores < 1).all()
    assert (scores[1:] > 0.99).all()


def test_rise_and_fall_may_have_limits_of_their_own():
    detector = RateOfChange(highest_per_second=2.0, highest_fall_per_second=8.0)
    assert update(detector, [0, 1, 2], [0, 4, 0]) == [0, 2, 0.5]
    rise_only = RateOfChange(highest_rise_per_second=1.0)
    assert update(rise_only, [0, 1, 2], [0, 4, -1e308]) == [0, 4, 0]


def test_a_gap_and_times_out_of_order_give_no_rate():
    detector = RateOfChange(highest_per_second=1.0, longest_gap_seconds=10.0)
    seconds = [0, 10, 20.1, 20.1, 19, 20, YEAR / SECOND]
    assert update(detector, seconds, [0, 5, 99, 0, 50, 52, 0]) == [
        0,
        0.5,
        0,
        0,
        0,
        2,
        0,
    ]


def test_a_missing_value_is_passed_over():
    detector = RateOfChange(highest_per_second=1.0)
    scores = update(detector, [0, 1, 2], [0, NAN, 4])
    assert (scores[0], scores[2]) == (0, 2)


def test_explanations_give_the_numbers():
    detector = RateOfChange(highest_rise_per_second=1.0)
    update(detector, [0, 2, 3, 4], [10, 15, 11, 11])
    assert texts(detector, 4) == [
        "There is no sample shortly before it to tell a rate from.",
        "15 is 5 above the value 2 s before (10), a rise of 2.5 per second "
        "(1 at most).",
        "11 is 4 below the value 1 s before (15), a fall of 4 per second (no limit).",
        "11 has not changed in 1 s.",
    ]
    told = detector.explain(1)
    assert (told.lower, told.upper, told.threshold) == (None, 12, 1)


def test_a_rate_needs_a_limit():
    with pytest.raises(ValueError, match="rate_of_change needs a highest rate"):
        RateOfChange()
    with pytest.raises(ValueError, match="highest_per_second must be a number"):
        RateOfChange(highest_per_second=0.0)
