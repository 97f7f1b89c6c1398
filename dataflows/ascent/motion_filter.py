"""Motion of one launcher from rounded speed and altitude, as it flies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dataflows.ascent.atmosphere import density_kg_m3
from dataflows.ascent.motion_filter_kernel import (
    ALTITUDE_MISSING,
    ALTITUDE_RATIO,
    CLIMB,
    DENSITY_STEP_M,
    OUT,
    PRESSURE,
    SPEED_MISSING,
    SPEED_RATIO,
    SPEED_WARY,
    STATE,
    N,
    ahead,
    forget,
    run,
)
from dataflows.state.arrays import Floats, Times

__all__ = ["Motion", "MotionFilter"]

LOG_DENSITY = np.log(density_kg_m3(np.arange(0.0, 300_000.0, DENSITY_STEP_M) / 1e3))
REST = (
    SPEED_RATIO,
    ALTITUDE_RATIO,
    SPEED_MISSING,
    ALTITUDE_MISSING,
    CLIMB,
    PRESSURE,
    SPEED_WARY,
)
NO_TIME = np.iinfo(np.int64).min


@dataclass(frozen=True, slots=True)
class Motion:
    """What a batch of samples says of the motion; all arrays have shape n.

    Before speed and altitude are known the motion is NaN. Accelerations are those that
    an accelerometer on board would show: g on the pad, 0 in free fall.

    Args:
        altitude_m: above the ground.
        speed_m_s: over ground.
        angle_rad: of the path above the horizon. Speed and altitude do not tell on
            which side of the launch site a vehicle flies: it is within 90 degrees.
        along_m_s2: sensed acceleration along the path.
        across_m_s2: sensed acceleration across it, upwards.
        downrange_m: way over ground; NaN once a gap hid a part of it.
        speed_ratio: how far the value was off what was expected, over what it may be
            off; NaN where it was not acquired. Beyond 1, either way, it was not used.
        altitude_ratio: the same of the altitude.
        speed_missing_s: seconds since a speed was acquired.
        altitude_missing_s: seconds since an altitude was acquired.
        climb_m_s: vertical velocity.
        pressure_kpa: dynamic pressure, in the U.S. Standard Atmosphere 1976.
        wary_s: above 0 since a speed was refused, until others were used for a second.
    """

    altitude_m: Floats
    speed_m_s: Floats
    angle_rad: Floats
    along_m_s2: Floats
    across_m_s2: Floats
    downrange_m: Floats
    speed_ratio: Floats
    altitude_ratio: Floats
    speed_missing_s: Floats
    altitude_missing_s: Floats
    climb_m_s: Floats
    pressure_kpa: Floats
    wary_s: Floats


class MotionFilter:
    """A causal filter: each estimate rests on the samples up to it and no others.

    In steady thrust an estimate of acceleration is some 0.2 s late, for the growth as
    mass is burnt is part of what is expected. Of a sudden change (an engine stops) nine
    tenths are followed after some 0.3 s; then the estimate swings for half a second.

    Values far from what can be expected are not used, until they agree among
    themselves for a second; what is missing is bridged. After 30 s without samples
    nothing is carried on.

    >>> follow = MotionFilter()
    >>> times_us = np.arange(60) * 33_333
    >>> speeds = np.floor(8.0 * times_us / 1e6)
    >>> motion = follow.update(times_us, speeds, np.zeros(60))
    >>> bool(abs(motion.along_m_s2[-1] - 17.8) < 1.0)
    True
    """

    def __init__(self) -> None:
        self.state = np.zeros(STATE)
        self.covariance = np.zeros((N, N))
        forget(self.state, self.covariance)
        self._newest_us = NO_TIME

    def update(
        self, times_us: Times, speeds_m_s: Floats, altitudes_m: Floats
    ) -> Motion:
        """The motion at the next samples, at times (microseconds) that rise.

        Values are NaN where not acquired. Other batches of them give the same bits.
        """
        out = np.empty((OUT, len(times_us)))
        if len(times_us):
            before_us = self._newest_us
            first_us = times_us[0] if before_us == NO_TIME else before_us
            elapsed_s = np.diff(times_us, prepend=first_us) / 1e6
            self._newest_us = int(times_us[-1])
            speeds, altitudes = map(np.ascontiguousarray, (speeds_m_s, altitudes_m))
            state, covariance = self.state, self.covariance
            run(elapsed_s, speeds, altitudes, LOG_DENSITY, state, covariance, out)
        return Motion(*out[:N], *(out[row] for row in REST))

    def ahead(self, horizons_s: Floats) -> tuple[Floats, Floats]:
        """The motion at horizons that rise, if engines go on as now, and its spread.

        Both have a row each for altitude, speed, angle, acceleration along and across
        the path, and downrange; the second holds standard deviations.
        """
        out = np.empty((2 * N, len(horizons_s)))
        ahead(self.state[:N].copy(), self.covariance, horizons_s, out)
        return out[:N], np.sqrt(out[N:])

    def snapshot(self) -> list[bytes]:
        """All that is known, in parts."""
        newest = np.int64(self._newest_us)
        return [newest.tobytes(), self.state.tobytes(), self.covariance.tobytes()]

    def restore(self, parts: list[bytes]) -> None:
        """Continue from the parts of a snapshot of the same shape."""
        newest, state, covariance = parts
        self._newest_us = int(np.frombuffer(newest, np.int64)[0])
        self.state[:] = np.frombuffer(state)
        self.covariance[:] = np.frombuffer(covariance).reshape(N, N)
