"""The housekeeping of a synthetic spacecraft, subsystem by subsystem.

Everything follows from its `Situation`; the rest is bounded noise.
"""

from __future__ import annotations

import numpy as np

from simulators.spacecraft.situation import ORBIT_S, SUNLIT_S, Array, Situation, heating

BUS_V = 28.0
LARGEST_NOISE_SIGMA = 3.5


class Orbiter:
    """Housekeeping of consecutive stretches of time; counters go on between them."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._random = np.random.default_rng(seed)
        self._frames_sent = 0.0
        self._commands_received = 0.0

    def housekeeping(self, now: Situation) -> dict[str, dict[str, Array]]:
        """The parameters of each subsystem, in the units of the parameter file."""
        power = self._power(now)
        panel = -60 + 125 * now.warmth(500) + self._noise(now, 0.4)
        return {
            "power": power,
            "thermal": self._thermal(now, panel),
            "attitude": self._attitude(now),
            "comms": self._comms(now),
            "payload": self._payload(now),
            "obdh": self._obdh(now),
        }

    def _noise(self, now: Situation, sigma: float) -> Array:
        normal = self._random.standard_normal(now.time_s.size)
        return sigma * normal.clip(-LARGEST_NOISE_SIGMA, LARGEST_NOISE_SIGMA)

    def _power(self, now: Situation) -> dict[str, Array]:
        load_w = (
            42 + 20 * now.science + 14 * now.downlink + 7 * heating(now)
        ) + self._noise(now, 0.6)
        charging = _charging(now)
        lost = np.where(
            now.orbit_s < SUNLIT_S,
            now.depth_before * charging,
            now.depth * (now.orbit_s - SUNLIT_S) / (ORBIT_S - SUNLIT_S),
        )
        charge = 98 - lost
        bus_a = load_w / BUS_V
        sun_a = now.sunlight * (bus_a + 0.15 + 0.16 * now.depth_before * charging)
        battery_a = sun_a - bus_a
        hot = now.warmth(500)
        return {
            "battery_voltage": 24.6
            + 0.068 * charge
            + 0.11 * battery_a
            + self._noise(now, 0.015),
            "battery_current": battery_a + self._noise(now, 0.02),
            "battery_charge": charge + 0.4 * now.day + self._noise(now, 0.05),
            "bus_voltage": BUS_V - 0.02 * bus_a + self._noise(now, 0.01),
            "bus_current": bus_a + self._noise(now, 0.01),
            "solar_array_voltage": now.sunlight * (36.5 - 3.5 * hot)
            + self._noise(now, 0.05),
            "solar_array_current": sun_a + self._noise(now, 0.02),
            "load_power": load_w,
        }

    def _thermal(self, now: Situation, panel: Array) -> dict[str, Array]:
        return {
            "battery_temperature": 14
            + 7 * now.warmth(3000)
            + 1.2 * now.day
            + self._noise(now, 0.06),
            "panel_plus_x_temperature": panel,
            "panel_minus_x_temperature": panel - 6 + self._noise(now, 0.5),
            "panel_plus_y_temperature": -45
            + 70 * now.warmth(700)
            + 4 * np.sin(now.phase)
            + self._noise(now, 0.4),
            "radiator_temperature": -28
            + 22 * now.warmth(1200)
            + 1.5 * now.day
            + self._noise(now, 0.15),
            "tank_temperature": 19
            + 3 * now.warmth(9000)
            + 1.5 * now.day
            + self._noise(now, 0.04),
            "computer_temperature": 27
            + 5 * now.warmth(2500)
            + 1.5 * now.day
            + self._noise(now, 0.1),
            "transmitter_temperature": 18
            + 6 * now.warmth(2000)
            + 5 * now.downlink
            + self._noise(now, 0.2),
            "heater_state": heating(now),
        }

    def _attitude(self, now: Situation) -> dict[str, Array]:
        wheels = {
            f"wheel_{number}_speed": base
            + 350 * np.sin(now.phase + shift)
            + 150 * now.day
            + self._noise(now, 6)
            for number, (base, shift) in enumerate(
                [(2400, 0.0), (-1900, 2.1), (2900, 4.2)], start=1
            )
        }
        return {
            "rate_x": 0.12 * now.slew + self._noise(now, 0.002),
            "rate_y": 360 / ORBIT_S + self._noise(now, 0.002),
            "rate_z": 0.004 * np.sin(now.phase) + self._noise(now, 0.002),
            "pointing_error": 0.05 + 0.2 * now.slew + np.abs(self._noise(now, 0.01)),
            **wheels,
            "magnetic_field": 33_000
            + 11_000 * np.cos(2 * now.phase)
            + 1_500 * now.day
            + self._noise(now, 120),
            "star_tracker_state": 2 - now.slew,
        }

    def _comms(self, now: Situation) -> dict[str, Array]:
        interval_s = _steps(now.time_s)
        sent = self._frames_sent + np.cumsum(now.downlink * np.round(8 * interval_s))
        self._frames_sent = float(sent[-1])
        above_horizon = np.sin(np.pi * np.clip((now.orbit_s - 4000) / 700, 0, 1))
        heard = now.downlink * (18 + 12 * above_horizon)
        return {
            "transmitter_power": 0.2 + 4.8 * now.downlink + self._noise(now, 0.02),
            "signal_strength": -121 + heard + self._noise(now, 0.7),
            "receiver_lock": now.downlink,
            "reflected_power": 0.02
            + 0.11 * now.downlink
            + np.abs(self._noise(now, 0.004)),
            "frames_sent": sent,
        }

    def _payload(self, now: Situation) -> dict[str, Array]:
        return {
            "payload_current": 0.2 + 0.7 * now.science + self._noise(now, 0.008),
            "camera_temperature": -12
            + 5 * now.warmth(1800)
            + 2.5 * now.science
            + self._noise(now, 0.12),
            "detector_voltage": 12 - 0.05 * now.science + self._noise(now, 0.004),
            "payload_state": 1 + now.science,
        }

    def _obdh(self, now: Situation) -> dict[str, Array]:
        commands = self._random.random(now.time_s.size) < 0.1 * now.downlink
        received = self._commands_received + np.cumsum(commands)
        self._commands_received = float(received[-1])
        cpu = 24 + 22 * now.science + 10 * now.downlink + self._noise(now, 1.2)
        dump = np.clip((now.orbit_s - 4000) / 700, 0, 1)
        filled = np.clip((now.orbit_s - 600) / 2000, 0, 1)
        return {
            "cpu_load": cpu,
            "memory_used": 44 + 5 * now.science + 1.5 * now.day + self._noise(now, 0.3),
            "storage_used": 22 + 24 * (filled - dump) + self._noise(now, 0.2),
            "uptime": now.time_s + 86_400,
            "commands_received": received,
        }


def _charging(now: Situation) -> Array:
    """What is left to charge, from 1 at sunrise to 0 at sunset."""
    lag_s = 1400.0
    at_sunset = np.exp(-SUNLIT_S / lag_s)
    left = (np.exp(-now.orbit_s / lag_s) - at_sunset) / (1 - at_sunset)
    clipped: Array = np.clip(left, 0, 1)
    return clipped


def _steps(time_s: Array) -> Array:
    """The time since the sample before; the first is taken to be like the second."""
    if time_s.size < 2:
        return np.zeros_like(time_s)
    return np.diff(time_s, prepend=2 * time_s[0] - time_s[1])
