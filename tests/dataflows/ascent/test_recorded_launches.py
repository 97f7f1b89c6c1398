"""On recorded launches the tracker is as good as is asked for."""

import numpy as np
import pytest

from dataflows.backtest.scoring.ascent import (
    event_errors_s,
    powered,
    prediction_figures,
    relative_rms,
    self_scored,
)
from tests.launches import NAMES, T0_US, launch, tracked

# Seconds of powered ascent in the recording, by events.json.
ASCENT_S = {"iridium-next-1": 480, "nrol-76": 140}


def steady(name: str) -> np.ndarray:
    """Which seconds of the analysis are powered ascent, but not staging."""
    return powered(launch(name).analysed["time"], launch(name).events)


@pytest.mark.parametrize("name", NAMES)
def test_acceleration_is_within_a_tenth_outside_staging(name: str):
    found, expected = launch(name), launch(name).analysed
    at_us = T0_US + 1e6 * expected["time"]
    series = tracked(name).series["acceleration"]
    acceleration = np.interp(at_us, found.times_us, series)
    which = steady(name)
    error = relative_rms(acceleration[which], expected["acceleration"][which])
    assert error < 0.10
    assert error < 0.03  # what was reached


@pytest.mark.parametrize("name", NAMES)
def test_events_are_told_within_two_seconds_once(name: str):
    known = launch(name).events
    expected: dict[str, int] = {
        event: T0_US + round(1e6 * known[event])
        for event in ("meco", "ses1", "seco1", "apogee")
        if event in known
    }
    expected["liftoff"] = T0_US
    errors = event_errors_s(tracked(name).events, expected)
    assert max(abs(error) for error in errors.values()) <= 2.0, errors
    names = [event.name for event in tracked(name).events]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", NAMES)
def test_max_q_is_told_within_its_uncertainty(name: str):
    (event,) = (event for event in tracked(name).events if event.name == "max_q")
    error_s = (event.time_us - T0_US) / 1e6 - launch(name).events["maxq"]
    assert abs(error_s) <= event.uncertainty_s


def test_a_first_stage_that_flies_home_starts_no_second_engine():
    assert [event.name for event in tracked("nrol-76").events] == [
        "liftoff",
        "max_q",
        "meco",
        "apogee",
    ]


def test_an_event_in_a_gap_says_how_little_is_known():
    events = {event.name: event for event in tracked("iridium-next-1").events}
    assert events["seco1"].uncertainty_s > 1000
    assert events["ses2"].uncertainty_s < 1
    assert (events["ses2"].time_us - T0_US) / 1e6 == pytest.approx(3150.3, abs=1)


@pytest.mark.parametrize("name", NAMES)
def test_ten_seconds_ahead_are_within_three_percent_in_powered_flight(name: str):
    found, expected = launch(name), launch(name).analysed
    figures = prediction_figures(
        tracked(name).predictions,
        T0_US + np.round(1e6 * expected["time"]).astype(np.int64),
        expected["altitude"],
        expected["velocity"],
        horizon_s=10.0,
        steady=steady(name),
    )
    assert len(found.recording) > 10_000
    assert figures.predictions > 100
    assert figures.altitude < 0.03
    assert figures.velocity < 0.03


@pytest.mark.parametrize("horizon_s", [10.0, 30.0, 60.0])
@pytest.mark.parametrize("name", NAMES)
def test_nine_in_ten_predictions_of_an_ascent_are_within_their_bounds(name, horizon_s):
    last_us = T0_US + (ASCENT_S[name] - horizon_s) * 1e6
    scores = [one for one in tracked(name).scores if one.made_us <= last_us]
    figures = self_scored(scores, horizon_s)
    assert figures.altitude_inside >= 0.9
    assert figures.velocity_inside >= 0.9


def test_the_apogee_of_a_coasting_stage_is_known_minutes_before():
    (event,) = (event for event in tracked("nrol-76").events if event.name == "apogee")
    highest_km = launch("nrol-76").analysed["altitude"].max()
    coasting = [
        state
        for state in tracked("nrol-76").states
        if 210 <= (state.time_us - T0_US) / 1e6 <= 280
    ]
    assert len(coasting) >= 70
    for state in coasting:
        assert state.apogee_km == pytest.approx(highest_km, abs=4)
        assert state.time_to_apogee_s is not None
        due_us = state.time_us + 1e6 * state.time_to_apogee_s
        assert due_us == pytest.approx(event.time_us, abs=7e6)
