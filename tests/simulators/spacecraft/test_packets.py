"""The synthetic spacecraft behaves, and is what its parameter file describes."""

import math
from itertools import islice, pairwise
from pathlib import Path

import numpy as np
import pytest

from connectors.files.parameters import ParameterDefinition, read_definitions
from connectors.messages.samples import ParameterName
from simulators.spacecraft.orbiter import Orbiter
from simulators.spacecraft.packets import (
    BLOCK_SAMPLES,
    PARAMETERS,
    SPACECRAFT,
    SUBSYSTEMS,
    synthetic_packets,
)
from simulators.spacecraft.situation import ORBIT_S, SUNLIT_S, situation
from simulators.timing import Timing

FOLDER = Path(__file__).parents[3] / "provisioning" / "parameters"
STATES = {"star_tracker_state", "heater_state", "receiver_lock", "payload_state"}
COUNTERS = {"frames_sent", "commands_received", "uptime"}


def definitions() -> dict[ParameterName, ParameterDefinition]:
    return {
        definition.name: definition
        for definition in read_definitions(FOLDER)
        if definition.name.spacecraft == SPACECRAFT
    }


def history(seed: int, blocks: int) -> dict[ParameterName, np.ndarray]:
    orbiter = Orbiter(seed)
    pieces: dict[ParameterName, list[np.ndarray]] = {}
    for block in range(blocks):
        times_s = 10.0 * np.arange(block * BLOCK_SAMPLES, (block + 1) * BLOCK_SAMPLES)
        now = situation(times_s, seed)
        for subsystem, parameters in orbiter.housekeeping(now).items():
            for parameter, values in parameters.items():
                name = ParameterName(SPACECRAFT, subsystem, parameter)
                pieces.setdefault(name, []).append(values)
    return {name: np.concatenate(values) for name, values in pieces.items()}


def test_a_sample_time_gives_a_packet_a_subsystem_with_40_parameters():
    packets = list(synthetic_packets(0, Timing(samples=3)))
    assert len(packets) == 3 * SUBSYSTEMS
    first = packets[:SUBSYSTEMS]
    assert len({packet.key for packet in first}) == SUBSYSTEMS
    assert sum(len(packet.values) for packet in first) == PARAMETERS
    assert len({packet.generation_time for packet in first}) == 1


def test_the_parameter_file_describes_exactly_these_parameters():
    assert set(history(0, 1)) == set(definitions())


def test_all_but_states_and_counters_have_a_unit_and_limits():
    for name, definition in definitions().items():
        if name.parameter not in STATES | COUNTERS:
            assert definition.unit, name
            assert None not in (*definition.soft, *definition.hard), name


@pytest.mark.parametrize("seed", [0, 1, 20, 2**63 - 1])
def test_nominal_telemetry_stays_within_all_limits(seed: int):
    described = definitions()
    for name, values in history(seed, 160).items():  # nine days
        definition = described[name]
        assert np.isfinite(values).all(), name
        for low, high in (definition.soft, definition.hard):
            assert low is None or values.min() >= low, name
            assert high is None or values.max() <= high, name


def test_the_same_seed_gives_the_same_packets_and_another_seed_others():
    timing = Timing(samples=700)
    once, again = (list(synthetic_packets(5, timing)) for _ in range(2))
    assert once == again
    assert once != list(synthetic_packets(6, timing))


def test_it_goes_on_for_ever_and_event_time_always_rises():
    packets = list(islice(synthetic_packets(0, Timing()), 2 * BLOCK_SAMPLES * 6))
    times = [packet.generation_time for packet in packets[::SUBSYSTEMS]]
    steps = {(later - earlier).total_seconds() for earlier, later in pairwise(times)}
    assert steps == {10.0}
    assert all(
        value is not None and math.isfinite(value)
        for packet in packets
        for value in packet.values.values()
    )


def test_counters_never_fall_also_across_blocks():
    for name, values in history(3, 40).items():
        if name.parameter in COUNTERS:
            assert (np.diff(values) >= 0).all(), name
            assert values[-1] > values[0], name


def test_states_take_few_values_and_change():
    for name, values in history(3, 40).items():
        if name.parameter in STATES:
            assert 2 <= len(set(values.tolist())) <= 3, name


def test_the_battery_gives_current_in_eclipse_and_takes_it_after_sunrise():
    values = history(1, 20)
    current = values[ParameterName(SPACECRAFT, "power", "battery_current")]
    voltage = values[ParameterName(SPACECRAFT, "power", "battery_voltage")]
    orbit_s = (10.0 * np.arange(current.size)) % ORBIT_S
    assert (current[orbit_s > SUNLIT_S + 60] < 0).all()
    assert (current[(orbit_s > 60) & (orbit_s < 600)] > 0).all()
    charge = values[ParameterName(SPACECRAFT, "power", "battery_charge")]
    causes = np.column_stack([current, charge, np.ones_like(charge)])
    effects, *_ = np.linalg.lstsq(causes, voltage)
    assert effects[0] > 0.05
    assert effects[1] > 0.05


def test_panels_warm_up_in_the_sun():
    values = history(1, 20)
    panel = values[ParameterName(SPACECRAFT, "thermal", "panel_plus_x_temperature")]
    orbit_s = (10.0 * np.arange(panel.size)) % ORBIT_S
    late_day = (orbit_s > SUNLIT_S - 300) & (orbit_s < SUNLIT_S)
    late_night = orbit_s > ORBIT_S - 300
    assert panel[late_day].min() > panel[late_night].max() + 50


def test_context_says_when_it_is_dark():
    packets = list(synthetic_packets(0, Timing(samples=570)))
    dark = [packet for packet in packets if (packet.context or {}).get("eclipse")]
    assert len(dark) == SUBSYSTEMS * 210
