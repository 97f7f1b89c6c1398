"""Packets of launches: recorded ones as they are, simulated ones as they could be."""

import math
from datetime import UTC, datetime, timedelta
from itertools import islice

import numpy as np
import pytest

from connectors.messages.wire import Packet
from connectors.recordings.launch_recordings import LaunchRecording
from connectors.recordings.truth import Injected
from simulators.faults import FaultInjector, inject
from simulators.rocket_launch.ascent import Ascent, Instant, launcher
from simulators.rocket_launch.packets import (
    SIMULATED,
    Launches,
    fault_plan,
    recorded_packets,
    simulated_packets,
)
from tests.launches import launch

T0 = datetime(2017, 1, 14, 17, 54, 39, tzinfo=UTC)


def flight(seed: int) -> list[Instant]:
    return list(Ascent(launcher(seed)).instants())


def last_of(instants: list[Instant], phase: str) -> Instant:
    return [now for now in instants if now.phase == phase][-1]


@pytest.mark.parametrize("seed", range(3))
def test_it_is_like_a_recorded_launch_at_meco(seed: int):
    recorded = launch("iridium-next-1")
    analysed, meco_s = recorded.analysed, recorded.events["meco"]
    at = int(meco_s) - 1
    simulated = last_of(flight(seed), "first_stage")
    assert simulated.time_s == pytest.approx(meco_s, rel=0.15)
    assert simulated.speed_m_s == pytest.approx(analysed["velocity"][at], rel=0.15)
    assert simulated.altitude_m / 1e3 == pytest.approx(
        analysed["altitude"][at], rel=0.15
    )
    highest = analysed["acceleration"][:at].max()
    assert simulated.along_m_s2 == pytest.approx(highest, rel=0.15)


@pytest.mark.parametrize("seed", range(3))
def test_it_ends_in_orbit(seed: int):
    last = last_of(flight(seed), "second_stage")
    assert 150e3 < last.altitude_m < 250e3
    assert 7700 < last.speed_m_s < 7900
    assert abs(math.degrees(last.angle_rad)) < 2


def test_a_vertical_climb_without_air_keeps_its_energy():
    coasting = [now for now in flight(0) if now.phase == "coast"]
    radius = 6_371_000.0

    def energy(now: Instant) -> float:
        return 0.5 * now.speed_m_s**2 - 3.986004418e14 / (radius + now.altitude_m)

    change = energy(coasting[-1]) - energy(coasting[0])
    assert abs(change) < 2e-3 * 0.5 * coasting[0].speed_m_s ** 2


def test_the_same_seed_flies_the_same_and_another_one_else():
    once, again = (list(islice(simulated_packets(Launches(seed=4)), 900)) for _ in "ab")
    assert once == again
    assert once != list(islice(simulated_packets(Launches(seed=5)), 900))


def test_values_are_rounded_as_webcasts_do():
    packets = list(simulated_packets(Launches()))
    for packet in packets[::50]:
        velocity, altitude = packet.values["velocity"], packet.values["altitude"]
        assert velocity is not None
        assert altitude is not None
        assert velocity == round(velocity)
        assert altitude == round(altitude, 0 if altitude >= 100 else 1)


def test_event_time_is_liftoff_and_mission_elapsed_time():
    for packet in islice(simulated_packets(Launches(t0=T0)), 0, 900, 7):
        elapsed_s = packet.values["mission_elapsed_time"]
        assert elapsed_s is not None
        assert packet.generation_time == T0 + timedelta(seconds=elapsed_s)
        assert packet.key == f"{SIMULATED}/ascent"


def recording(samples: int) -> LaunchRecording:
    times_s = np.arange(samples) / 30
    speeds = np.floor(3 * times_s**1.5)
    speeds[5] = np.nan
    return LaunchRecording("TEST", times_s, speeds, times_s.round(1))


def test_a_recording_is_played_as_it_is():
    packets = list(recorded_packets(recording(60), Launches(t0=T0)))
    assert [packet.spacecraft for packet in packets] == ["TEST"] * 60
    assert packets[5].values["velocity"] is None
    assert packets[30].generation_time == T0 + timedelta(seconds=1)


@pytest.mark.parametrize("simulated", [False, True])
def test_many_launches_fly_at_once_under_names_of_their_own(simulated: bool):
    launches = Launches(count=3)
    found = (
        simulated_packets(launches)
        if simulated
        else recorded_packets(recording(90), launches)
    )
    packets = list(islice(found, 270))
    assert len({packet.spacecraft for packet in packets}) == 3
    times = [packet.generation_time for packet in packets]
    assert times == sorted(times)
    assert times[0] == times[2] < times[3]


def test_faults_spoil_the_sensors_but_never_the_clock():
    injector = FaultInjector(3, lambda _: None, fault_plan(30, 60))
    clean = list(islice(simulated_packets(Launches()), 3000))

    def clock(packets: list[Packet]) -> list[float | None]:
        return [packet.values["mission_elapsed_time"] for packet in packets]

    found = list(inject(iter(clean), injector))
    assert found != clean
    assert clock(found) == clock(clean)


def test_every_kind_of_fault_comes_and_a_zero_is_never_like_the_value():
    faults: list[Injected] = []
    injector = FaultInjector(1, faults.append, fault_plan(300, 300))
    clean = list(simulated_packets(Launches()))
    spoiled = list(inject(iter(clean), injector))
    assert {one.fault for one in faults} == {
        "noise",
        "spike",
        "dropout",
        "stuck",
        "zero",
    }
    at = {packet.generation_time: index for index, packet in enumerate(clean)}
    for one in faults:
        if one.fault == "zero":
            index, name = at[one.started_at], one.name.parameter
            assert spoiled[index].values[name] == 0
            assert abs(clean[index].values[name] or 0) > 3
