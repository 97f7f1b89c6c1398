"""Packets of launches: recorded ones, or simulated ascents as a webcast shows them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import zip_longest

from connectors.messages.wire import Packet
from connectors.recordings.launch_recordings import LaunchRecording
from simulators.faults import KINDS, FaultPlan, Kind
from simulators.rocket_launch.ascent import Ascent, launcher

SUBSYSTEM = "ascent"
SIMULATED = "LAUNCHER"
DEFAULT_T0 = datetime(2024, 1, 1, 12, tzinfo=UTC)
# Above it webcasts round altitude to 1 km, below to 0.1 km.
COARSE_FROM_KM = 100.0

# Sizes of faults are in these units, m/s and km: the spread of a series that climbs
# says nothing of it. Stuck, a value has to stay until it should be somewhere else.
SPREADS: Mapping[str, float] = {"velocity": 5.0, "altitude": 0.5}
FAULT_KINDS: Mapping[str, Kind] = {
    "noise": KINDS["noise"],
    "spike": KINDS["spike"],
    "dropout": KINDS["dropout"],
    "stuck": Kind((150, 240)),
    "zero": Kind((20, 80), (8, 8)),
}

Measured = tuple[float, float | None, float | None]
"""Seconds since liftoff, velocity (m/s), altitude (km)."""


@dataclass(frozen=True, slots=True)
class Launches:
    """Which launches are played: `count` at once, from `t0`, the time of liftoff."""

    t0: datetime = DEFAULT_T0
    count: int = 1
    seed: int = 0

    def names(self, name: str) -> list[str]:
        """What the vehicles are called."""
        if self.count == 1:
            return [name]
        return [f"{name}-{number}" for number in range(1, self.count + 1)]


def fault_plan(warm_up_samples: int, mean_gap_samples: int) -> FaultPlan:
    """Noise, spikes and failures of the two sensors."""
    return FaultPlan(warm_up_samples, mean_gap_samples, 300, FAULT_KINDS, SPREADS)


def recorded_packets(
    recording: LaunchRecording, launches: Launches
) -> Iterator[Packet]:
    """The packets of a recorded launch, or of many that fly the same."""
    names = launches.names(recording.name)
    columns = (recording.times_s, recording.velocities_m_s, recording.altitudes_km)
    for row in zip(*(column.tolist() for column in columns), strict=True):
        measured = (row[0], _acquired(row[1]), _acquired(row[2]))
        yield from (_packet(name, measured, launches.t0) for name in names)


def simulated_packets(launches: Launches) -> Iterator[Packet]:
    """The packets of simulated ascents, each with a seed of its own."""
    names = launches.names(SIMULATED)
    flights = [_as_shown(launches.seed + number) for number in range(launches.count)]
    # Some reach orbit sooner than others.
    for shown in zip_longest(*flights):
        for name, measured in zip(names, shown, strict=True):
            if measured is not None:
                yield _packet(name, measured, launches.t0)


def _as_shown(seed: int) -> Iterator[Measured]:
    """A simulated ascent, rounded as a webcast does."""
    for now in Ascent(launcher(seed)).instants():
        altitude_km = now.altitude_m / 1e3
        decimals = 0 if altitude_km >= COARSE_FROM_KM else 1
        shown_km = round(altitude_km, decimals)
        yield round(now.time_s, 3), float(math.floor(now.speed_m_s)), shown_km


def _packet(name: str, measured: Measured, t0: datetime) -> Packet:
    time_s, velocity_m_s, altitude_km = measured
    return Packet(
        spacecraft=name,
        subsystem=SUBSYSTEM,
        generation_time=t0 + timedelta(seconds=time_s),
        values={
            "velocity": velocity_m_s,
            "altitude": altitude_km,
            "mission_elapsed_time": time_s,
        },
    )


def _acquired(value: float) -> float | None:
    return value if math.isfinite(value) else None
