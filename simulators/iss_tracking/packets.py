"""Packets of satellites in orbit: real ones, and a constellation made after them.

Positions come from SGP4 and are told as a navigation receiver would tell them. The
satellites made up fly on the orbits of the real ones, in other planes and elsewhere on
them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
from sgp4.api import WGS72, Satrec

from connectors.files.orbital_elements import OrbitalElements
from connectors.messages.times import microseconds
from connectors.messages.wire import Packet
from connectors.open_notify import SUBSYSTEM
from dataflows.orbit.geodesy import geodetic
from dataflows.orbit.propagation import epoch_us, positions_of_all
from dataflows.state.arrays import Times
from simulators.timing import Timing

DEFAULT_INTERVAL_S = 1.0
# Positions worked out at once.
BLOCK_POSITIONS = 20_000
# Of a second of arc, 3 cm on the ground; of a kilometre, 10 cm.
DEGREE_DECIMALS = 6
ALTITUDE_DECIMALS = 4
# Days are counted from here by SGP4's initialisation.
SGP4_DAY_ZERO_JULIAN = 2_433_281.5


@dataclass(frozen=True, slots=True)
class Satellite:
    """A satellite, and what it is called in packets."""

    name: str
    orbit: Satrec


def constellation(
    elements: Sequence[OrbitalElements], count: int, seed: int
) -> list[Satellite]:
    """`count` satellites: those of the elements, then ones made after them."""
    real = [
        Satellite(one.name, Satrec.twoline2rv(one.line1, one.line2))
        for one in elements[:count]
    ]
    random = Random(seed)  # noqa: S311 - a simulation
    made_up = [
        Satellite(f"SIM-{number:05}", _sister(real[number % len(real)].orbit, random))
        for number in range(len(real), count)
    ]
    return real + made_up


def newest_epoch_us(satellites: Sequence[Satellite]) -> int:
    """The newest epoch of all elements, in microseconds since 1970 UTC."""
    return max(epoch_us(satellite.orbit) for satellite in satellites)


def tracked_packets(
    satellites: Sequence[Satellite], timing: Timing
) -> Iterator[Packet]:
    """A packet a satellite for each sample time; the same for the same arguments."""
    names = [satellite.name for satellite in satellites]
    orbits = [satellite.orbit for satellite in satellites]
    block = max(1, BLOCK_POSITIONS // len(orbits))
    first = 0
    while timing.samples is None or first < timing.samples:
        end = (
            first + block
            if timing.samples is None
            else min(first + block, timing.samples)
        )
        moments = [timing.moment(index) for index in range(first, end)]
        times_us = np.array([microseconds(moment) for moment in moments], np.int64)
        columns = _columns(orbits, times_us)
        for step, moment in enumerate(moments):
            for name, row in zip(names, columns[step], strict=True):
                latitude, longitude, altitude = row
                yield Packet(
                    spacecraft=name,
                    subsystem=SUBSYSTEM,
                    generation_time=moment,
                    sequence=first + step,
                    values={
                        "latitude": _told(latitude),
                        "longitude": _told(longitude),
                        "altitude": _told(altitude),
                    },
                )
        first = end


def _columns(orbits: Sequence[Satrec], times_us: Times) -> list[list[list[float]]]:
    """Latitude, longitude, altitude for each time and satellite."""
    latitude, longitude, altitude_km = geodetic(positions_of_all(orbits, times_us))
    told = (
        latitude.round(DEGREE_DECIMALS),
        longitude.round(DEGREE_DECIMALS),
        altitude_km.round(ALTITUDE_DECIMALS),
    )
    rows: list[list[list[float]]] = np.stack(told, axis=-1).swapaxes(0, 1).tolist()
    return rows


def _told(value: float) -> float | None:
    """The value; None where SGP4 gives up, as for a satellite that came down."""
    return None if math.isnan(value) else value


def _sister(model: Satrec, random: Random) -> Satrec:
    """A satellite on an orbit of the same size, in another plane, elsewhere on it."""
    sister = Satrec()
    sister.sgp4init(
        WGS72,
        "i",
        0,
        model.jdsatepoch + model.jdsatepochF - SGP4_DAY_ZERO_JULIAN,
        model.bstar,
        model.ndot,
        model.nddot,
        model.ecco,
        model.argpo,
        model.inclo,
        random.uniform(0, math.tau),
        model.no_kozai,
        random.uniform(0, math.tau),
    )
    return sister
