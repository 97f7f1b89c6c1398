"""Where one flight of a vehicle ends, and another begins."""

from __future__ import annotations

import numpy as np

from dataflows.ascent.flight_events import Phase

__all__ = ["FORGOTTEN_US", "FlightBounds"]

# After so long a silence another flight begins: no coast between two stations that
# hear a launcher is as long (five hours and a half, straight to a geostationary orbit),
# and no launcher flies again as soon.
FLIGHT_GAP_US = 6 * 3600 * 1_000_000
# At rest on the ground, a flight is over if it lasts. After a gap in which the motion
# was forgotten, what looks like rest is in doubt until then: it may be a wrong value.
FORGOTTEN_US, REST_US = 30_000_000, 3_000_000
REST_M_S, GROUND_KM = 5.0, 1.0
_NEVER = -1


class FlightBounds:
    """Follows one vehicle through flights; nothing has been seen of it at first.

    >>> bounds = FlightBounds()
    >>> bounds.begins(0, Phase.PAD, 0.0, 0.0), bounds.begins(1, Phase.PAD, 0.0, 0.0)
    (True, False)
    """

    def __init__(self) -> None:
        self._newest_us = self._rests_since_us = _NEVER
        self._over = True
        self.in_doubt = False
        """Whether the last sample that was asked of is."""

    def begins(
        self, time_us: int, phase: Phase, speed_m_s: float, altitude_km: float
    ) -> bool:
        """Whether a flight begins with a sample, by the phase before it.

        To be asked of the first sample, of each after a gap, and of each after one in
        doubt. Values are NaN where missing.
        """
        gap_us = 0 if self._newest_us == _NEVER else time_us - self._newest_us
        if gap_us > FORGOTTEN_US and phase != Phase.PAD:
            self.in_doubt, self._rests_since_us = True, _NEVER
        if self.in_doubt:
            self._judge(time_us, phase, speed_m_s, altitude_km)
        begins = self._over or gap_us > FLIGHT_GAP_US
        if begins:
            self._over = self.in_doubt = False
            self._rests_since_us = _NEVER
        return begins

    def _judge(
        self, time_us: int, phase: Phase, speed_m_s: float, altitude_km: float
    ) -> None:
        if speed_m_s >= REST_M_S or altitude_km >= GROUND_KM:
            self.in_doubt, self._rests_since_us = False, _NEVER
        elif speed_m_s == speed_m_s and altitude_km == altitude_km:
            self.follow(time_us, phase, speed_m_s, altitude_km)

    def seen(self, time_us: int) -> None:
        """Take the time of the newest sample."""
        self._newest_us = time_us

    def follow(
        self, time_us: int, phase: Phase, speed_m_s: float, altitude_km: float
    ) -> None:
        """Take what is known of the motion, once a second."""
        if not _at_rest(phase, speed_m_s, altitude_km):
            self._rests_since_us = _NEVER
        elif self._rests_since_us == _NEVER:
            self._rests_since_us = time_us
        else:
            self._over = time_us - self._rests_since_us >= REST_US

    def snapshot(self) -> bytes:
        """All that is known."""
        return np.array(
            [self._newest_us, self._rests_since_us, self._over, self.in_doubt],
            np.int64,
        ).tobytes()

    def restore(self, data: bytes) -> None:
        """Continue from a snapshot."""
        self._newest_us, self._rests_since_us, over, in_doubt = np.frombuffer(
            data, np.int64
        ).tolist()
        self._over, self.in_doubt = bool(over), bool(in_doubt)


def _at_rest(phase: Phase, speed_m_s: float, altitude_km: float) -> bool:
    """Whether a vehicle that has flown stands on the ground."""
    return phase != Phase.PAD and speed_m_s < REST_M_S and altitude_km < GROUND_KM
