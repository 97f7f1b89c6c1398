"""What velocity, altitude, acceleration and dynamic pressure may be in each phase."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dataflows.ascent.flight_events import Phase
from dataflows.state.arrays import Floats

__all__ = ["LIMITS", "limit_use"]

Band = tuple[float, float]

# What launchers to low and high orbits do, with room: 6 g, 45 kPa at max-Q. Phases are
# told half a second to a second after an engine starts or stops, and an estimate swings
# when it does, which is allowed for.
LIMITS: Mapping[str, Mapping[Phase, Band]] = {
    "velocity": {  # m/s
        Phase.PAD: (0, 100),
        Phase.FIRST_STAGE: (0, 3500),
        Phase.COAST: (0, 11_000),
        Phase.SECOND_STAGE: (1000, 11_500),
        Phase.RETURN: (0, 3500),
    },
    "altitude": {  # km
        Phase.PAD: (-0.5, 5),
        Phase.FIRST_STAGE: (-0.5, 150),
        Phase.COAST: (20, 40_000),
        Phase.SECOND_STAGE: (30, 2000),
        Phase.RETURN: (-0.5, 400),
    },
    "acceleration": {  # m/s2
        Phase.PAD: (-10, 40),
        Phase.FIRST_STAGE: (-60, 60),
        Phase.COAST: (-60, 60),
        Phase.SECOND_STAGE: (-60, 60),
        Phase.RETURN: (-100, 60),
    },
    "dynamic_pressure": {  # kPa
        Phase.PAD: (-0.1, 6),
        Phase.FIRST_STAGE: (-0.1, 45),
        Phase.COAST: (-0.1, 10),
        Phase.SECOND_STAGE: (-0.1, 3),
        Phase.RETURN: (-0.1, 120),
    },
}
_MIDDLES = {
    name: np.array([0.5 * sum(bands[phase]) for phase in Phase])
    for name, bands in LIMITS.items()
}
_HALVES = {
    name: np.array([0.5 * (bands[phase][1] - bands[phase][0]) for phase in Phase])
    for name, bands in LIMITS.items()
}


def limit_use(name: str, phases: Floats, values: Floats) -> Floats:
    """Where values lie in the band of their phase: -1 is its low end, 1 its high end.

    All arrays have shape n; NaN stays NaN.

    >>> limit_use("velocity", np.array([0.0, 1.0]), np.array([100.0, 3850.0])).tolist()
    [1.0, 1.2]
    """
    phase = phases.astype(np.intp)
    use: Floats = (values - _MIDDLES[name][phase]) / _HALVES[name][phase]
    return use
