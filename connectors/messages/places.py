"""Places on the ground: what trackers and connectors share."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A place on the ground, by geodetic latitude and longitude, east positive."""

    name: str
    latitude_deg: float
    longitude_deg: float


@dataclass(frozen=True, slots=True)
class GroundStation(Place):
    """A ground station, which sees what is above its minimum elevation.

    `altitude_m` is over the ellipsoid WGS84.
    """

    altitude_m: float
    minimum_elevation_deg: float


@dataclass(frozen=True, slots=True)
class Places:
    """Places whose distance matters, and stations over which satellites pass."""

    places: tuple[Place, ...] = ()
    stations: tuple[GroundStation, ...] = ()
