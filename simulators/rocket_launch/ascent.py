"""A simulated ascent of a two-stage launcher of the size of a Falcon 9.

A point mass over a round Earth that does not turn, in the plane of the orbit: thrust
that loses to air pressure, mass flow, drag in the standard atmosphere, a kick and a
gravity turn, staging, and a second stage that steers to a height and stops at orbital
velocity. The numbers are those that are published for the launcher, rounded.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from random import Random

from dataflows.ascent.atmosphere import density_kg_m3, pressure_pa, temperature_k

GRAVITY_M_S2 = 9.80665
EARTH_RADIUS_M = 6_371_000.0
EARTH_MU_M3_S2 = 3.986004418e14
SEA_LEVEL_PA = 101_325.0

BODY_AREA_M2 = math.pi * 1.83**2
# Of a slender launcher, by Mach number: below, around and above the speed of sound.
DRAG = ((0.0, 0.30), (0.8, 0.32), (1.05, 0.55), (1.5, 0.50), (3.0, 0.32), (6.0, 0.25))

STEP_S = 1 / 30
TABLE_STEP_M = 100.0
PAD_S = 10.0  # before liftoff
STAGING_S = 11.0
AFTER_SECO_S = 60.0
KICK_SPEED_M_S = 60.0
MOST_M_S2 = 36.5  # what the payload bears
BUCKET_M_S = (280.0, 420.0)  # around max-Q the engines are throttled down


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage: what its engines push and burn."""

    dry_kg: float
    propellant_kg: float
    thrust_vacuum_n: float
    thrust_sea_level_n: float
    flow_kg_s: float


@dataclass(frozen=True, slots=True)
class Launcher:
    """A launcher on its pad; `kick_rad` is how far it leans into its turn."""

    first: Stage
    second: Stage
    payload_kg: float
    kick_rad: float
    target_m: float


@dataclass(frozen=True, slots=True)
class Instant:
    """The launcher at one moment; `along_m_s2` is the acceleration it senses."""

    time_s: float
    altitude_m: float
    speed_m_s: float
    angle_rad: float
    along_m_s2: float
    phase: str


def launcher(seed: int) -> Launcher:
    """A launcher a little unlike those of other seeds."""
    random = Random(seed)  # noqa: S311 - a simulation
    thrust = random.uniform(0.99, 1.01)
    return Launcher(
        # What is left in the first stage at its end lets it fly home.
        Stage(22_200 + 50_000, 360_000, 7_640e3 * thrust, 7_060e3 * thrust, 2_490),
        Stage(4_500, 107_500, 934e3, 934e3, 273.6),
        random.uniform(9_000, 12_000),
        math.radians(random.uniform(0.92, 1.0)),
        random.uniform(190e3, 230e3),
    )


class Ascent:
    """Flies one launcher, step by step."""

    def __init__(self, vehicle: Launcher) -> None:
        self._vehicle = vehicle
        self._altitude_m, self._speed_m_s, self._angle = 0.0, 0.0, 0.5 * math.pi
        self._kicked = False
        self._mass_kg = vehicle.payload_kg + sum(
            stage.dry_kg + stage.propellant_kg
            for stage in (vehicle.first, vehicle.second)
        )

    def instants(self) -> Iterator[Instant]:
        """All moments of the flight, 30 a second, from before liftoff to orbit."""
        step = -round(PAD_S / STEP_S)
        while step < 0:
            yield Instant(step * STEP_S, 0.0, 0.0, self._angle, GRAVITY_M_S2, "pad")
            step += 1
        for phase, along_m_s2 in self._steps():
            yield Instant(
                step * STEP_S,
                self._altitude_m,
                self._speed_m_s,
                self._angle,
                along_m_s2,
                phase,
            )
            step += 1

    def _steps(self) -> Iterator[tuple[str, float]]:
        first, second = self._vehicle.first, self._vehicle.second
        end_kg = self._mass_kg - first.propellant_kg
        while self._mass_kg > end_kg:
            low, high = BUCKET_M_S
            most = 0.9 if low < self._speed_m_s < high else 1.0
            yield "first_stage", self._burn(first, most, 0.0)
        self._mass_kg -= first.dry_kg
        for _ in range(round(STAGING_S / STEP_S)):
            yield "coast", self._fly(0.0, 0.0)
        end_kg = self._mass_kg - second.propellant_kg
        while self._mass_kg > end_kg and not self._is_in_orbit():
            yield "second_stage", self._burn(second, 1.0, self._pitch(second))
        for _ in range(round(AFTER_SECO_S / STEP_S)):
            yield "orbit", self._fly(0.0, 0.0)

    def _burn(self, stage: Stage, most: float, pitch: float) -> float:
        """Flies a step on engines; `pitch` is between thrust and path."""
        throttle = min(most, MOST_M_S2 * self._mass_kg / stage.thrust_vacuum_n)
        share = _at(self._altitude_m, _PRESSURE) / SEA_LEVEL_PA
        lost_n = share * (stage.thrust_vacuum_n - stage.thrust_sea_level_n)
        force_n = throttle * (stage.thrust_vacuum_n - lost_n)
        along = self._fly(
            force_n * math.cos(pitch) / self._mass_kg,
            force_n * math.sin(pitch) / self._mass_kg,
        )
        self._mass_kg -= throttle * stage.flow_kg_s * STEP_S
        return along

    def _fly(self, push_m_s2: float, lift_m_s2: float) -> float:
        """Flies a step; returns the acceleration sensed along the path."""
        radius = EARTH_RADIUS_M + self._altitude_m
        gravity = EARTH_MU_M3_S2 / radius**2
        speed, angle = self._speed_m_s, self._angle
        along = push_m_s2 - self._drag_n() / self._mass_kg
        if not self._kicked and speed > KICK_SPEED_M_S:
            self._angle -= self._vehicle.kick_rad
            self._kicked = True
        elif self._kicked:
            turn = lift_m_s2 / speed
            turn += (speed / radius - gravity / speed) * math.cos(angle)
            self._angle += STEP_S * turn
        self._altitude_m += STEP_S * speed * math.sin(angle)
        self._speed_m_s = max(0.0, speed + STEP_S * (along - gravity * math.sin(angle)))
        return along

    def _drag_n(self) -> float:
        sound_m_s = math.sqrt(1.4 * 287.05287 * _at(self._altitude_m, _TEMPERATURE))
        pressure = 0.5 * _at(self._altitude_m, _DENSITY) * self._speed_m_s**2
        return pressure * BODY_AREA_M2 * _drag(self._speed_m_s / sound_m_s)

    def _pitch(self, stage: Stage) -> float:
        """The angle that brings the second stage to its height, and holds it there."""
        radius = EARTH_RADIUS_M + self._altitude_m
        climb = self._speed_m_s * math.sin(self._angle)
        heavy = EARTH_MU_M3_S2 / radius**2 - self._speed_m_s**2 / radius
        wanted = 4e-5 * (self._vehicle.target_m - self._altitude_m) - 0.011 * climb
        push = stage.thrust_vacuum_n / self._mass_kg
        sine = (wanted + heavy) / push
        elevation = math.asin(max(-0.4, min(0.55, sine)))
        return elevation - self._angle

    def _is_in_orbit(self) -> bool:
        radius = EARTH_RADIUS_M + self._altitude_m
        return self._speed_m_s >= math.sqrt(EARTH_MU_M3_S2 / radius)


def _drag(mach: float) -> float:
    for (low, before), (high, after) in pairwise(DRAG):
        if mach < high:
            return before + (after - before) * (mach - low) / (high - low)
    return DRAG[-1][1]


_KM = [step * TABLE_STEP_M / 1e3 for step in range(4000)]
_DENSITY = density_kg_m3(_KM).tolist()
_PRESSURE = pressure_pa(_KM).tolist()
_TEMPERATURE = temperature_k(_KM).tolist()


def _at(altitude_m: float, table: list[float]) -> float:
    """The air at an altitude, to the nearest 100 m."""
    row = round(altitude_m / TABLE_STEP_M)
    return table[min(max(row, 0), len(table) - 1)]
