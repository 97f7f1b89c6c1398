"""The tracker as a whole: whatever comes, in whatever runs, from whatever snapshot."""

from itertools import chain

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataflows.orbit.findings import REASONS, Tracked
from dataflows.orbit.propagation import Ephemeris
from dataflows.orbit.tracker import _LABEL, SatelliteTracker
from dataflows.state.snapshot import SnapshotError, pack, unpack
from tests.dataflows.orbit.conftest import ISS, PARIS, STATIONS, Spot, positions

SECOND_US = 1_000_000
ELSEWHERE = Spot("Elsewhere", -33.9, 151.2)
EPHEMERIS = Ephemeris(*ISS)
Values = dict[str, np.ndarray]


def new_tracker(elements: Ephemeris | None = EPHEMERIS) -> SatelliteTracker:
    return SatelliteTracker([PARIS, ELSEWHERE], STATIONS, elements)


def told(tracked: Tracked) -> tuple[object, ...]:
    """Everything but the series, which stand in the states as well."""
    return (
        tracked.states,
        tracked.minutes,
        tracked.passes,
        tracked.predictions,
    )


def joined(parts: list[Tracked]) -> tuple[object, ...]:
    columns = zip(*map(told, parts), strict=True)
    return tuple(list(chain.from_iterable(column)) for column in columns)


def cut(
    tracker: SatelliteTracker, times_us: np.ndarray, values: Values, edges: list[int]
) -> list[Tracked]:
    runs = zip([0, *edges], [*edges, len(times_us)], strict=True)
    return [
        tracker.update(
            times_us[a:b], {name: column[a:b] for name, column in values.items()}
        )
        for a, b in runs
    ]


@pytest.fixture(scope="module")
def disturbed_once() -> tuple[np.ndarray, Values]:
    """Five hours of ISS, with every fault there is."""
    times_us, values = positions(EPHEMERIS, EPHEMERIS.epoch_us, 18_000, 7)
    random = np.random.default_rng(11)
    order = np.arange(len(times_us))
    for _ in range(60):
        at = random.integers(0, len(order) - 5)
        order[at], order[at + 3] = order[at + 3], order[at]
    repeated = np.sort(random.integers(10, len(order), 60))
    order = np.insert(order, repeated, order[repeated - random.integers(1, 9, 60)])
    order = np.delete(order, slice(900, 1000))
    values = {name: column[order] for name, column in values.items()}
    faults: tuple[tuple[int | slice, str, float], ...] = (
        (100, "latitude", 91.0),
        (200, "longitude", 540.0),
        (300, "altitude", -5.0),
        (400, "latitude", np.nan),
        (500, "latitude", -np.inf),
        (slice(600, 700), "altitude", np.nan),
    )
    for where, name, value in faults:
        values[name][where] = value
    values["latitude"][800] *= -1
    return times_us[order], values


@pytest.fixture
def disturbed(
    disturbed_once: tuple[np.ndarray, Values],
) -> tuple[np.ndarray, Values]:
    times_us, values = disturbed_once
    return times_us.copy(), {name: column.copy() for name, column in values.items()}


@given(cuts=st.lists(st.integers(0, 2500), max_size=12))
@settings(deadline=None, max_examples=25)
@pytest.mark.parametrize("elements", [EPHEMERIS, None], ids=["elements", "track"])
def test_other_runs_of_the_same_positions_change_no_bit(
    disturbed_once: tuple[np.ndarray, Values],
    elements: Ephemeris | None,
    cuts: list[int],
):
    times_us, values = disturbed_once
    edges = sorted(min(one, len(times_us)) for one in cuts)
    whole = new_tracker(elements).update(times_us, values)
    parts = cut(new_tracker(elements), times_us, values, edges)
    assert joined(parts) == joined([whole])
    together = np.concatenate([part.speeds_km_s for part in parts])
    np.testing.assert_array_equal(together, whole.speeds_km_s)
    used = np.concatenate([part.used for part in parts])
    np.testing.assert_array_equal(used, whole.used)


@pytest.mark.parametrize("elements", [EPHEMERIS, None], ids=["elements", "track"])
def test_after_a_snapshot_all_goes_on_as_if_nothing_had_happened(
    disturbed: tuple[np.ndarray, Values], elements: Ephemeris | None
):
    times_us, values = disturbed
    undisturbed = cut(new_tracker(elements), times_us, values, [700, 1500])
    tracker = new_tracker(elements)
    parts = []
    for a, b in ((0, 700), (700, 1500), (1500, len(times_us))):
        run = {name: column[a:b] for name, column in values.items()}
        parts.append(tracker.update(times_us[a:b], run))
        state = tracker.snapshot()
        assert len(state) < 32_000
        tracker = new_tracker(elements)
        tracker.restore(state)
        assert tracker.snapshot() == state
    assert joined(parts) == joined(undisturbed)


def test_every_fault_is_refused_with_its_reason_and_nothing_else_is_lost(
    disturbed: tuple[np.ndarray, Values],
):
    times_us, values = disturbed
    tracked = new_tracker().update(times_us, values)
    reasons = {refusal.reason for refusal in tracked.refused}
    assert reasons == set(REASONS)
    by_index = {refusal.index: refusal for refusal in tracked.refused}
    assert by_index[100].reason == "bad_latitude"
    assert by_index[100].detail.startswith("latitude 91: ")
    assert by_index[200].detail.startswith("longitude 540: ")
    assert by_index[300].detail.startswith("altitude -5: ")
    assert by_index[500].reason == "bad_latitude"
    assert by_index[800].reason == "too_fast"
    assert 400 not in by_index
    assert not tracked.used[400]
    assert tracked.used[600:700].sum() > 50
    assert all("\n" not in refusal.detail for refusal in tracked.refused)
    assert tracked.used.sum() == len(tracked.states)
    assert len(tracked.states) + len(tracked.refused) == len(times_us) - 1


def test_what_was_refused_changes_nothing(disturbed: tuple[np.ndarray, Values]):
    times_us, values = disturbed
    whole = new_tracker().update(times_us, values)
    good = {name: column[whole.used] for name, column in values.items()}
    alone = new_tracker().update(times_us[whole.used], good)
    assert told(alone) == told(whole)
    speeds = whole.speeds_km_s
    np.testing.assert_array_equal(speeds[whole.used], alone.speeds_km_s)
    assert np.isnan(speeds[~whole.used]).all()
    assert alone.refused == ()


def test_the_arrays_given_are_left_as_they_are(disturbed: tuple[np.ndarray, Values]):
    times_us, values = disturbed
    kept = times_us.copy(), {name: column.copy() for name, column in values.items()}
    for array in (times_us, *values.values()):
        array.setflags(write=False)
    new_tracker().update(times_us, values)
    np.testing.assert_array_equal(times_us, kept[0])
    for name, column in values.items():
        np.testing.assert_array_equal(column, kept[1][name])


def test_no_positions_are_none():
    empty = new_tracker().update(np.empty(0, np.int64), {"latitude": np.empty(0)})
    assert told(empty) == ((), (), (), ())
    assert not len(empty.speeds_km_s)


def test_values_without_a_latitude_are_not_acquired():
    tracked = new_tracker().update(np.arange(3), {"longitude": np.zeros(3)})
    assert not tracked.used.any()
    assert tracked.refused == ()


def test_columns_of_another_length_are_refused():
    with pytest.raises(ValueError, match="other lengths"):
        new_tracker().update(np.arange(3), {"latitude": np.zeros(2)})


def test_foreign_bytes_are_refused_and_change_nothing():
    tracker = new_tracker()
    tracker.update(*positions(EPHEMERIS, EPHEMERIS.epoch_us, 300))
    before = tracker.snapshot()
    parts = unpack(before, _LABEL)
    for wrong in (
        b"",
        b"\0" * 50,
        before[:-1],
        before[:40] + b"x" + before[41:],
        pack(_LABEL, []),
        pack(_LABEL, parts[:2]),
        pack(_LABEL, [parts[0] * 2, *parts[1:]]),
        pack(_LABEL, [*parts[:7], b"[]["]),
    ):
        with pytest.raises(SnapshotError):
            tracker.restore(wrong)
    assert tracker.snapshot() == before


def test_a_snapshot_is_restored_where_places_and_stations_are_others():
    times_us, values = positions(EPHEMERIS, EPHEMERIS.epoch_us, 7200)
    tracker = new_tracker()
    first = tracker.update(times_us, values)
    other = Spot("Canberra", -35.4, 148.98)
    stations = (STATIONS[1], other)
    now = SatelliteTracker([ELSEWHERE], stations, EPHEMERIS)
    now.restore(tracker.snapshot())
    later = positions(EPHEMERIS, int(times_us[-1]) + SECOND_US, 3600)
    tracked = now.update(*later)
    assert tracked.states[0].phase != "UNKNOWN"
    assert other.name in {one.station for one in tracked.passes}
    # What was told before is not announced again, though the search began anew.
    before = {(one.station, one.announced_us) for one in first.passes}
    again = {
        (one.station, one.announced_us) for one in tracked.passes if not one.revision
    }
    assert not before & again
