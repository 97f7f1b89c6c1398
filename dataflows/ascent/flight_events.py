"""Phases and events of an ascent, told from its motion as they happen."""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass
from enum import IntEnum
from typing import NamedTuple

import numpy as np

__all__ = ["FlightEvent", "FlightEvents", "Moment", "Phase"]

LIFTOFF_M_S, LIFTOFF_HOLD_S = 5.0, 0.3
JOINED_M_S, JOINED_S = 100.0, 2.0  # faster at first: nobody saw it lift off
ORBITAL_STAGE_M_S = 2500.0
GRAVITY_M_S2 = 9.80665
MAX_Q_KPA, PAST_MAX_Q = 5.0, 0.97
# An engine is off below a share of the level that it was at, and on above 2.5 m/s2: a
# second stage begins at 7, and drag and rounding stay below 1.
OFF_SHARE, OFF_HOLD_S = 0.35, 0.5
ON_M_S2, ON_HOLD_S = 2.5, 1.0
QUIET_M_S2 = 1.5  # thrust that trails off is no start: coasting comes first
LEVEL_S = 3.0
# What brakes this hard, this long, above the air, flies back.
BRAKES_M_S2, BRAKES_HOLD_S = -3.0, 2.0
APOGEE_KM, CLIMB_M_S, APOGEE_HOLD_S = 10.0, 20.0, 1.0
GAP_S = 30.0  # after which nothing is known of the climb before
FINEST_S = 0.5  # of an event's time: what the filter smears


class Phase(IntEnum):
    """What a launcher is doing; the numbers are those in the database."""

    PAD = 0
    FIRST_STAGE = 1
    COAST = 2
    SECOND_STAGE = 3
    RETURN = 4


class Moment(NamedTuple):
    """The motion at one sample."""

    time_us: int
    altitude_km: float
    velocity_m_s: float
    vertical_velocity_m_s: float
    acceleration_m_s2: float
    dynamic_pressure_kpa: float


@dataclass(frozen=True, slots=True)
class FlightEvent:
    """Something that happened once in a flight.

    Args:
        name: `liftoff`, `max_q`, `meco`, `ses1`, `seco1`, `ses2`, `seco2` (engines of
            the second stage start and stop), `apogee`.
        time_us: when it happened, by what came before and after.
        uncertainty_s: how far off that may be: much, if it happened in a gap.
        detected_us: the sample at which it was known.
        altitude_km: at that sample.
        velocity_m_s: at that sample.
    """

    name: str
    time_us: int
    uncertainty_s: float
    detected_us: int
    altitude_km: float
    velocity_m_s: float


@dataclass(slots=True)
class _Hold:
    """Since when something has been so, and the sample before; NaN if it is not."""

    since_us: float = math.nan
    before_us: float = math.nan

    def lasts(self, holds: bool, moment_us: float, latest_us: float, s: float) -> bool:
        """Whether it has held for so many seconds by now."""
        if not holds:
            self.since_us = math.nan
            return False
        if math.isnan(self.since_us):
            self.since_us = moment_us
            self.before_us = moment_us if math.isnan(latest_us) else latest_us
        return moment_us - self.since_us >= s * 1e6


@dataclass(slots=True)
class _State:
    """Everything that is remembered, as numbers."""

    phase: float = math.nan
    latest_us: float = math.nan
    level_m_s2: float = math.nan
    highest_kpa: float = 0.0
    highest_us: float = math.nan
    max_q: float = 0.0
    burns: float = 0.0
    quiet: float = 0.0
    climbed: float = 0.0
    apogee: float = 0.0


class FlightEvents:
    """A state machine that each sample's motion goes through, missing (NaN) or not.

    >>> flight = FlightEvents()
    >>> for second in range(4):
    ...     now = Moment(second * 1_000_000, 0.0, 4.0 * second, 0.0, 14.0, 0.0)
    ...     seen = flight.follow(now)
    >>> flight.phase.name, seen[0].name, seen[0].time_us
    ('FIRST_STAGE', 'liftoff', 138326)
    """

    def __init__(self) -> None:
        self._state = _State()
        self._engine, self._brakes, self._turn = _Hold(), _Hold(), _Hold()

    @property
    def phase(self) -> Phase:
        """What the launcher is doing, as far as is known."""
        known = not math.isnan(self._state.phase)
        return Phase(int(self._state.phase)) if known else Phase.PAD

    def follow(self, now: Moment) -> list[FlightEvent]:
        """The events that this sample makes known."""
        if math.isnan(now.velocity_m_s + now.acceleration_m_s2):
            return []
        if math.isnan(self._state.phase) and not self._settles(now):
            return []
        found = self._engines(now)
        if self.phase in (Phase.COAST, Phase.RETURN):
            found += self._apogee(now)
        self._state.latest_us = now.time_us
        return found

    def _settles(self, now: Moment) -> bool:
        """Whether it is known what a flight does that was joined at some moment."""
        joined = now.velocity_m_s >= JOINED_M_S
        if joined and not self._engine.lasts(True, now.time_us, math.nan, JOINED_S):
            return False
        self._enter(_first_phase(now), now)
        self._state.latest_us = now.time_us
        return True

    def _engines(self, now: Moment) -> list[FlightEvent]:
        match self.phase:
            case Phase.PAD:
                return self._on_pad(now)
            case Phase.FIRST_STAGE:
                found = self._max_q(now)
                return found + (self._ended(now, "meco") if self._is_off(now) else [])
            case Phase.SECOND_STAGE:
                name = f"seco{self._state.burns:.0f}"
                return self._ended(now, name) if self._is_off(now) else []
            case Phase.COAST:
                return self._coasting(now)
        return []

    def _on_pad(self, now: Moment) -> list[FlightEvent]:
        latest_us = self._state.latest_us
        flies = now.velocity_m_s >= LIFTOFF_M_S
        if not self._engine.lasts(flies, now.time_us, latest_us, LIFTOFF_HOLD_S):
            return []
        gain_m_s2 = max(now.acceleration_m_s2 - GRAVITY_M_S2, 1.0)
        since_us = now.time_us - now.velocity_m_s / gain_m_s2 * 1e6
        # In a gap, it may have been at any time.
        gap_s = (self._engine.since_us - self._engine.before_us) / 1e6
        self._enter(Phase.FIRST_STAGE, now)
        return [_event("liftoff", since_us, max(gap_s, FINEST_S), now)]

    def _max_q(self, now: Moment) -> list[FlightEvent]:
        state, pressure = self._state, now.dynamic_pressure_kpa
        if pressure > state.highest_kpa:
            state.highest_kpa, state.highest_us = pressure, now.time_us
        past = pressure < PAST_MAX_Q * state.highest_kpa
        if state.max_q or not past or state.highest_kpa < MAX_Q_KPA:
            return []
        state.max_q = 1.0
        return [_event("max_q", state.highest_us, 3.0, now)]

    def _is_off(self, now: Moment) -> bool:
        """Whether thrust has gone; else its level is followed."""
        state = self._state
        off = now.acceleration_m_s2 < OFF_SHARE * state.level_m_s2
        if not off:
            elapsed_s = min((now.time_us - state.latest_us) / 1e6, LEVEL_S)
            share = elapsed_s / LEVEL_S
            state.level_m_s2 += share * (now.acceleration_m_s2 - state.level_m_s2)
        return self._engine.lasts(off, now.time_us, state.latest_us, OFF_HOLD_S)

    def _ended(self, now: Moment, name: str) -> list[FlightEvent]:
        event = _between(name, self._engine, now)
        self._enter(Phase.COAST, now)
        return [event]

    def _coasting(self, now: Moment) -> list[FlightEvent]:
        state, along = self._state, now.acceleration_m_s2
        if along < QUIET_M_S2:
            state.quiet = 1.0
        starts = bool(state.quiet) and along > ON_M_S2
        on = self._engine.lasts(starts, now.time_us, state.latest_us, ON_HOLD_S)
        brakes = self._brakes.lasts(
            along < BRAKES_M_S2, now.time_us, state.latest_us, BRAKES_HOLD_S
        )
        if brakes:
            self._enter(Phase.RETURN, now)
        if not on:
            return []
        state.burns += 1
        event = _between(f"ses{state.burns:.0f}", self._engine, now)
        self._enter(Phase.SECOND_STAGE, now)
        return [event]

    def _apogee(self, now: Moment) -> list[FlightEvent]:
        state, rise = self._state, now.vertical_velocity_m_s
        if now.time_us - state.latest_us > GAP_S * 1e6:
            state.climbed = 0.0
        if rise > CLIMB_M_S and now.altitude_km > APOGEE_KM:
            state.climbed = 1.0
        falls = bool(state.climbed) and rise < 0 and not state.apogee
        if not self._turn.lasts(falls, now.time_us, state.latest_us, APOGEE_HOLD_S):
            return []
        state.apogee = 1.0
        return [_between("apogee", self._turn, now)]

    def _enter(self, phase: Phase, now: Moment) -> None:
        self._state.phase = float(phase)
        self._state.level_m_s2 = now.acceleration_m_s2
        self._state.quiet = self._state.climbed = 0.0
        self._engine, self._brakes = _Hold(), _Hold()

    def snapshot(self) -> bytes:
        """All that is remembered."""
        parts = (self._state, self._engine, self._brakes, self._turn)
        return np.array(
            [number for part in parts for number in astuple(part)]
        ).tobytes()

    def restore(self, data: bytes) -> None:
        """Continue from a snapshot."""
        numbers = np.frombuffer(data).tolist()
        self._state = _State(*numbers[:-6])
        self._engine = _Hold(*numbers[-6:-4])
        self._brakes, self._turn = _Hold(*numbers[-4:-2]), _Hold(*numbers[-2:])


def _first_phase(now: Moment) -> Phase:
    """The phase at the first sample, which may be in the midst of a flight."""
    if now.velocity_m_s < JOINED_M_S:
        return Phase.PAD
    if now.acceleration_m_s2 < ON_M_S2:
        return Phase.COAST
    fast = now.velocity_m_s > ORBITAL_STAGE_M_S
    return Phase.SECOND_STAGE if fast else Phase.FIRST_STAGE


def _event(name: str, time_us: float, uncertainty_s: float, now: Moment) -> FlightEvent:
    return FlightEvent(
        name,
        round(time_us),
        uncertainty_s,
        now.time_us,
        now.altitude_km,
        now.velocity_m_s,
    )


def _between(name: str, hold: _Hold, now: Moment) -> FlightEvent:
    """An event after the last sample at which it was not so, before the first."""
    middle_us = 0.5 * (hold.since_us + hold.before_us)
    half_s = 0.5 * (hold.since_us - hold.before_us) / 1e6
    return _event(name, middle_us, max(half_s, FINEST_S), now)
