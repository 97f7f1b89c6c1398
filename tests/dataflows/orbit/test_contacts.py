"""Passes as they happen: foreseen, begun and ended where they were to, or missed."""

import json
from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest

from dataflows.orbit.contacts import Contacts
from dataflows.orbit.findings import Pass, Tracked
from dataflows.orbit.propagation import Ephemeris
from dataflows.orbit.tracker import SatelliteTracker
from dataflows.state.snapshot import SnapshotError
from tests.dataflows.orbit.conftest import ISS, STATIONS, TERRA, positions

REDU = STATIONS[1]
HOUR_S = 3600
SECOND_US = 1_000_000
Story = dict[tuple[str, int], list[Pass]]


def stories(*runs: Tracked) -> Story:
    """The revisions of each pass, in order."""
    found: Story = defaultdict(list)
    for run in runs:
        for one in run.passes:
            found[one.station, one.announced_us].append(one)
    return found


def states(revisions: list[Pass]) -> list[str]:
    assert [one.revision for one in revisions] == list(range(len(revisions)))
    return [one.state for one in revisions]


@pytest.fixture
def day(iss: Ephemeris) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    return positions(iss, iss.epoch_us, 14 * HOUR_S, 10)


def test_passes_happen_as_they_were_foreseen(
    iss: Ephemeris, day: tuple[np.ndarray, dict[str, np.ndarray]]
):
    tracked = SatelliteTracker([], STATIONS, iss).update(*day)
    over = 0
    for revisions in stories(tracked).values():
        *_, last = revisions
        if last.predicted_los_us is None or last.predicted_los_us > day[0][-1]:
            continue
        if last.predicted_los_us - (last.predicted_aos_us or 0) < 20 * SECOND_US:
            continue  # it may pass between two positions
        assert states(revisions) == ["PREDICTED", "IN_VIEW", "OVER"]
        assert last.aos_us == pytest.approx(last.predicted_aos_us, abs=SECOND_US)
        assert last.los_us == pytest.approx(last.predicted_los_us, abs=SECOND_US)
        # Of the positions every ten seconds, one is near the highest point.
        assert last.culmination_us == pytest.approx(
            last.predicted_culmination_us, abs=5.1 * SECOND_US
        )
        assert last.maximum_elevation_deg is not None
        assert last.predicted_elevation_deg is not None
        missed = last.predicted_elevation_deg - last.maximum_elevation_deg
        assert -0.001 < missed < 1.5
        over += 1
    assert over > 10


def test_without_elements_passes_are_told_as_they_happen(
    iss: Ephemeris, day: tuple[np.ndarray, dict[str, np.ndarray]]
):
    foreseen = SatelliteTracker([], STATIONS, iss).update(*day)
    times_us, values = day
    seen = SatelliteTracker([], STATIONS).update(times_us, values)
    ended = [one for one in seen.passes if one.state == "OVER"]
    assert {(one.aos_us, one.los_us) for one in ended} == {
        (one.aos_us, one.los_us) for one in foreseen.passes if one.state == "OVER"
    }
    for revisions in stories(seen).values():
        assert states(revisions) in (["IN_VIEW", "OVER"], ["IN_VIEW"])
        assert revisions[0].predicted_aos_us is None


def test_without_altitudes_either_passes_are_told_within_a_few_seconds(
    day: tuple[np.ndarray, dict[str, np.ndarray]],
):
    times_us, values = day
    meant = SatelliteTracker([], STATIONS).update(times_us, values)
    bare = {name: values[name] for name in ("latitude", "longitude")}
    tracked = SatelliteTracker([], STATIONS).update(times_us, bare)
    los = [
        [one.los_us for one in run.passes if one.state == "OVER"]
        for run in (meant, tracked)
    ]
    assert len(los[0]) == len(los[1]) > 10
    # Over an oblate Earth, the speed tells the altitude within some 20 km.
    assert los[1] == pytest.approx(los[0], abs=15 * SECOND_US)


def test_a_pass_that_nobody_saw_is_told_once(iss: Ephemeris):
    times_us, values = positions(iss, iss.epoch_us, 14 * HOUR_S, 10)
    whole = SatelliteTracker([], [REDU], iss).update(times_us, values)
    first = next(one for one in whole.passes if one.state == "OVER")
    assert first.aos_us is not None
    assert first.los_us is not None
    silent = (times_us > first.aos_us - 60e6) & (times_us < first.los_us + 60e6)
    heard = {name: column[~silent] for name, column in values.items()}
    tracked = SatelliteTracker([], [REDU], iss).update(times_us[~silent], heard)
    missed = stories(tracked)[REDU.name, first.announced_us]
    assert states(missed) == ["PREDICTED", "NOT_OBSERVED"]
    assert missed[-1].aos_us is None


def test_an_end_that_fell_into_a_silence_has_no_time(iss: Ephemeris):
    times_us, values = positions(iss, iss.epoch_us, 14 * HOUR_S, 10)
    whole = SatelliteTracker([], [REDU], iss).update(times_us, values)
    first = next(one for one in whole.passes if one.state == "OVER")
    assert first.los_us is not None
    silent = (times_us > first.los_us - 60e6) & (times_us < first.los_us + 60e6)
    heard = {name: column[~silent] for name, column in values.items()}
    tracked = SatelliteTracker([], [REDU], iss).update(times_us[~silent], heard)
    last = stories(tracked)[REDU.name, first.announced_us][-1]
    assert (last.state, last.aos_us, last.los_us) == ("OVER", first.aos_us, None)


def test_elements_of_another_satellite_are_not_believed():
    terra = Ephemeris(*TERRA)
    # As old as they may be, so that only the distance tells.
    wrong = Ephemeris(*TERRA[:1], TERRA[1].replace("299.0284", "290.0284"))
    tracked = SatelliteTracker([], STATIONS, wrong).update(
        *positions(terra, terra.epoch_us, 2 * HOUR_S)
    )
    assert not [one for one in tracked.passes if one.predicted_aos_us is not None]
    assert {one.source for one in tracked.predictions} == {"track"}
    away_km = [one.from_elements_km for one in tracked.predictions]
    assert all(away is not None and away > 500 for away in away_km)


def test_old_elements_are_not_believed(iss: Ephemeris):
    later_us = iss.epoch_us + 15 * 86_400 * SECOND_US
    tracked = SatelliteTracker([], STATIONS, iss).update(
        *positions(iss, later_us, HOUR_S)
    )
    assert {one.source for one in tracked.predictions} == {"track"}
    assert {one.from_elements_km for one in tracked.predictions} == {None}


def test_newer_elements_revise_what_was_foreseen(iss: Ephemeris):
    first = SatelliteTracker([], [REDU], iss)
    before = first.update(*positions(iss, iss.epoch_us, HOUR_S))
    # Half a kilometre further along its orbit.
    newer = Ephemeris(ISS[0], ISS[1].replace("76.5979", "76.6021"))
    second = SatelliteTracker([], [REDU], newer)
    second.restore(first.snapshot())
    after = second.update(*positions(newer, iss.epoch_us + HOUR_S * SECOND_US, HOUR_S))
    told = stories(before, after)
    revised = [one for one in told.values() if len(one) == 2]
    assert len(revised) >= 4
    for old, new in revised:
        assert states([old, new]) == ["PREDICTED", "PREDICTED"]
        assert 0 < (old.predicted_aos_us or 0) - (new.predicted_aos_us or 0) < 1e6


def test_parts_of_something_else_are_refused_and_change_nothing(iss: Ephemeris):
    contacts = Contacts([REDU], iss)
    head, seen, ahead, book = before = contacts.dump()
    wrong_pass = json.dumps([{"station": "Redu"}]).encode()
    for parts in (
        [head, seen, ahead],
        [b"{", seen, ahead, book],
        [head, seen[:-1], ahead, book],
        [head, seen, ahead[:-8], book],
        [head, seen, ahead, wrong_pass],
    ):
        with pytest.raises(SnapshotError):
            contacts.load(parts)
        assert contacts.dump() == before


def test_a_pass_under_way_at_the_start_is_one_pass(iss: Ephemeris):
    times_us, values = positions(iss, iss.epoch_us, 14 * HOUR_S, 10)
    whole = SatelliteTracker([], [REDU], iss).update(times_us, values)
    first = next(one for one in whole.passes if one.state == "OVER")
    assert first.culmination_us is not None
    started = times_us >= first.culmination_us
    heard = {name: column[started] for name, column in values.items()}
    tracked = SatelliteTracker([], [REDU], iss).update(times_us[started], heard)
    story = stories(tracked)[REDU.name, first.announced_us]
    assert states(story) == ["PREDICTED", "IN_VIEW", "OVER"]
    assert (story[-1].aos_us, story[-1].los_us) == (None, first.los_us)


def test_a_pass_that_was_over_before_the_start_is_not_told(iss: Ephemeris):
    times_us, values = positions(iss, iss.epoch_us, 14 * HOUR_S, 10)
    whole = SatelliteTracker([], [REDU], iss).update(times_us, values)
    first = next(one for one in whole.passes if one.state == "OVER")
    assert first.los_us is not None
    started = times_us >= first.los_us + 5 * 60e6
    heard = {name: column[started] for name, column in values.items()}
    tracked = SatelliteTracker([], [REDU], iss).update(times_us[started], heard)
    assert (REDU.name, first.announced_us) not in stories(tracked)


def test_with_another_minimum_elevation_the_search_begins_anew(iss: Ephemeris):
    before, after = (
        Contacts([replace(REDU, minimum_elevation_deg=least)], iss)
        for least in (5.0, 20.0)
    )
    fresh = after.dump()[2]
    list(before.look_ahead(iss.epoch_us, elements_hold=True))
    assert before.dump()[2] != fresh
    after.load(before.dump())
    assert after.dump()[2] == fresh


def test_with_a_clock_that_is_set_back_passes_are_looked_for_from_then_on(
    iss: Ephemeris,
):
    day_us = 24 * HOUR_S * SECOND_US
    tracker, fresh = (SatelliteTracker([], [REDU], iss) for _ in "ab")
    ahead = tracker.update(*positions(iss, iss.epoch_us + day_us, HOUR_S, 10))
    assert stories(ahead)
    tracker.begin_anew()
    earlier = positions(iss, iss.epoch_us, HOUR_S, 10)
    again, expected = tracker.update(*earlier), fresh.update(*earlier)
    assert len(stories(expected)) > 3
    assert stories(expected).keys() <= stories(again).keys()


def first_pass(iss: Ephemeris) -> tuple[int, int]:
    """When the ISS is highest over Redu for the first time, and sets."""
    day = positions(iss, iss.epoch_us, 14 * HOUR_S, 10)
    whole = SatelliteTracker([], [REDU], iss).update(*day)
    first = next(one for one in whole.passes if one.state == "OVER")
    assert first.culmination_us is not None
    assert first.los_us is not None
    return first.culmination_us, first.los_us


def test_a_clock_that_is_set_back_during_a_pass_has_it_come_again(iss: Ephemeris):
    middle_us, end_us = first_pass(iss)
    begun_us = middle_us - HOUR_S * SECOND_US
    tracker = SatelliteTracker([], [REDU], iss)
    seconds = (middle_us - begun_us) // SECOND_US
    before = tracker.update(*positions(iss, begun_us, seconds, 10))
    tracker.begin_anew()
    seconds = (end_us - begun_us) // SECOND_US + 60
    after = tracker.update(*positions(iss, begun_us, seconds, 10))
    [story] = [
        story for story in stories(before, after).values() if story[-1].state == "OVER"
    ]
    expected = ["PREDICTED", "IN_VIEW", "PREDICTED", "IN_VIEW", "OVER"]
    assert states(story) == expected
    assert story[-1].los_us == pytest.approx(end_us, abs=SECOND_US)


def test_nobody_knows_when_a_track_that_jumped_into_view_rose(iss: Ephemeris):
    middle_us, _ = first_pass(iss)
    times_us, values = positions(iss, middle_us - HOUR_S * SECOND_US, 300)
    _, there = positions(iss, middle_us, 60)
    later_us = times_us[-1] + SECOND_US * np.arange(1, 61)
    tracker = SatelliteTracker([], [REDU])
    assert tracker.update(times_us, values).passes == ()
    jumped = tracker.update(later_us, there)
    assert [one.reason for one in jumped.refused] == ["too_fast"] * 2
    [rise] = jumped.passes
    assert (rise.state, rise.aos_us) == ("IN_VIEW", None)
    assert rise.announced_us == later_us[2]
