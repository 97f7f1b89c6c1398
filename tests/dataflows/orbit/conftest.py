"""Satellites, places and stations that the tests of orbits share."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from connectors.files.orbital_elements import read_elements
from connectors.messages.places import GroundStation
from dataflows.orbit.propagation import Ephemeris

RECORDINGS = Path(__file__).resolve().parents[3] / ".." / "shared" / "data"

ORBITS = Path(__file__).parents[3] / "provisioning" / "orbits"
_OF_THAT_DAY = read_elements(ORBITS / "iss-2025-12-21.tle")[0]
# Of the day the recorded positions were taken.
ISS = (_OF_THAT_DAY.line1, _OF_THAT_DAY.line2)
# A satellite on a polar orbit, and one on a long, eccentric one; of June 2026.
TERRA = (
    "1 25994U 99068A   26177.95492160  .00000370  00000+0  84257-4 0  9999",
    "2 25994  97.9451 227.1137 0002353 161.3935 299.0284 14.61110261411036",
)
POLAR = (
    "1 23802U 96013A   26176.50959110  .00000140  00000+0  00000+0 0  9999",
    "2 23802  79.8647 226.9545 6478686 208.7930  90.3879  1.29846072144975",
)


@dataclass(frozen=True, slots=True)
class Spot(GroundStation):
    altitude_m: float = 0.0
    minimum_elevation_deg: float = 5.0


PARIS = Spot("Paris", 48.8566, 2.3522)
STATIONS = (
    Spot("Kiruna", 67.857, 20.964, 402.0, 5.0),
    Spot("Redu", 50.002, 5.146, 385.0, 5.0),
    Spot("Kourou", 5.251, -52.805, 0.0, 0.0),
    Spot("New Norcia", -31.048, 116.192, 252.0, 10.0),
    Spot("Antipodes", -49.7, 178.8, 100.0, 30.0),
)


@dataclass(frozen=True)
class Recorded:
    """What the file of ISS positions tells, column by column, and as printed."""

    times_us: np.ndarray
    latitude: np.ndarray
    longitude: np.ndarray
    speed: list[str]
    distance: list[str]
    phase: list[str]


@pytest.fixture(scope="session")
def recorded() -> Recorded:
    """Return the recorded positions of the ISS."""
    file = RECORDINGS / "iss" / "positions.csv"
    if not file.is_file():
        pytest.skip("the recorded ISS positions are not beside the project")
    lines = [line for line in file.read_text().splitlines() if line[:1] != "#"]
    times, latitudes, longitudes, *printed = zip(
        *(line.split(",") for line in lines), strict=True
    )
    times_us = np.array([text.rstrip("Z") for text in times], "datetime64[us]")
    return Recorded(
        times_us.astype(np.int64),
        np.array(latitudes, float),
        np.array(longitudes, float),
        *map(list, printed),
    )


@pytest.fixture
def iss() -> Ephemeris:
    return Ephemeris(*ISS)


def positions(
    ephemeris: Ephemeris, start_us: int, seconds: int, step_s: int = 1
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return times and the positions there, as a tracker takes them."""
    times_us = start_us + 1_000_000 * np.arange(0, seconds, step_s)
    latitude, longitude, altitude = ephemeris.geodetic(times_us)
    values = {"latitude": latitude, "longitude": longitude, "altitude": altitude}
    return times_us, values
