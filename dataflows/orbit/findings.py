"""What a tracker makes of a run of positions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dataflows.state.arrays import Floats

__all__ = ["REASONS", "OrbitMinute", "OrbitState", "Pass", "PassState", "Phase"]
__all__ += ["Prediction", "Refusal", "Tracked"]

Phase: TypeAlias = Literal["UNKNOWN", "ASCENDING", "DESCENDING"]
PassState: TypeAlias = Literal["PREDICTED", "IN_VIEW", "OVER", "NOT_OBSERVED"]

REASONS: Mapping[str, str] = {
    "bad_latitude": "the latitude is not within -90 to 90 degrees",
    "bad_longitude": "the longitude is not within -180 to 360 degrees",
    "bad_altitude": "the altitude is below ground, or infinite",
    "late": "a later position of this satellite came before",
    "repeated": "a position of this time came before",
    "too_fast": "it is further from the position before than any satellite can get",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why position `index` of a run was not used.

    `reason` is one of REASONS, a metric label; `detail` is for people.
    """

    index: int
    reason: str
    detail: str


# There is one for each position, and this is made in a third of the time.
class OrbitState(NamedTuple):
    """Where a satellite is at `time_us`, and how it moves.

    `ground_speed_km_s` is the great-circle speed since the position before, 0 for the
    first, None after a gap; `phase` is UNKNOWN then. `distances_km` are great-circle
    distances from the point below it to the places, in their order.
    """

    time_us: int
    latitude_deg: float
    longitude_deg: float
    altitude_km: float | None
    ground_speed_km_s: float | None
    phase: Phase
    latitude_hemisphere: Literal["N", "S"]
    longitude_hemisphere: Literal["E", "W"]
    distances_km: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class OrbitMinute:
    """Statistics of the minute of event time that starts at `minute_us`.

    The mean latitude is that of the latitudes, the mean longitude that of the mean of
    the unit vectors; None where they cancel out. Speeds are those from one position to
    the next, of which there are `speeds`; the deviation is that of all of them (not of
    a sample), and None with the others where there is no speed.
    """

    minute_us: int
    count: int
    mean_latitude_deg: float
    mean_longitude_deg: float | None
    speeds: int
    mean_speed_km_s: float | None
    lowest_speed_km_s: float | None
    highest_speed_km_s: float | None
    speed_deviation_km_s: float | None


@dataclass(frozen=True, slots=True)
class Pass:
    """A satellite's pass over a station, as far as it is known at this revision.

    A pass is named by its station and `announced_us`, the AOS that was first told. The
    predicted columns are None for a pass that nobody foresaw; the others are what was
    observed, and None where it was not (or not yet).
    """

    station: str
    announced_us: int
    revision: int
    state: PassState
    aos_us: int | None = None
    culmination_us: int | None = None
    los_us: int | None = None
    maximum_elevation_deg: float | None = None
    predicted_aos_us: int | None = None
    predicted_culmination_us: int | None = None
    predicted_los_us: int | None = None
    predicted_elevation_deg: float | None = None


@dataclass(frozen=True, slots=True)
class Prediction:
    """Where a satellite will be at `time_us`, told at `made_us`.

    `source` says by what: its elements, or its track so far. `from_elements_km` is how
    far from its elements it was when this was told; None where it has none.
    """

    made_us: int
    time_us: int
    latitude_deg: float
    longitude_deg: float
    altitude_km: float | None
    source: Literal["elements", "track"]
    from_elements_km: float | None


@dataclass(frozen=True, slots=True)
class Tracked:
    """All that follows from a run of n positions of one satellite.

    `used` (bool, shape n) tells which positions were used: `speeds_km_s` (float64,
    shape n) are NaN elsewhere. Those that came without latitude or longitude were
    neither used nor refused.
    """

    used: NDArray[np.bool_]
    speeds_km_s: Floats
    refused: tuple[Refusal, ...]
    states: tuple[OrbitState, ...]
    minutes: tuple[OrbitMinute, ...]
    passes: tuple[Pass, ...]
    predictions: tuple[Prediction, ...]
