"""The ascent of one vehicle: what is derived, what happens, what is to come."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import pairwise

import numpy as np

from dataflows.ascent.apogee import apogee
from dataflows.ascent.findings import SERIES, LaunchState, Tracked, joined
from dataflows.ascent.flight_bounds import FORGOTTEN_US, FlightBounds
from dataflows.ascent.flight_events import FlightEvent, FlightEvents, Moment, Phase
from dataflows.ascent.flight_limits import limit_use
from dataflows.ascent.motion_filter import Motion, MotionFilter
from dataflows.ascent.predictions import (
    HORIZONS_S,
    Prediction,
    Predictions,
    PredictionScore,
    Reached,
)
from dataflows.state.arrays import Floats, Times
from dataflows.state.snapshot import SnapshotError, label, pack, unpack

__all__ = ["ALTITUDE", "SERIES", "VELOCITY", "AscentTracker", "LaunchState", "Tracked"]

VELOCITY, ALTITUDE = "velocity", "altitude"
LOWEST_ALTITUDE_KM = -0.5  # what is lower was not measured
# Nor is what is beyond, and numbers that follow from it would have no end.
HIGHEST_ALTITUDE_KM, LIGHT_M_S = 1e9, 299_792_458.0
MISSING = np.full(1, np.nan)
EVERY_US = 1_000_000
GRAVITY_M_S2 = 9.80665
EARTH_RADIUS_KM = 6371.0

_LABEL = label("ascent_tracker", 3, {})


class AscentTracker:
    """Follows one vehicle from its velocity (m/s) and altitude (km), NaN where missing.

    Values that cannot be (a velocity below 0 or beyond that of light, an altitude below
    ground or beyond a thousand million km) count as missing. Another flight begins
    after six hours of silence, or once the vehicle is back at rest on the ground. Other
    batches of the same samples give the same bits.

    >>> tracker = AscentTracker()
    >>> times_us = np.arange(90) * 33_333
    >>> values = {"velocity": np.floor(8.0 * times_us / 1e6), "altitude": np.zeros(90)}
    >>> tracked = tracker.update(times_us, values)
    >>> [event.name for event in tracked.events], len(tracked.states)
    (['liftoff'], 3)
    """

    def __init__(self) -> None:
        self._told_second = -1
        self._bounds = FlightBounds()
        self._prepare()

    def _prepare(self) -> None:
        """Know nothing of a flight yet."""
        self._filter = MotionFilter()
        self._events = FlightEvents()
        self._predictions = Predictions()

    def update(self, times_us: Times, values: Mapping[str, Floats]) -> Tracked:
        """What the next samples bring; times (microseconds) rise, between calls too."""
        gaps = np.flatnonzero(np.diff(times_us) > FORGOTTEN_US) + 1
        cuts = [0, *sorted({*self._ticks(times_us), *gaps.tolist()}), len(times_us)]
        speeds, altitudes = values[VELOCITY], values[ALTITUDE]
        speeds = _within(0.0, speeds, LIGHT_M_S)
        altitudes = _within(LOWEST_ALTITUDE_KM, altitudes, HIGHEST_ALTITUDE_KM)
        pieces = [
            piece
            for a, b in pairwise(cuts)
            if b > a
            for piece in self._pieces(times_us[a:b], speeds[a:b], altitudes[a:b])
        ]
        if len(pieces) == 1:
            return pieces[0]
        return joined(pieces)

    def _ticks(self, times_us: Times) -> list[int]:
        """The indices after which a second's first sample is the latest."""
        seconds = times_us // EVERY_US
        before = np.append(self._told_second, seconds[:-1])
        first: list[int] = (np.flatnonzero(seconds != before) + 1).tolist()
        return first

    def _pieces(
        self, times_us: Times, speeds: Floats, altitudes: Floats
    ) -> Iterator[Tracked]:
        """What samples bring without a gap before any but the first.

        Only the last may be the first of a second. Of one in doubt nothing is derived.
        """
        for i, time_us in enumerate(times_us.tolist()):
            flights = self._begin(time_us, speeds[i], altitudes[i])
            if not self._bounds.in_doubt:
                yield self._piece(times_us[i:], speeds[i:], altitudes[i:], flights)
                return
            if math.isnan(speeds[i] + altitudes[i]):
                yield self._piece(times_us[i : i + 1], MISSING, MISSING, ())
            else:
                yield self._withhold(time_us)

    def _withhold(self, time_us: int) -> Tracked:
        self._told_second = time_us // EVERY_US
        self._bounds.seen(time_us)
        return Tracked(dict.fromkeys(SERIES, MISSING), (), (), (), (), ())

    def _piece(
        self,
        times_us: Times,
        speeds: Floats,
        altitudes: Floats,
        flights: tuple[int, ...],
    ) -> Tracked:
        motion = self._filter.update(times_us, speeds, 1e3 * altitudes)
        phases, events, scores = self._follow(times_us, motion)
        downrange_km = motion.downrange_m / 1e3
        # Of what turns back, speed and altitude do not tell how far it has come.
        downrange_km[phases == Phase.RETURN] = np.nan
        series = {
            "acceleration": motion.along_m_s2,
            "vertical_velocity": motion.climb_m_s,
            "dynamic_pressure": motion.pressure_kpa,
            "flight_path_angle": np.degrees(motion.angle_rad),
            "downrange": downrange_km,
            "flight_phase": phases,
            "velocity_innovation": motion.speed_ratio,
            "altitude_innovation": motion.altitude_ratio,
            "velocity_silence": motion.speed_missing_s,
            "altitude_silence": motion.altitude_missing_s,
            "velocity_limit_use": limit_use("velocity", phases, speeds),
            "altitude_limit_use": limit_use("altitude", phases, altitudes),
            "acceleration_limit_use": limit_use(
                "acceleration", phases, motion.along_m_s2
            ),
            "dynamic_pressure_limit_use": limit_use(
                "dynamic_pressure", phases, motion.pressure_kpa
            ),
        }
        self._bounds.seen(int(times_us[-1]))
        states, predictions = self._tell(int(times_us[-1]), motion, series)
        return Tracked(series, states, events, predictions, scores, flights)

    def _begin(self, time_us: int, speed: float, altitude_km: float) -> tuple[int, ...]:
        """The time of a sample with which a flight begins, as nothing is known of."""
        if not self._bounds.begins(time_us, self._events.phase, speed, altitude_km):
            return ()
        self._prepare()
        return (time_us,)

    def _follow(
        self, times_us: Times, motion: Motion
    ) -> tuple[Floats, tuple[FlightEvent, ...], tuple[PredictionScore, ...]]:
        """Phase, events and scores, sample by sample."""
        phases = np.empty(len(times_us))
        events: list[FlightEvent] = []
        scores: list[PredictionScore] = []
        columns = np.array(
            [
                motion.altitude_m / 1e3,
                motion.speed_m_s,
                motion.climb_m_s,
                motion.along_m_s2,
                motion.pressure_kpa,
            ]
        ).T.tolist()
        wary = (motion.wary_s > 0).tolist()
        for i, (time_us, row) in enumerate(
            zip(times_us.tolist(), columns, strict=True)
        ):
            # What an engine does is not to be told from a speed that is in doubt.
            if not wary[i]:
                events += self._events.follow(Moment(time_us, *row))
            phases[i] = self._events.phase
            if self._predictions.due(time_us):
                scores += self._predictions.score(
                    _reached(time_us, phases[i], motion, i)
                )
        return phases, tuple(events), tuple(scores)

    def _tell(
        self, time_us: int, motion: Motion, series: Mapping[str, Floats]
    ) -> tuple[tuple[LaunchState, ...], tuple[Prediction, ...]]:
        """The state and the predictions, if it is the first sample of a second."""
        if time_us // EVERY_US == self._told_second:
            return (), ()
        self._told_second = time_us // EVERY_US
        if not math.isfinite(motion.speed_m_s[-1]):
            return (), ()
        state = _state(time_us, self._events.phase, motion, series)
        self._bounds.follow(time_us, state.phase, state.velocity_m_s, state.altitude_km)
        if state.phase == Phase.PAD:
            return (state,), ()
        ahead, spread = self._filter.ahead(HORIZONS_S)
        phase = int(state.phase)
        if math.isnan(series["downrange"][-1]):
            ahead[-1] = np.nan
        return (state,), self._predictions.make(time_us, phase, ahead, spread)

    def snapshot(self) -> bytes:
        """Everything that is known, versioned."""
        told = np.int64(self._told_second).tobytes() + self._bounds.snapshot()
        parts = [told, self._events.snapshot(), self._predictions.snapshot()]
        return pack(_LABEL, [*parts, *self._filter.snapshot()])

    def restore(self, data: bytes) -> None:
        """Continue from a snapshot.

        Raises SnapshotError, and changes nothing, if the bytes are anything else.
        """
        parts = unpack(data, _LABEL)
        fresh = AscentTracker().snapshot()
        sizes = [len(part) for part in unpack(fresh, _LABEL)]
        found = [len(part) for part in parts]
        if found[:2] + found[3:] != sizes[:2] + sizes[3:]:
            raise SnapshotError(f"parts of {found} bytes, expected {sizes}")
        told, events, predictions, *motion = parts
        self._told_second = int(np.frombuffer(told[:8], np.int64)[0])
        self._bounds.restore(told[8:])
        self._events.restore(events)
        self._predictions.restore(predictions)
        self._filter.restore(motion)


def _within(low: float, values: Floats, high: float) -> Floats:
    return np.where((values >= low) & (values <= high), values, np.nan)


def _reached(time_us: int, phase: float, motion: Motion, i: int) -> Reached:
    speed, angle = float(motion.speed_m_s[i]), float(motion.angle_rad[i])
    altitude_km = float(motion.altitude_m[i]) / 1e3
    ratio = EARTH_RADIUS_KM / (EARTH_RADIUS_KM + altitude_km)
    known = phase != Phase.RETURN
    return Reached(
        time_us,
        int(phase),
        altitude_km,
        speed,
        float(motion.climb_m_s[i]),
        float(motion.along_m_s2[i]) - GRAVITY_M_S2 * ratio**2 * math.sin(angle),
        float(motion.downrange_m[i]) / 1e3 if known else math.nan,
        speed * math.cos(angle) * ratio,
    )


def _state(
    time_us: int, phase: Phase, motion: Motion, series: Mapping[str, Floats]
) -> LaunchState:
    altitude_m, speed = float(motion.altitude_m[-1]), float(motion.speed_m_s[-1])
    highest_m, in_s = apogee(altitude_m, speed, float(motion.angle_rad[-1]))
    downrange_km = float(series["downrange"][-1])
    bound = math.isfinite(highest_m)
    return LaunchState(
        time_us,
        phase,
        altitude_m / 1e3,
        speed,
        float(series["vertical_velocity"][-1]),
        float(series["acceleration"][-1]),
        float(series["dynamic_pressure"][-1]),
        float(series["flight_path_angle"][-1]),
        downrange_km if math.isfinite(downrange_km) else None,
        highest_m / 1e3 if bound else None,
        in_s if bound else None,
    )
