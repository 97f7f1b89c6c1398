"""Launchers and satellites are tracked through wrong clocks and other epochs."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from connectors.files.orbital_elements import read_elements
from connectors.files.parameters import read_definitions
from connectors.files.places import read_places
from connectors.messages.places import Places
from connectors.messages.polls import Poll, Polled
from connectors.messages.samples import ParameterName, Runs, Samples
from connectors.messages.times import microseconds, moment
from connectors.messages.writes import Records
from connectors.metrics import FlowMetrics
from connectors.process.listening import Listening
from dataflows.iss_tracking import INPUTS as POSITION
from dataflows.orbit.propagation import Ephemeris
from dataflows.parameters.shard import ShardLogic
from dataflows.vehicles.launcher import INPUTS as MOTION
from dataflows.vehicles.launcher import LaunchFollower
from dataflows.vehicles.most_tracked import MostTracked
from dataflows.vehicles.satellite import SatelliteFollower
from dataflows.vehicles.shard import TrackLogic
from simulators.rocket_launch.packets import Launches, simulated_packets
from tests.outcome import outcomes

PROVISIONING = Path(__file__).parents[3] / "provisioning"
EVENTS = ["liftoff", "max_q", "meco", "ses1", "seco1"]
SECOND_US, HOUR_US, DAY_US = 10**6, 3600 * 10**6, 86_400 * 10**6

Columns = dict[str, np.ndarray]
Rows = dict[str, list[tuple[object, ...]]]


@cache
def ascent() -> tuple[np.ndarray, Columns]:
    """A simulated ascent: times, velocities and altitudes."""
    packets = list(simulated_packets(Launches()))
    times_us = np.array([microseconds(packet.generation_time) for packet in packets])
    return times_us, {
        name: np.array([packet.values[name] for packet in packets], float)
        for name in MOTION
    }


@cache
def ephemeris() -> Ephemeris:
    elements = read_elements(PROVISIONING / "orbits" / "satellites.tle")[0]
    return Ephemeris(elements.line1, elements.line2)


def orbit(seconds: int) -> tuple[np.ndarray, Columns]:
    """A satellite's position each second."""
    start_us = ephemeris().epoch_us // SECOND_US * SECOND_US
    times_us = start_us + np.arange(seconds) * SECOND_US
    columns = ephemeris().geodetic(times_us)
    return times_us, dict(zip(POSITION, columns, strict=True))


class Flow:
    """Trackers as they run in a flow, each batch from a snapshot of the last."""

    def __init__(self, subsystem: str) -> None:
        self.subsystem = subsystem
        self.metrics = FlowMetrics(CollectorRegistry())
        self.where = read_places(PROVISIONING / "places.yaml")
        self.state: bytes | None = None

    def new(self, vehicle: tuple[str, str]) -> LaunchFollower | SatelliteFollower:
        if self.subsystem == "ascent":
            return LaunchFollower(vehicle[0], self.metrics)
        where = Places(self.where.places, self.where.stations)
        return SatelliteFollower(vehicle[0], where, ephemeris(), self.metrics)

    def follow(
        self, times_us: np.ndarray, columns: Columns, epoch: str | None = None
    ) -> Polled:
        told = ((0, epoch),) if epoch else ()
        runs = Runs.of(
            [
                Samples(
                    ParameterName("V", self.subsystem, name),
                    times_us,
                    column,
                    None,
                    told,
                )
                for name, column in columns.items()
            ]
        )
        most = MostTracked(self.metrics)
        inputs = tuple(columns)
        logic = TrackLogic(self.state, inputs, self.new, most, self.metrics)
        [polled], _ = logic.on_batch([Polled(runs, Poll(1, 1, (), 0))])
        self.state = logic.snapshot()
        return polled

    def refused(self, reason: str) -> float:
        return float(self.metrics.tracking.not_tracked.labels(reason)._value.get())


def rows(polled: list[Polled]) -> Rows:
    found: Rows = {}
    for each in polled:
        for records in each.writes:
            assert isinstance(records, Records)
            found.setdefault(records.table, []).extend(records.rows)
    return found


def events(polled: list[Polled]) -> list[str]:
    return [str(row[2]) for row in rows(polled).get("launch_event", [])]


def cut(
    times_us: np.ndarray, columns: Columns, edges: list[int]
) -> Iterator[tuple[np.ndarray, Columns]]:
    for first, last in pairwise([0, *edges, len(times_us)]):
        run = {name: column[first:last] for name, column in columns.items()}
        yield times_us[first:last], run


@pytest.mark.parametrize("edges", [[], [150, 151, 152, 9000]])
def test_a_packet_an_hour_ahead_on_the_pad_hides_nothing_of_a_launch(edges: list[int]):
    times_us, columns = ascent()
    wrong_us = times_us.copy()
    wrong_us[150] += HOUR_US
    without = {name: np.delete(column, 150) for name, column in columns.items()}
    flow = Flow("ascent")
    found = rows([flow.follow(*run) for run in cut(wrong_us, columns, edges)])
    assert found == rows([Flow("ascent").follow(np.delete(times_us, 150), without)])
    assert flow.refused("ahead") == 1
    assert flow.refused("late") == 0


@pytest.mark.parametrize("edges", [[], [60, 61, 62]])
def test_a_position_six_hours_ahead_costs_a_satellite_no_other(edges: list[int]):
    times_us, columns = orbit(600)
    wrong_us = times_us.copy()
    wrong_us[60] += 6 * HOUR_US
    flow = Flow("orbit")
    found = rows([flow.follow(*run) for run in cut(wrong_us, columns, edges)])
    assert len(found["orbit_state"]) == 599
    assert {row[2] for row in found["orbit_minute"][1:]} == {59, 60}
    assert flow.refused("ahead") == 1


def test_a_launcher_whose_clock_is_set_back_in_flight_is_tracked_on():
    times_us, columns = ascent()
    wrong_us = times_us.copy()
    wrong_us[:3000] += HOUR_US  # T-10 s to T+90 s
    flow = Flow("ascent")
    found = [flow.follow(*run) for run in cut(wrong_us, columns, [2000, 3000, 3050])]
    told = events(found)
    assert (told[0], *told[-3:]) == ("liftoff", "meco", "ses1", "seco1")
    assert flow.refused("late") == 99


def test_a_satellite_whose_clock_is_set_back_is_tracked_on():
    times_us, columns = orbit(600)
    times_us[:100] += 6 * HOUR_US
    flow = Flow("orbit")
    found = rows([flow.follow(*run) for run in cut(times_us, columns, [150])])
    assert len(found["orbit_state"]) == 600 - 99


def test_passes_that_a_clock_ahead_took_for_gone_are_told_as_they_happen():
    times_us, columns = orbit(14 * 3600)
    times_us = times_us[::10]
    columns = {name: column[::10] for name, column in columns.items()}
    wrong_us = times_us.copy()
    wrong_us[100:102] += 13 * HOUR_US
    edges = [*range(60, len(times_us), 60)]
    told: list[dict[object, list[object]]] = []
    passes: dict[object, list[object]]
    for clock_us in (times_us, wrong_us):
        flow, passes = Flow("orbit"), defaultdict(list)
        found = [flow.follow(*run) for run in cut(clock_us, columns, edges)]
        for _, station, announced_at, revision, state, *_ in rows(found)[
            "satellite_pass"
        ]:
            # The database takes no other for news.
            assert revision == len(passes[station, announced_at])
            passes[station, announced_at].append(state)
        told.append(passes)
    right, wrong = told
    seen = [name for name, states in right.items() if states[-1] == "OVER"]
    assert sum("NOT_OBSERVED" in wrong[name] for name in seen) > 3
    assert all(wrong[name][-3:] == ["PREDICTED", "IN_VIEW", "OVER"] for name in seen)
    assert {name: states[-1] for name, states in wrong.items()} == {
        name: states[-1] for name, states in right.items()
    }


def test_a_packet_with_another_epoch_begins_another_flight():
    times_us, columns = ascent()
    flow = Flow("ascent")
    found = [
        flow.follow(times_us + flight * HOUR_US, columns, f"flight {flight}")
        for flight in range(2)
    ]
    assert events(found) == 2 * EVENTS


@pytest.mark.parametrize(
    ("velocity", "altitude"), [(-1.0, -999.0), (0.0, -999.0), (0.0, 0.0)]
)
def test_one_wrong_value_after_a_gap_begins_no_flight_in_mid_air(
    velocity: float, altitude: float
):
    times_us, columns = ascent()
    since_us = times_us - times_us[0]
    kept = (since_us < 300 * SECOND_US) | (since_us >= 340 * SECOND_US)
    wrong = {name: column[kept] for name, column in columns.items()}
    after = int(np.argmax(since_us[kept] >= 340 * SECOND_US))
    wrong["velocity"][after], wrong["altitude"][after] = velocity, altitude
    polled = Flow("ascent").follow(times_us[kept], wrong)
    assert rows([polled])["launch_flight"] == [("V", moment(int(times_us[0])))]
    assert events([polled]) == [*EVENTS, "apogee"]


@pytest.mark.parametrize("pause_us", [40 * SECOND_US, 20 * 60 * SECOND_US, DAY_US])
def test_a_vehicle_that_flies_again_has_all_its_events_and_no_false_alarm(
    pause_us: int,
):
    times_us, columns = ascent()
    flow = Flow("ascent")
    again_us = times_us - times_us[0] + times_us[-1] + pause_us
    first, second = flow.follow(times_us, columns), flow.follow(again_us, columns)
    assert events([first]) == events([second]) == EVENTS
    assert rows([first])["launch_flight"] == [("V", moment(int(times_us[0])))]
    [(_, began_at)] = rows([second])["launch_flight"]
    assert isinstance(began_at, datetime)
    # What stands on the pad is believed once it has stood there for some seconds.
    assert 0 <= (began_at - moment(int(again_us[0]))).total_seconds() < 4
    definitions = read_definitions(PROVISIONING / "parameters")
    shard = ShardLogic(None, definitions, flow.metrics, Listening())
    scored, _ = shard.on_batch([first, second])
    assert [one.anomalies for one in outcomes(scored)] == [[], []]
