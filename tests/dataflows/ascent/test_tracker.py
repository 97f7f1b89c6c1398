"""A tracker gives the same however samples are cut, and bad ones cost no others."""

from functools import cache
from itertools import islice, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataflows.ascent.flight_events import Phase
from dataflows.ascent.tracker import SERIES, AscentTracker, Tracked
from dataflows.state.snapshot import SnapshotError
from simulators.rocket_launch.packets import Launches, simulated_packets

T0_US = 1_600_000_000_000_000


@cache
def flight(seed: int = 1) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """A simulated ascent: times, velocities and altitudes."""
    rows = [
        [
            packet.values[name]
            for name in ("mission_elapsed_time", "velocity", "altitude")
        ]
        for packet in simulated_packets(Launches(seed=seed))
    ]
    times_s, velocity, altitude = np.array(rows, float).T
    times_us = T0_US + np.round(1e6 * times_s).astype(np.int64)
    return times_us, {"velocity": velocity, "altitude": altitude}


def part(first: int, last: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    times_us, values = flight()
    run = slice(first, last)
    return times_us[run], {name: column[run].copy() for name, column in values.items()}


def feed(tracker: AscentTracker, times_us, values, cuts=()) -> list[Tracked]:
    ends = [0, *sorted(cuts), len(times_us)]
    return [
        tracker.update(times_us[a:b], {name: values[name][a:b] for name in values})
        for a, b in pairwise(ends)
    ]


def assert_same(some: list[Tracked], others: list[Tracked]) -> None:
    for name in SERIES:
        left, right = (
            np.concatenate([one.series[name] for one in each])
            for each in (some, others)
        )
        assert left.tobytes() == right.tobytes(), name
    for field in ("states", "events", "predictions", "scores", "flights"):
        told, again = (
            repr([row for one in each for row in getattr(one, field)])
            for each in (some, others)
        )
        assert told == again, field


# Staging lies in these samples: T+130 s to T+165 s.
FIRST, LAST = 4200, 5250
places = st.integers(0, LAST - FIRST - 1)
spoilers = st.tuples(
    places,
    st.integers(1, 40),
    st.sampled_from(["velocity", "altitude"]),
    st.sampled_from([np.nan, 0.0, -5.0, 1e6, np.inf]),
)


@given(st.lists(places, max_size=12), st.lists(spoilers, max_size=4))
@settings(max_examples=25, deadline=None)
def test_other_batches_of_the_same_samples_give_the_same_bits(cuts, spoiled):
    times_us, values = part(FIRST, LAST)
    for start, count, name, value in spoiled:
        values[name][start : start + count] = value
    whole = feed(AscentTracker(), times_us, values)
    assert_same(whole, feed(AscentTracker(), times_us, values, cuts))


@given(places)
@settings(max_examples=10, deadline=None)
def test_a_restored_tracker_goes_on_as_the_one_it_was_taken_from(cut):
    times_us, values = part(FIRST, LAST)
    before, after = slice(0, cut), slice(cut, None)
    first, second = AscentTracker(), AscentTracker()
    feed(first, times_us[before], {name: values[name][before] for name in values})
    second.restore(first.snapshot())
    rest = times_us[after], {name: values[name][after] for name in values}
    assert_same(feed(first, *rest), feed(second, *rest))
    assert first.snapshot() == second.snapshot()


@cache
def two_flights() -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Engines, a minute of silence, rest, and the same at once again, without a gap.

    The second time the vehicle lies still for long enough to be believed.
    """
    times_us, values = part(0, 3000)
    still = {name: np.zeros(900) for name in values}
    parts = [values, values, still, values]
    lengths = [len(each["velocity"]) for each in parts]
    starts_us = [0, 160_000_000, 260_000_000, 290_000_000]
    steps_us = [
        start_us + 33_333 * np.arange(length)
        for start_us, length in zip(starts_us, lengths, strict=True)
    ]
    return times_us[0] + np.concatenate(steps_us), {
        name: np.concatenate([each[name] for each in parts]) for name in values
    }


def test_flights_of_one_vehicle_each_have_their_events_and_downrange():
    times_us, values = two_flights()
    (found,) = feed(AscentTracker(), times_us, values)
    flights_s = [(flight_us - times_us[0]) / 1e6 for flight_us in found.flights]
    assert flights_s[0] == 0
    assert 163 < flights_s[1] < 164
    assert 275 < flights_s[2] < 285
    flown = ["liftoff", "max_q"]
    # That it came to a stop looks like the end of thrust.
    assert [event.name for event in found.events] == [*flown, *flown, "meco", *flown]
    lasts = [-1, int(np.flatnonzero(np.diff(times_us) > 10**7)[0])]
    last, first = (found.series["downrange"][place] for place in lasts)
    assert last == pytest.approx(first, abs=0.1)


@given(st.lists(st.integers(0, 9899), max_size=6))
@settings(max_examples=8, deadline=None)
def test_flights_are_the_same_in_other_batches_and_after_restarts(cuts):
    times_us, values = two_flights()
    whole = feed(AscentTracker(), times_us, values)
    tracker, found = AscentTracker(), []
    for first, last in pairwise([0, *sorted(cuts), len(times_us)]):
        run = {name: column[first:last] for name, column in values.items()}
        found += feed(tracker, times_us[first:last], run)
        state = tracker.snapshot()
        tracker = AscentTracker()
        tracker.restore(state)
        assert tracker.snapshot() == state
    assert_same(whole, found)


def test_one_by_one_is_the_same_too():
    times_us, values = part(0, 700)
    whole = feed(AscentTracker(), times_us, values)
    assert_same(whole, feed(AscentTracker(), times_us, values, range(1, 700)))


@pytest.mark.parametrize("cut", [0, 1, 40, -1])
def test_bytes_that_are_no_snapshot_of_it_are_refused(cut: int):
    tracker = AscentTracker()
    feed(tracker, *part(0, 900))
    kept = tracker.snapshot()
    with pytest.raises(SnapshotError):
        tracker.restore(kept[:cut])
    assert tracker.snapshot() == kept


def test_its_state_is_small():
    tracker = AscentTracker()
    feed(tracker, *part(0, 9000))
    assert len(tracker.snapshot()) < 16_000


def test_a_batch_of_nothing_brings_nothing():
    empty = np.empty(0)
    found = AscentTracker().update(
        np.empty(0, np.int64), {"velocity": empty, "altitude": empty}
    )
    assert set(found.series) == set(SERIES)
    assert not found.states
    assert not found.events


def test_without_a_single_value_there_is_no_state_and_no_event():
    times_us, _ = part(0, 300)
    nothing = np.full(300, np.nan)
    found = AscentTracker().update(times_us, {"velocity": nothing, "altitude": nothing})
    assert not found.states
    assert not found.events
    assert found.series["velocity_silence"][-1] == pytest.approx(9.97, abs=0.05)


def test_values_that_cannot_be_count_as_missing():
    times_us, values = part(300, 2100)
    bad = {name: column.copy() for name, column in values.items()}
    bad["velocity"][900:903], bad["altitude"][1200:1203] = -3.0, -40.0
    gaps = {name: column.copy() for name, column in values.items()}
    gaps["velocity"][900:903], gaps["altitude"][1200:1203] = np.nan, np.nan
    assert_same(
        feed(AscentTracker(), times_us, bad), feed(AscentTracker(), times_us, gaps)
    )


def test_a_simulated_ascent_has_all_its_events_when_they_are():
    tracker = AscentTracker()
    (found,) = feed(tracker, *flight())
    times_s = {event.name: (event.time_us - T0_US) / 1e6 for event in found.events}
    assert list(times_s) == ["liftoff", "max_q", "meco", "ses1", "seco1"]
    packets = simulated_packets(Launches(seed=1))
    assert next(islice(packets, 1)).values["mission_elapsed_time"] == pytest.approx(-10)
    assert times_s["liftoff"] == pytest.approx(0, abs=1)
    assert times_s["ses1"] - times_s["meco"] == pytest.approx(11, abs=2)
    assert found.states[-1].phase == Phase.COAST


@pytest.mark.parametrize("gap_s", [0, 5, 20, 29, 60])
def test_a_liftoff_that_nobody_saw_is_told_with_how_far_off_that_may_be(gap_s: int):
    times_us, values = flight()
    true_us = T0_US
    seen = (times_us < true_us - 1e6) | (times_us > true_us + gap_s * 1e6)
    some = {name: column[seen] for name, column in values.items()}
    found = AscentTracker().update(times_us[seen], some)
    [liftoff] = [one for one in found.events if one.name == "liftoff"]
    assert abs(liftoff.time_us - true_us) / 1e6 <= liftoff.uncertainty_s
    assert liftoff.uncertainty_s <= max(0.5, gap_s + 1.2)


@pytest.mark.parametrize("every", [15, 30, 60])
def test_a_sample_a_second_or_so_is_enough_to_follow_a_flight(every: int):
    times_us, values = flight()
    some = {name: column[::every] for name, column in values.items()}
    found = AscentTracker().update(times_us[::every], some)
    step_s = every / 30
    told = {one.name: one.time_us for one in found.events}
    for one in AscentTracker().update(times_us, values).events:
        assert abs(told[one.name] - one.time_us) / 1e6 < 3.0 + 2 * step_s, one.name
    for name in ("velocity", "altitude"):
        assert np.sum(np.abs(found.series[f"{name}_innovation"]) > 1) <= 1


def test_a_flight_that_is_joined_in_its_first_stage_has_its_staging_told():
    times_us, values = part(3000, len(flight()[0]))
    (found,) = feed(AscentTracker(), times_us, values)
    assert [event.name for event in found.events[-3:]] == ["meco", "ses1", "seco1"]


def test_downrange_and_the_angle_of_a_simulated_ascent_are_known_without_being_sent():
    (found,) = feed(AscentTracker(), *flight())
    last = found.states[-1]
    assert abs(last.flight_path_angle_deg) < 2
    assert last.downrange_km is not None
    assert 1300 < last.downrange_km < 2300


@pytest.mark.parametrize("first", [0, 600])
@pytest.mark.parametrize("name", ["velocity", "altitude"])
@pytest.mark.parametrize("wild", [5e-324, 1e9, 1e13, 1e110, 1e160, 1e300])
def test_a_flight_goes_on_after_values_of_any_size(name: str, wild: float, first: int):
    times_us, values = part(0, 4000)
    clean = AscentTracker().update(times_us, values).states[-1]
    values[name][first : first + 900] = wild
    found = AscentTracker().update(times_us, values).states[-1]
    assert found.velocity_m_s == pytest.approx(clean.velocity_m_s, abs=5.0)
    assert found.altitude_km == pytest.approx(clean.altitude_km, abs=1.0)
