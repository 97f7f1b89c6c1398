"""What a spacecraft in low Earth orbit goes through: sunlight, tasks, slews."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]

ORBIT_S = 5700.0
SUNLIT_S = 3600.0  # of each orbit, from its start; the rest is eclipse
PENUMBRA_S = 60.0
SLEW_S = 300.0
DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Situation:
    """What the spacecraft goes through, at n moments; all arrays have shape n.

    `time_s` counts from the start, `orbit_s` from the latest sunrise. `sunlight` is the
    share of the Sun that is seen. `science`, `downlink` and `slew` are 1 while the
    camera takes pictures, a ground station is in view, the spacecraft turns; else 0.
    `depth` is the charge (%) this orbit's eclipse costs, `depth_before` the last one's.
    """

    time_s: Array
    orbit_s: Array
    sunlight: Array
    science: Array
    downlink: Array
    slew: Array
    depth: Array
    depth_before: Array

    @property
    def phase(self) -> Array:
        """The angle along the orbit, in radians."""
        return 2 * np.pi * self.orbit_s / ORBIT_S

    @property
    def day(self) -> Array:
        """The daily swing, between -1 and 1."""
        swing: Array = np.sin(2 * np.pi * self.time_s / DAY_S)
        return swing

    def warmth(self, lag_s: float) -> Array:
        """How warm a body is, between 0 (always dark) and 1 (always in the Sun).

        It follows sunlight as a first-order lag in its periodic steady state.
        """
        dark_s = ORBIT_S - SUNLIT_S
        heating, cooling = np.exp(-SUNLIT_S / lag_s), np.exp(-dark_s / lag_s)
        at_sunset = (1 - heating) / (1 - heating * cooling)
        at_sunrise = at_sunset * cooling
        sun = 1 - (1 - at_sunrise) * np.exp(-self.orbit_s / lag_s)
        dark = at_sunset * np.exp(-(self.orbit_s - SUNLIT_S) / lag_s)
        warmth: Array = np.where(self.orbit_s < SUNLIT_S, sun, dark)
        return warmth


def situation(time_s: Array, seed: int) -> Situation:
    """The situation at these times; what each orbit has in store follows the seed."""
    orbit = np.floor(time_s / ORBIT_S)
    orbit_s = time_s - orbit * ORBIT_S
    since_sunset_s = orbit_s - SUNLIT_S
    to_terminator_s = np.where(
        since_sunset_s < 0,
        np.minimum(orbit_s, -since_sunset_s),
        -np.minimum(since_sunset_s, ORBIT_S - orbit_s),
    )
    takes_pictures = _chance(orbit, seed, 1) < 0.9
    science = takes_pictures & (orbit_s >= 600) & (orbit_s < 2600)
    to_science_s = np.abs(orbit_s - 600)
    return Situation(
        time_s,
        orbit_s,
        np.clip(0.5 + to_terminator_s / PENUMBRA_S, 0, 1),
        science.astype(np.float64),
        (_meets_station(orbit, seed) & (orbit_s >= 4000) & (orbit_s < 4700)) * 1.0,
        (to_science_s < SLEW_S / 2) * 1.0,
        _depth(orbit, seed),
        _depth(orbit - 1, seed),
    )


def _meets_station(orbit: Array, seed: int) -> NDArray[np.bool_]:
    return _chance(orbit, seed, 2) < 0.9


def _depth(orbit: Array, seed: int) -> Array:
    return 18 + 5.0 * _meets_station(orbit, seed)


def _chance(orbit: Array, seed: int, purpose: int) -> Array:
    """A number in [0, 1) that looks random but belongs to the orbit: splitmix64."""
    start = np.uint64(
        (seed * 0x632BE59BD9B4E019 + purpose * 0xD1B54A32D192ED03) % 2**64
    )
    with np.errstate(over="ignore"):
        bits = orbit.astype(np.int64).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        bits = bits + start
        bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        bits = bits ^ (bits >> np.uint64(31))
    return (bits >> np.uint64(11)).astype(np.float64) / 2.0**53


def heating(now: Situation) -> Array:
    """1 while the heater is on, as it is once the eclipse has cooled things down."""
    return (now.orbit_s >= SUNLIT_S + 600) * 1.0


def context(now: Situation) -> Mapping[str, Array]:
    """What ground knows of the situation; detectors may take it into account."""
    return {
        "eclipse": (now.orbit_s >= SUNLIT_S) * 1.0,
        "science": now.science,
        "downlink": now.downlink,
        "slew": now.slew,
    }
