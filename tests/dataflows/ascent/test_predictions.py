"""Predictions are held against what happened when their time came, if anybody saw."""

import numpy as np
import pytest

from dataflows.ascent.motion_filter_kernel import ALTITUDE, DOWNRANGE, SPEED
from dataflows.ascent.predictions import (
    HORIZONS_S,
    LONGEST_MISS_S,
    MOST_PENDING,
    Predictions,
    Reached,
)

SECOND_US = 1_000_000
COAST, BURN = 2, 3
FIRST_US = round(HORIZONS_S[0] * SECOND_US)


def make(predictions: Predictions, time_us: int = 0, spread_m: float = 0.0) -> None:
    """Predict 100 km, 2000 m/s and 50 km downrange, for all horizons."""
    motion = np.zeros((1 + max(ALTITUDE, SPEED, DOWNRANGE), len(HORIZONS_S)))
    motion[ALTITUDE], motion[SPEED], motion[DOWNRANGE] = 100e3, 2000.0, 50e3
    spread = np.full(motion.shape, spread_m)
    made = predictions.make(time_us, BURN, motion, spread)
    assert [one.horizon_s for one in made] == HORIZONS_S.tolist()


def reached(time_us: int, altitude_km: float = 100.0, phase: int = BURN) -> Reached:
    return Reached(time_us, phase, altitude_km, 2000.0, 100.0, 0.0, 50.0, 0.0)


def test_a_prediction_is_due_the_moment_its_time_has_come():
    predictions = Predictions()
    assert not predictions.due(2**62)
    make(predictions)
    assert not predictions.due(FIRST_US - 1)
    assert predictions.score(reached(FIRST_US - 1)) == ()
    assert predictions.due(FIRST_US)
    [score] = predictions.score(reached(FIRST_US))
    assert (score.made_us, score.horizon_s) == (0, HORIZONS_S[0])
    assert score.expected == score.actual == (100.0, 2000.0, 50.0)
    assert score.inside == (True, True, True)
    assert not score.phase_changed


def test_each_prediction_is_held_against_what_happened_once():
    predictions = Predictions()
    make(predictions)
    scores = [
        (second, score.horizon_s)
        for second in range(100)
        for score in predictions.score(reached(second * SECOND_US))
    ]
    assert scores == [(horizon, horizon) for horizon in HORIZONS_S.tolist()]
    assert not predictions.due(2**62)
    assert predictions.snapshot() == Predictions().snapshot()


@pytest.mark.parametrize(("more_us", "is_scored"), [(0, True), (1, False)])
def test_what_happened_is_known_for_a_second(more_us: int, is_scored: bool):
    predictions = Predictions()
    make(predictions)
    late_us = round(LONGEST_MISS_S * SECOND_US) + more_us
    scores = predictions.score(reached(FIRST_US + late_us))
    assert len(scores) == is_scored
    for score in scores:
        # It climbed 100 m/s since.
        assert score.actual == pytest.approx((99.9, 2000.0, 50.0))
    assert not predictions.due(FIRST_US + late_us)


def test_the_bounds_of_a_prediction_are_within_it_and_engines_may_change():
    predictions = Predictions()
    make(predictions)
    make(predictions, 1)
    [inside] = predictions.score(reached(FIRST_US, 100.1, COAST))
    assert inside.inside == (True, True, True)
    assert inside.phase_changed
    [outside] = predictions.score(reached(FIRST_US + 1, 100.11))
    assert outside.inside == (False, True, True)


def test_no_more_than_so_many_predictions_wait_the_newest_of_them():
    predictions = Predictions()
    for number in range(MOST_PENDING):
        make(predictions, number)
    size = len(predictions.snapshot())
    make(predictions, MOST_PENDING)
    assert len(predictions.snapshot()) == size == MOST_PENDING * 12 * 8
    [*_, newest] = predictions.score(reached(FIRST_US + MOST_PENDING))
    assert newest.made_us == MOST_PENDING


def test_from_a_snapshot_what_waits_goes_on():
    predictions, resumed = Predictions(), Predictions()
    make(predictions)
    resumed.restore(predictions.snapshot())
    assert resumed.due(FIRST_US)
    now = reached(FIRST_US)
    assert resumed.score(now) == predictions.score(now)
    assert resumed.snapshot() == predictions.snapshot()
