"""The recorded launches that several tests share; skips where they are missing."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from connectors.recordings.launch_analyses import read_analysed_launch
from connectors.recordings.launch_recordings import LaunchRecording
from dataflows.ascent.tracker import AscentTracker, Tracked

FOLDER = Path(__file__).resolve().parents[1] / ".." / "shared" / "data" / "launches"
NAMES = ("iridium-next-1", "nrol-76")
T0_US = 1_500_000_000_000_000


@dataclass(frozen=True)
class Launch:
    """A recording, its analysis by others (each second), and when events were."""

    recording: LaunchRecording
    analysed: dict[str, np.ndarray]
    events: dict[str, float]

    @property
    def times_us(self) -> np.ndarray:
        return T0_US + np.round(1e6 * self.recording.times_s).astype(np.int64)

    @property
    def values(self) -> dict[str, np.ndarray]:
        return {
            "velocity": self.recording.velocities_m_s,
            "altitude": self.recording.altitudes_km,
        }


@cache
def launch(name: str) -> Launch:
    folder = FOLDER / name
    if not folder.is_dir():
        pytest.skip("the recordings of launches are not beside the project")
    found = read_analysed_launch(folder)
    analysed = {
        "time": found.times_s,
        "velocity": found.velocities_m_s,
        "altitude": found.altitudes_km,
        "acceleration": found.accelerations_m_s2,
    }
    return Launch(found.recording, analysed, dict(found.events_s))


@cache
def tracked(name: str) -> Tracked:
    """What a tracker makes of a whole recording."""
    found = launch(name)
    return AscentTracker().update(found.times_us, found.values)
