"""What goes wrong with a sensor is told, and next to nothing else."""

from datetime import datetime
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from connectors.files.parameters import read_definitions
from connectors.messages.samples import ParameterName
from connectors.messages.times import microseconds
from connectors.recordings.launch_recordings import LaunchRecording
from connectors.recordings.truth import Injected
from dataflows.ascent.tracker import SERIES, AscentTracker
from dataflows.backtest.launch_trials import Alarms
from dataflows.backtest.launch_trials import alarms as watched
from simulators.faults import FaultInjector, inject
from simulators.rocket_launch.packets import (
    Launches,
    fault_plan,
    recorded_packets,
    simulated_packets,
)
from tests.launches import NAMES, launch

DEFINITIONS = read_definitions(Path(__file__).parents[3] / "provisioning/parameters")
# Of a fault: how long after its end an alarm is still of it, and its trace lasts.
TOLD_US, TRACE_US = 500_000, 3_000_000
# A value that moves by less than rounding does not show a fault.
SHOWN = {"velocity": 2.0, "altitude": 0.2}


def columns(packets) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    packets = list(packets)
    times_us = np.array([microseconds(packet.generation_time) for packet in packets])
    # None becomes NaN.
    return times_us, {
        name: np.array([packet.values[name] for packet in packets], np.float64)
        for name in ("velocity", "altitude")
    }


def alarms(times_us: np.ndarray, values: dict[str, np.ndarray]) -> Alarms:
    """What the detectors say of a launch."""
    series = AscentTracker().update(times_us, values).series
    for parameter in (*values, *series):
        name = ParameterName("FALCON", "ascent", parameter)
        assert DEFINITIONS.of(name).source, parameter
    return watched("FALCON", DEFINITIONS, times_us, values, series)


def test_every_series_is_described_with_its_unit():
    for parameter, unit in SERIES.items():
        definition = DEFINITIONS.of(ParameterName("FALCON", "ascent", parameter))
        assert definition.source
        assert definition.unit == unit, parameter


@pytest.mark.parametrize("name", NAMES)
def test_a_clean_recording_gives_at_most_one_alarm(name: str):
    found = alarms(launch(name).times_us, launch(name).values)
    assert found.opened <= 1


@pytest.mark.parametrize("seed", [0, 1])
def test_a_clean_simulated_ascent_gives_at_most_one_alarm(seed: int):
    found = alarms(*columns(simulated_packets(Launches(seed=seed))))
    assert found.opened <= 1


def spoiled(
    recording: LaunchRecording, seed: int
) -> tuple[np.ndarray, dict[str, np.ndarray], list[Injected]]:
    truth: list[Injected] = []
    injector = FaultInjector(seed, truth.append, fault_plan(300, 1500))
    packets = inject(recorded_packets(recording, Launches()), injector)
    return *columns(packets), truth


@cache
def clean_alarms(name: str) -> np.ndarray:
    return alarms(launch(name).times_us, launch(name).values).any


def check(name: str, seed: int) -> None:
    recording = launch(name).recording
    clean = launch(name).values
    times_us, values, truth = spoiled(recording, seed)
    found = alarms(times_us, values)
    # The one alarm that the clean flight may give is not of these faults.
    own = np.flatnonzero(clean_alarms(name))
    explained = np.zeros(len(times_us), bool)
    for sample in own:
        explained[max(sample - 30, 0) : sample + 30] = True
    assert len(truth) >= 5
    for fault in truth:
        parameter, kind = fault.name.parameter, fault.fault
        first_us, last_us = map(_us, (fault.started_at, fault.ended_at))
        during = (times_us >= first_us) & (times_us <= last_us)
        explained |= (times_us >= first_us) & (times_us <= last_us + TRACE_US)
        off = np.abs(values[parameter] - clean[parameter])[during]
        if kind != "dropout" and np.nanmax(off) < SHOWN[parameter]:
            continue
        told = (times_us >= first_us) & (times_us <= last_us + TOLD_US)
        series = [own for other, own in found.flags.items() if parameter in other]
        assert any(own[told].any() for own in series), (seed, kind, parameter)
    unexplained = found.any & ~explained
    assert np.count_nonzero(np.diff(unexplained.astype(int), prepend=0) == 1) <= 1


def _us(moment: datetime) -> int:
    return microseconds(moment)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", NAMES)
def test_every_fault_is_found_and_hardly_anything_else(name: str, seed: int):
    check(name, seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 125))
@pytest.mark.parametrize("name", NAMES)
def test_every_fault_is_found_with_many_seeds(name: str, seed: int):
    check(name, seed)
