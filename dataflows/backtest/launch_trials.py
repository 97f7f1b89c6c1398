"""Recorded launches tracked and watched as a flow would, held against an analysis."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from connectors.files.parameters import Definitions
from connectors.messages.samples import ParameterName
from connectors.recordings.launch_analyses import AnalysedLaunch
from dataflows.ascent.tracker import (
    ALTITUDE,
    VELOCITY,
    AscentTracker,
    Tracked,
)
from dataflows.backtest.scoring import Flags
from dataflows.backtest.scoring.ascent import (
    event_errors_s,
    powered,
    prediction_figures,
    relative_rms,
)
from dataflows.backtest.scoring.planted import KINDS, ROUNDS, Told, judge, plant
from dataflows.detectors.limits import Limits
from dataflows.state.arrays import Floats, Times
from dataflows.verdicts.build import build_watch

__all__ = ["BETTER", "Alarms", "alarms", "try_launch"]

HORIZON_S = 10.0
SUBSYSTEM = "ascent"
# Not when pressure was highest: the curve is flat there, nobody knows it to 2 s.
EVENTS = ("meco", "ses1", "seco1", "ses2", "seco2", "apogee")

BETTER: Mapping[str, int] = {
    "acceleration_error": -1,
    "event_error_s": -1,
    "altitude_in_10_s_error": -1,
    "velocity_in_10_s_error": -1,
    "clean_alarms": -1,
    **{f"{kind}_found": 1 for kind in KINDS},
    "stray_alarms": -1,
}
"""The figures of a launch, and which way each is better: 1 for more, -1 for less."""


@dataclass(frozen=True, slots=True)
class Alarms:
    """By series, which samples alarm; and how many anomalies were opened in all."""

    flags: Mapping[str, Flags]
    opened: int

    @property
    def any(self) -> Flags:
        """Which samples of any series alarm."""
        return np.asarray(np.logical_or.reduce(list(self.flags.values())))


def alarms(
    vehicle: str,
    definitions: Definitions,
    times_us: Times,
    values: Mapping[str, Floats],
    derived: Mapping[str, Floats],
) -> Alarms:
    """What the detectors say of a vehicle's series, by the definitions of them."""
    flags, opened = {}, 0
    for parameter, column in {**values, **derived}.items():
        definition = definitions.of(ParameterName(vehicle, SUBSYSTEM, parameter))
        limits = Limits(*definition.soft, *definition.hard)
        watch = build_watch(limits, definition.detectors)
        verdict = watch.update(times_us, np.ascontiguousarray(column))
        flags[parameter] = np.asarray(verdict.scores >= 1.0)
        opened += sum(change.kind == "opened" for change in verdict.changes)
    return Alarms(flags, opened)


def try_launch(
    launch: AnalysedLaunch, definitions: Definitions
) -> dict[str, float | None]:
    """The figures of BETTER; None for one that there is nothing to tell from."""
    recording = launch.recording
    times_us = np.round(1e6 * recording.times_s).astype(np.int64)
    values = {VELOCITY: recording.velocities_m_s, ALTITUDE: recording.altitudes_km}
    tracked = AscentTracker().update(times_us, values)
    clean = alarms(recording.name, definitions, times_us, values, tracked.series)
    rounds = []
    for turn in range(ROUNDS):
        spoiled, faults = plant(times_us, values, turn)
        series = AscentTracker().update(times_us, spoiled).series
        found = alarms(recording.name, definitions, times_us, spoiled, series)
        rounds.append(judge(times_us, faults, found.flags, clean.any))
    return {
        **_followed(launch, times_us, tracked),
        "clean_alarms": float(clean.opened),
        **_found(rounds),
    }


def _followed(
    launch: AnalysedLaunch, times_us: Times, tracked: Tracked
) -> dict[str, float | None]:
    """How well it was followed, against the analysis."""
    steady = powered(launch.times_s, launch.events_s)
    at_us = np.round(1e6 * launch.times_s).astype(np.int64)
    acceleration = np.interp(at_us, times_us, tracked.series["acceleration"])
    expected_us = {"liftoff": 0} | {
        name: round(1e6 * launch.events_s[name])
        for name in EVENTS
        if name in launch.events_s
    }
    errors_s = event_errors_s(tracked.events, expected_us)
    ahead = prediction_figures(
        tracked.predictions,
        at_us,
        launch.altitudes_km,
        launch.velocities_m_s,
        horizon_s=HORIZON_S,
        steady=steady,
    )
    return {
        "acceleration_error": relative_rms(
            acceleration[steady], launch.accelerations_m_s2[steady]
        ),
        "event_error_s": _known(max(map(abs, errors_s.values()))),
        "altitude_in_10_s_error": _known(ahead.altitude),
        "velocity_in_10_s_error": _known(ahead.velocity),
    }


def _found(rounds: Sequence[Told]) -> dict[str, float | None]:
    """Which planted faults were found, and what else there was in a flight of them."""
    found = Counter(fault.kind for told in rounds for fault in told.found)
    missed = Counter(fault.kind for told in rounds for fault in told.missed)
    return {
        **{f"{kind}_found": _share(found[kind], missed[kind]) for kind in KINDS},
        "stray_alarms": sum(told.strays for told in rounds) / len(rounds),
    }


def _share(found: int, missed: int) -> float | None:
    return found / (found + missed) if found + missed else None


def _known(number: float) -> float | None:
    return number if math.isfinite(number) else None
