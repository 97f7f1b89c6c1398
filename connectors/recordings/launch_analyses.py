"""What others found in a recorded launch: what tracking it is held against.

A folder holds one recording, `... raw.json` (see `launch_recordings`), and

    analysed.json   arrays of one length: time (s), velocity (m/s), altitude (km) and
                    acceleration (m/s2, what the engines and the air do)
    events.json     seconds since liftoff by event, null for what was not seen; meco,
                    when the first stage's engines stopped, has to be there
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from connectors.errors import SettingsError, one_line
from connectors.recordings.launch_recordings import LaunchRecording, read_launch

Content = TypeVar("Content")


@dataclass(frozen=True, slots=True)
class AnalysedLaunch:
    """A recording, its analysis (float64 arrays of one shape), and when events were."""

    recording: LaunchRecording
    times_s: NDArray[np.float64]
    velocities_m_s: NDArray[np.float64]
    altitudes_km: NDArray[np.float64]
    accelerations_m_s2: NDArray[np.float64]
    events_s: Mapping[str, float]


class _Analysis(msgspec.Struct, frozen=True):
    time: list[float]
    velocity: list[float]
    altitude: list[float]
    acceleration: list[float]


def read_analysed_launches(folder: Path) -> list[AnalysedLaunch]:
    """The launches in the folders of a folder, by name.

    Raises SettingsError, naming file or folder, for anything not as described above.
    """
    try:
        launches = sorted(inner for inner in folder.iterdir() if inner.is_dir())
    except OSError as error:
        raise SettingsError(str(folder), str(error.strerror)) from None
    if not launches:
        raise SettingsError(str(folder), "holds no folders of launches")
    return [read_analysed_launch(launch) for launch in launches]


def read_analysed_launch(folder: Path) -> AnalysedLaunch:
    """The launch in a folder; raises SettingsError as above."""
    recordings = sorted(folder.glob("*raw.json"))
    if len(recordings) != 1:
        problem = f"holds {len(recordings)} recordings (*raw.json), not one"
        raise SettingsError(str(folder), problem)
    analysis = _read(folder / "analysed.json", _Analysis)
    events = _read(folder / "events.json", dict[str, float | None])
    if events.get("meco") is None:
        raise SettingsError(str(folder / "events.json"), "does not say when meco was")
    columns = [np.array(each, float) for each in msgspec.structs.astuple(analysis)]
    times_s, velocities_m_s, altitudes_km, accelerations_m_s2 = columns
    same = len({len(column) for column in columns}) == 1
    if not same or not len(times_s) or (np.diff(times_s) <= 0).any():
        problem = "its arrays differ in length or are empty, or its times do not rise"
        raise SettingsError(str(folder / "analysed.json"), problem)
    return AnalysedLaunch(
        read_launch(recordings[0]),
        times_s,
        velocities_m_s,
        altitudes_km,
        accelerations_m_s2,
        {name: time_s for name, time_s in events.items() if time_s is not None},
    )


def _read(file: Path, content: type[Content]) -> Content:
    try:
        return msgspec.json.decode(file.read_bytes(), type=content)
    except (msgspec.DecodeError, OSError, UnicodeDecodeError) as error:
        problem = getattr(error, "strerror", None) or one_line(error)
        raise SettingsError(str(file), problem) from None
