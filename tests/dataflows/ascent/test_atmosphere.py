"""The atmosphere is that of the tables of the U.S. Standard Atmosphere 1976."""

import numpy as np
import pytest

from dataflows.ascent.atmosphere import density_kg_m3, pressure_pa, temperature_k

# Table I of NOAA-S/T 76-1562: geometric altitude (km), temperature (K), pressure (Pa),
# density (kg/m3).
TABLE = [
    (0.0, 288.150, 1.01325e5, 1.2250),
    (5.0, 255.676, 5.4048e4, 7.3643e-1),
    (10.0, 223.252, 2.6499e4, 4.1351e-1),
    (20.0, 216.650, 5.5293e3, 8.8910e-2),
    (30.0, 226.509, 1.1970e3, 1.8410e-2),
    (40.0, 250.350, 2.8714e2, 3.9957e-3),
    (50.0, 270.650, 7.9779e1, 1.0269e-3),
    (60.0, 247.021, 2.1958e1, 3.0968e-4),
    (70.0, 219.585, 5.2209e0, 8.2829e-5),
    (80.0, 198.639, 1.0524e0, 1.8458e-5),
]


@pytest.mark.parametrize(("altitude_km", "kelvin", "pascal", "density"), TABLE)
def test_it_agrees_with_the_published_table(altitude_km, kelvin, pascal, density):
    assert temperature_k(altitude_km) == pytest.approx(kelvin, abs=0.01)
    assert pressure_pa(altitude_km) == pytest.approx(pascal, rel=2e-4)
    assert density_kg_m3(altitude_km) == pytest.approx(density, rel=2e-4)


def test_pressure_and_density_fall_without_a_step_far_beyond_the_layers():
    altitudes_km = np.linspace(-1.0, 400.0, 40_000)
    for series in (pressure_pa(altitudes_km), density_kg_m3(altitudes_km)):
        assert (np.diff(series) < 0).all()
        assert (np.diff(np.log(series)) > -0.01).all()
        assert series[-1] > 0


def test_one_altitude_is_an_array_of_one():
    many = density_kg_m3(np.array([3.0, 90.0]))
    assert [float(density_kg_m3(km)) for km in (3.0, 90.0)] == many.tolist()
