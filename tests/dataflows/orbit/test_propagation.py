"""SGP4 and the frames, against the package's own vectors and against Skyfield."""

from importlib.resources import files
from itertools import pairwise

import numpy as np
import pytest
from skyfield.api import wgs84
from skyfield.sgp4lib import TEME_to_ITRF

from dataflows.orbit.geodesy import geodetic
from dataflows.orbit.propagation import Ephemeris, julian
from tests.dataflows.orbit.conftest import ISS


def verification_elements() -> dict[int, tuple[str, str]]:
    lines = (files("sgp4") / "SGP4-VER.TLE").read_text().splitlines()
    found = {}
    for line1, line2 in pairwise(lines):
        if line1.startswith("1 ") and line2.startswith("2 "):
            found[int(line1[2:7])] = (line1[:69], line2[:69])
    return found


def verification_vectors() -> dict[int, np.ndarray]:
    """Rows of minutes since the epoch, and the position in TEME (km)."""
    found: dict[int, list[list[float]]] = {}
    rows: list[list[float]] = []
    for line in (files("sgp4") / "tcppver.out").read_text().splitlines():
        words = line.split()
        if words[-1] == "xx":
            rows = found.setdefault(int(words[0]), [])
        else:
            rows.append([float(word) for word in words[:4]])
    return {number: np.array(rows) for number, rows in found.items()}


VECTORS = verification_vectors()
ELEMENTS = verification_elements()
# In the set to show how SGP4 refuses: its eccentricity runs out of range.
WITHOUT_AN_ORBIT = 33334


@pytest.mark.parametrize("number", sorted(VECTORS.keys() - {WITHOUT_AN_ORBIT}))
def test_positions_are_those_of_the_verification_set(number: int):
    ephemeris = Ephemeris(*ELEMENTS[number])
    minutes, teme_km = VECTORS[number][:, 0], VECTORS[number][:, 1:]
    times_us = ephemeris.epoch_us + np.round(minutes * 60e6).astype(np.int64)
    position_km, _ = ephemeris.ecef(times_us)
    days, fractions = julian(times_us)
    for k in range(len(minutes)):
        # Skyfield wants a day in one number, good for 20 microseconds, so 40 m.
        turned, _ = TEME_to_ITRF(
            days[k], teme_km[k], np.zeros(3), fraction_ut1=fractions[k]
        )
        # A microsecond, the finest time there is here, is 1e-5 km.
        np.testing.assert_allclose(position_km[k], turned, rtol=0, atol=2e-5)


def test_velocities_are_the_change_of_positions():
    ephemeris = Ephemeris(*ISS)
    times_us = ephemeris.epoch_us + np.array([-500_000, 0, 500_000])
    position_km, velocity_km_s = ephemeris.ecef(times_us)
    np.testing.assert_allclose(
        velocity_km_s[1], position_km[2] - position_km[0], rtol=0, atol=1e-5
    )


def test_geodetic_positions_are_those_of_skyfield():
    random = np.random.default_rng(5)
    directions = random.normal(size=(300, 3))
    directions[:3] = [0, 0, 1], [0, 0, -1], [-1, 0, 0]
    directions /= np.linalg.norm(directions, axis=1)[:, None]
    points = directions * random.uniform(6400, 50_000, size=(300, 1))
    latitude, longitude, altitude_km = geodetic(points)
    again = wgs84.latlon(latitude, longitude, elevation_m=altitude_km * 1000)
    np.testing.assert_allclose(again.itrs_xyz.km.T, points, rtol=0, atol=1e-6)
    assert (longitude >= -180).all()
    assert (longitude < 180).all()


def test_elements_that_lead_nowhere_give_nan():
    decayed = Ephemeris(*ELEMENTS[WITHOUT_AN_ORBIT])
    latitude, _, _ = decayed.geodetic(np.array([decayed.epoch_us]))
    assert np.isnan(latitude).all()
