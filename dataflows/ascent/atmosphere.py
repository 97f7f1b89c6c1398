"""The U.S. Standard Atmosphere 1976 (NOAA-S/T 76-1562), up to 86 km.

Seven layers, in each of which temperature is linear in geopotential altitude. Above
86 km, where the standard goes on with the physics of single gases, density falls on
with the scale height it has there: drag is negligible by then.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dataflows.state.arrays import Floats

__all__ = ["HIGHEST_KM", "density_kg_m3", "pressure_pa", "temperature_k"]

HIGHEST_KM = 86.0
"""Geometric altitude up to which the layers hold."""

EARTH_RADIUS_KM = 6356.766  # of the standard: at 45 degrees of latitude
GRAVITY_M_S2 = 9.80665
GAS_J_KG_K = 287.05287  # of dry air: 8.31432 J/(mol K) over 0.0289644 kg/mol
SEA_LEVEL_K = 288.15
SEA_LEVEL_PA = 101_325.0
KELVIN_PER_KM = GRAVITY_M_S2 / GAS_J_KG_K * 1000.0  # of an autoconvective layer

# Table 4 of the standard: where layers begin (geopotential km), and their lapse rates.
BASES_KM = np.array([0.0, 11.0, 20.0, 32.0, 47.0, 51.0, 71.0])
LAPSES_K_KM = np.array([-6.5, 0.0, 1.0, 2.8, 0.0, -2.8, -2.0])


def _falls(lapse_k_km: ArrayLike, base_k: ArrayLike, rise_km: ArrayLike) -> Floats:
    """By which factor pressure falls on the way up from the base of a layer."""
    lapse, base, rise = np.broadcast_arrays(
        *(np.asarray(each, np.float64) for each in (lapse_k_km, base_k, rise_km))
    )
    steep = np.where(lapse == 0, 1.0, lapse)
    linear = (1 + steep * rise / base) ** (-KELVIN_PER_KM / steep)
    flat = np.exp(-KELVIN_PER_KM * rise / base)
    factor: Floats = np.where(lapse == 0, flat, linear)
    return factor


BASES_K = SEA_LEVEL_K + np.append(0.0, np.cumsum(LAPSES_K_KM[:-1] * np.diff(BASES_KM)))
BASES_PA = SEA_LEVEL_PA * np.append(
    1.0, np.cumprod(_falls(LAPSES_K_KM[:-1], BASES_K[:-1], np.diff(BASES_KM)))
)


def _layers(altitude_km: ArrayLike) -> tuple[NDArray[np.intp], Floats]:
    """The layer of each geometric altitude, and how far above its base it is."""
    geometric = np.clip(np.asarray(altitude_km, np.float64), -5.0, HIGHEST_KM)
    geopotential = EARTH_RADIUS_KM * geometric / (EARTH_RADIUS_KM + geometric)
    layer = np.searchsorted(BASES_KM, geopotential, side="right") - 1
    layer = np.maximum(layer, 0)
    return layer, geopotential - BASES_KM[layer]


def temperature_k(altitude_km: ArrayLike) -> Floats:
    """Molecular-scale temperature at geometric altitudes, from -5 km up.

    Above 86 km it is that of 86 km.

    >>> float(temperature_k(11.019).round(2))
    216.65
    """
    layer, rise_km = _layers(altitude_km)
    temperature: Floats = BASES_K[layer] + LAPSES_K_KM[layer] * rise_km
    return temperature


def pressure_pa(altitude_km: ArrayLike) -> Floats:
    """Static pressure at geometric altitudes, from -5 km up.

    >>> float(pressure_pa(0.0))
    101325.0
    """
    layer, rise_km = _layers(altitude_km)
    within = _falls(LAPSES_K_KM[layer], BASES_K[layer], rise_km)
    above_km = np.maximum(np.asarray(altitude_km, np.float64) - HIGHEST_KM, 0.0)
    pressure: Floats = BASES_PA[layer] * within * np.exp(-above_km / TOP_SCALE_KM)
    return pressure


def density_kg_m3(altitude_km: ArrayLike) -> Floats:
    """Density of the air at geometric altitudes, from -5 km up.

    >>> float(density_kg_m3(0.0).round(4))
    1.225
    """
    gas = GAS_J_KG_K * temperature_k(altitude_km)
    density: Floats = pressure_pa(altitude_km) / gas
    return density


# Pressure falls by e in this height at 86 km.
TOP_SCALE_KM = float(temperature_k(HIGHEST_KM)) / KELVIN_PER_KM
