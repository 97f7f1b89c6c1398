"""How fast a flow of the demo is, and how far behind."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

SPEED_WINDOW_S = 3.0


@dataclass(frozen=True, slots=True)
class Reading:
    """How many samples were sent and are stored, `elapsed_s` after the start."""

    elapsed_s: float
    sent: int
    stored: int


class Speeds:
    """Speeds and lag, from the readings of the last seconds."""

    def __init__(self) -> None:
        self._readings: deque[Reading] = deque()

    def add(self, reading: Reading) -> None:
        """Takes the latest reading."""
        self._readings.append(reading)
        while len(self._readings) > 2 and self._readings[1].sent <= reading.stored:
            if reading.elapsed_s - self._readings[1].elapsed_s < SPEED_WINDOW_S:
                break
            self._readings.popleft()

    @property
    def latest(self) -> Reading:
        """The latest reading."""
        return self._readings[-1] if self._readings else Reading(0, 0, 0)

    @property
    def sent_hz(self) -> float:
        """Samples sent a second."""
        first, last = self._span()
        return (last.sent - first.sent) / max(last.elapsed_s - first.elapsed_s, 1e-9)

    @property
    def stored_hz(self) -> float:
        """Samples stored a second."""
        first, last = self._span()
        return (last.stored - first.stored) / max(
            last.elapsed_s - first.elapsed_s, 1e-9
        )

    @property
    def lag_s(self) -> float:
        """How long ago the latest stored sample was sent, at most."""
        last = self.latest
        since = [r.elapsed_s for r in self._readings if r.sent <= last.stored]
        return last.elapsed_s - max(since, default=0.0)

    def _span(self) -> tuple[Reading, Reading]:
        last = self.latest
        recent = [
            r for r in self._readings if last.elapsed_s - r.elapsed_s <= SPEED_WINDOW_S
        ]
        return (recent[0] if recent else last), last
