"""Soft and hard limits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataflows.detectors.limits import Limits


def scores(limits: Limits, *values: float) -> list[float]:
    return list(limits.update(np.arange(len(values)), np.array(values)))


def test_scores_grow_from_the_middle_over_the_soft_to_the_hard_limit():
    limits = Limits(10.0, 30.0, 0.0, 50.0)
    assert scores(limits, 20, 25, 40, 50.1, 1e308) == [0, 0.5, 1.5, 2, 2]
    assert scores(limits, 15, 5, -0.1, -1e308) == [0.5, 1.5, 2, 2]


def test_a_value_on_a_limit_is_still_within_it():
    limits = Limits(10.0, 30.0, 0.0, 50.0)
    on_soft, on_hard = scores(limits, 30, 50)
    assert 0.99 < on_soft < 1
    assert 1.99 < on_hard < 2
    assert limits.severities(np.array([on_soft, on_hard])).tolist() == [0, 2]


def test_severities_are_warning_and_critical():
    limits = Limits(10.0, 30.0, 0.0, 50.0)
    found = limits.severities(np.array(scores(limits, 20, 31, 51, np.nan)))
    assert found.tolist() == [0, 2, 4, 0]
    assert found.dtype == np.int8


def test_a_missing_limit_is_never_violated():
    assert scores(Limits(soft_high=1.0), -1e308, 0, 2) == [0, 0, 1]
    assert scores(Limits(hard_low=0.0), 1e308, 0, -1) == [0, 0, 2]
    assert scores(Limits(), -1e308, 1e308) == [0, 0]


def test_soft_and_hard_may_be_the_same():
    assert scores(Limits(0.0, 1.0, 0.0, 1.0), 0.5, 1.5) == [0, 2]


@pytest.mark.parametrize(
    "wrong",
    [
        {"soft_low": 2.0, "soft_high": 1.0},
        {"soft_low": 1.0, "soft_high": 1.0},
        {"soft_low": 1.0, "hard_low": 2.0},
        {"soft_high": 3.0, "hard_high": 2.0},
        {"soft_high": float("nan")},
        {"hard_high": float("inf")},
        {"hard_low": 5.0, "hard_high": 1.0},
    ],
)
def test_limits_out_of_order_are_refused(wrong):
    with pytest.raises(ValueError, match="limits"):
        Limits(**wrong)


@given(
    edges=st.lists(st.floats(-1e150, 1e150), min_size=4, max_size=4, unique=True).map(
        sorted
    ),
    value=st.floats(allow_nan=False, allow_infinity=False),
)
def test_one_is_exactly_the_soft_and_two_exactly_the_hard_limit(edges, value):
    hard_low, soft_low, soft_high, hard_high = edges
    (score,) = scores(Limits(soft_low, soft_high, hard_low, hard_high), value)
    assert (score >= 1) == (not soft_low <= value <= soft_high)
    assert (score == 2) == (not hard_low <= value <= hard_high)


def test_explanations_name_the_limit():
    limits = Limits(10.0, 30.0, 0.0, 50.0)
    scores(limits, 20, 31, 5, 51, -1)
    assert [limits.explain(i).text for i in range(5)] == [
        "20 is within its limits.",
        "31 is above the soft limit 30.",
        "5 is below the soft limit 10.",
        "51 is above the hard limit 50.",
        "-1 is below the hard limit 0.",
    ]
    peak = limits.explain(3)
    assert (peak.lower, peak.upper, peak.threshold) == (10.0, 30.0, 50.0)
    assert peak.expected is None
