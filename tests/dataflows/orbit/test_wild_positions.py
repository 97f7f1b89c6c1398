"""Where no satellite can have got to is refused, until positions there agree."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataflows.orbit.findings import Tracked
from dataflows.orbit.ground_track_kernel import AGREEING, FASTEST_KM_S
from dataflows.orbit.propagation import Ephemeris
from dataflows.orbit.tracker import SatelliteTracker
from tests.dataflows.orbit.conftest import ISS, PARIS, POLAR, STATIONS, positions

EPHEMERIS = Ephemeris(*ISS)
REDU = STATIONS[1]
SECONDS = 1200
Values = dict[str, np.ndarray]


def orbit(seconds: int = SECONDS) -> tuple[np.ndarray, Values]:
    return positions(EPHEMERIS, EPHEMERIS.epoch_us, seconds)


def track(times_us: np.ndarray, values: Values, elements: bool = False) -> Tracked:
    known = EPHEMERIS if elements else None
    return SatelliteTracker([PARIS], STATIONS, known).update(times_us, values)


def refused(tracked: Tracked) -> list[int]:
    assert {one.reason for one in tracked.refused} <= {"too_fast"}
    return [one.index for one in tracked.refused]


def highest_speed_km_s(tracked: Tracked) -> float:
    return max(minute.highest_speed_km_s or 0.0 for minute in tracked.minutes)


@pytest.mark.parametrize(
    "wild",
    [(0.0, 0.0), (REDU.latitude_deg, REDU.longitude_deg)],
    ids=["a receiver that was reset", "over a station"],
)
def test_one_wrong_position_is_refused_and_changes_nothing(wild: tuple[float, float]):
    times_us, values = orbit()
    for wrong in (599, 660):
        values["latitude"][wrong], values["longitude"][wrong] = wild
    tracked = track(times_us, values, elements=True)
    assert refused(tracked) == [599, 660]
    assert highest_speed_km_s(tracked) < 8
    used = {name: column[tracked.used] for name, column in values.items()}
    alone = track(times_us[tracked.used], used, elements=True)
    assert (tracked.minutes, tracked.passes) == (alone.minutes, alone.passes)
    assert {one.source for one in tracked.predictions} == {"elements"}


def test_a_receiver_that_tells_the_same_wrong_place_for_minutes_is_not_believed():
    times_us, values = orbit()
    values["latitude"][300:500] = values["longitude"][300:500] = 0.0
    tracked = track(times_us, values)
    assert refused(tracked) == [*range(300, 500)]
    assert highest_speed_km_s(tracked) < 8


@pytest.mark.parametrize("wild_km", [4e5, 2e9])
def test_one_wrong_altitude_is_refused_and_tells_of_no_pass(wild_km: float):
    times_us, values = orbit()
    for wrong in (599, 660):
        values["altitude"][wrong] = wild_km
    tracked = track(times_us, values)
    assert refused(tracked) == [599, 660]
    used = {name: column[tracked.used] for name, column in values.items()}
    assert tracked.passes == track(times_us[tracked.used], used).passes


def test_altitudes_in_another_unit_are_believed_once_some_are_alike():
    times_us, values = orbit()
    values["altitude"][500:] *= 1_000
    tracked = track(times_us, values)
    assert refused(tracked) == [*range(500, 500 + AGREEING - 1)]


def test_where_altitudes_come_and_go_nothing_is_refused():
    times_us, values = orbit()
    values["altitude"][::3] = np.nan
    assert not track(times_us, values).refused


def test_positions_that_agree_are_believed_and_the_track_begins_anew():
    times_us, values = orbit()
    values["longitude"][500:] = (values["longitude"][500:] + 250) % 360 - 180
    tracked = track(times_us, values)
    assert refused(tracked) == [*range(500, 500 + AGREEING - 1)]
    jumped = tracked.states[500]
    assert jumped.time_us == times_us[500 + AGREEING - 1]
    assert (jumped.ground_speed_km_s, jumped.phase) == (None, "UNKNOWN")
    assert tracked.states[501].ground_speed_km_s == pytest.approx(7, abs=1)
    assert highest_speed_km_s(tracked) < 8
    # What is foreseen is not drawn from positions of both tracks.
    jump_us = int(jumped.time_us)
    after = [one for one in tracked.predictions if one.made_us > jump_us]
    assert all(one.made_us >= jump_us + 110_000_000 for one in after)
    assert after


def test_wrong_positions_that_agree_are_not_believed_with_right_ones_between_them():
    times_us, values = orbit()
    wrong = np.arange(500, 500 + 6 * AGREEING, 2)
    values["latitude"][wrong] = np.arange(len(wrong)) * 0.05
    values["longitude"][wrong] = 0.0
    assert refused(track(times_us, values)) == wrong.tolist()
    # But for those between them, they would be.
    values["latitude"][wrong + 1] = np.nan
    assert refused(track(times_us, values))[: AGREEING - 1] == [500, 502]
    assert 500 + 2 * (AGREEING - 1) not in refused(track(times_us, values))


def test_one_wrong_altitude_just_after_a_jump_is_refused():
    times_us, values = orbit()
    values["longitude"][500:] = (values["longitude"][500:] + 250) % 360 - 180
    after = 500 + AGREEING
    values["altitude"][after] = 4e5
    assert refused(track(times_us, values)) == [*range(500, after - 1), after]


def test_the_first_position_may_be_the_wrong_one():
    times_us, values = orbit(300)
    values["latitude"][0], values["longitude"][0] = 80.0, 170.0
    assert refused(track(times_us, values)) == [1, 2]


def test_after_a_gap_a_satellite_may_be_wherever_it_can_have_got_to():
    times_us, values = orbit(4000)
    kept = np.r_[0:300, 3000:4000]
    some = {name: column[kept] for name, column in values.items()}
    assert refused(track(times_us[kept], some)) == []


def test_through_the_perigee_of_a_long_ellipse_nothing_is_refused():
    ephemeris = Ephemeris(*POLAR)
    times_us, values = positions(ephemeris, ephemeris.epoch_us, 86_400, 5)
    tracked = track(times_us, values)
    assert refused(tracked) == []
    assert highest_speed_km_s(tracked) < FASTEST_KM_S


@given(
    wilds=st.lists(st.tuples(st.integers(0, 560), st.integers(1, 40)), max_size=4),
    places=st.lists(st.floats(-60, 60), min_size=4, max_size=4),
    still=st.lists(st.booleans(), min_size=4, max_size=4),
    cuts=st.sets(st.integers(1, 599), max_size=8),
)
@settings(max_examples=60, deadline=None)
def test_other_runs_and_restarts_change_no_bit(wilds, places, still, cuts):
    times_us, values = orbit(600)
    for (first, count), degrees, stays in zip(wilds, places, still, strict=False):
        run = slice(first, first + count)
        for name in ("latitude", "longitude"):
            values[name][run] = degrees if stays else values[name][run] / 3 + degrees
    whole = track(times_us, values)
    tracker, parts = SatelliteTracker([PARIS], STATIONS), []
    for first, last in pairwise([0, *sorted(cuts), 600]):
        some = {name: column[first:last] for name, column in values.items()}
        parts.append(tracker.update(times_us[first:last], some))
        state = tracker.snapshot()
        tracker = SatelliteTracker([PARIS], STATIONS)
        tracker.restore(state)
        assert tracker.snapshot() == state
    for field in ("states", "minutes", "passes", "predictions"):
        together = [one for part in parts for one in getattr(part, field)]
        assert together == list(getattr(whole, field))
    used = np.concatenate([part.used for part in parts])
    np.testing.assert_array_equal(used, whole.used)
