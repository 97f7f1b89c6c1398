"""Recorded channels in the layout of NASA's SMAP/MSL (Telemanom) data.

    DIR/train/P-1.npy, DIR/test/P-1.npy   n x k: column 0 the value, the others commands
    DIR/labeled_anomalies.csv             chan_id, spacecraft and anomaly_sequences

Anomaly sequences are [first, last] samples of the test part, both inclusive.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from connectors.decode.names import is_name
from connectors.errors import SettingsError
from connectors.messages.samples import ParameterName

DEFAULT_INTERVAL_S = 60.0
PARTS = ("train", "test")
LABELS = "labeled_anomalies.csv"


@dataclass(frozen=True, slots=True)
class Channel:
    """A recorded channel; its parts are arrays on disk, read when they are used."""

    name: str
    spacecraft: str
    parts: tuple[NDArray[np.float64], ...]
    part_names: tuple[str, ...] = PARTS

    @property
    def samples(self) -> int:
        """How many samples all parts have."""
        return sum(len(part) for part in self.parts)

    @property
    def parameter(self) -> ParameterName:
        """The channel as a parameter: `P-1` of the subsystem `P`."""
        return ParameterName(self.spacecraft, self.name.partition("-")[0], self.name)


def command_names(columns: int) -> list[str]:
    """The name of each column in the context of packets; 0 is the value itself."""
    return [f"command_{column}" for column in range(columns)]


def is_layout(folder: Path) -> bool:
    """Whether a folder looks as described above."""
    return any((folder / part).is_dir() for part in PARTS) or (folder / LABELS).exists()


def read_channels(
    folder: Path, parts: Sequence[str] = PARTS, names: Collection[str] = ()
) -> list[Channel]:
    """The channels of a folder, sorted by name; `names` leaves out all others.

    Raises SettingsError, naming the file, for anything that is not as described above.
    """
    if not folder.is_dir():
        raise SettingsError(str(folder), "there is no folder of that name")
    spacecraft = _spacecraft_by_channel(folder / LABELS)
    files = _files_by_channel(folder, parts)
    unknown = sorted(set(names) - files.keys())
    if unknown:
        raise SettingsError(str(folder), f"there is no channel {unknown[0]}")
    channels = []
    for name in sorted(names or files):
        if name not in spacecraft:
            raise SettingsError(str(folder / LABELS), f"no row for channel {name}")
        arrays = tuple(_array(file) for file in files[name])
        part_names = tuple(file.parent.name for file in files[name])
        channels.append(Channel(name, spacecraft[name], arrays, part_names))
    return channels


def read_labels(folder: Path) -> dict[str, list[tuple[int, int]]]:
    """The labelled sequences of each channel, [first, last] samples of its test part.

    A channel may have several rows. Raises SettingsError, naming the line.
    """
    file = folder / LABELS
    found: dict[str, list[tuple[int, int]]] = {}
    for number, row in enumerate(_rows(file), start=2):
        sequences = _sequences(row.get("anomaly_sequences") or "")
        if sequences is None:
            raise SettingsError(
                str(file), f"line {number}: anomaly_sequences are not [[first, last]]"
            )
        found.setdefault(row["chan_id"], []).extend(sequences)
    return found


def _sequences(text: str) -> list[tuple[int, int]] | None:
    try:
        pairs = json.loads(text)
        sequences = [(int(first), int(last)) for first, last in pairs]
    except (ValueError, TypeError):
        return None
    in_order = all(0 <= first <= last for first, last in sequences)
    return sequences if in_order else None


def _files_by_channel(folder: Path, parts: Sequence[str]) -> dict[str, list[Path]]:
    files: dict[str, list[Path]] = {}
    for part in parts:
        for file in sorted((folder / part).glob("*.npy")):
            files.setdefault(file.stem, []).append(file)
    if not files:
        places = " or ".join(str(folder / part) for part in parts)
        raise SettingsError(str(folder), f"there are no .npy files in {places}")
    return files


def _array(file: Path) -> NDArray[np.float64]:
    try:
        # Unlike `np.load`, it takes nothing but the one format.
        array = np.lib.format.open_memmap(file, mode="r")
    except (ValueError, OSError, EOFError, SyntaxError) as error:
        raise SettingsError(str(file), f"not a whole .npy array ({error})") from None
    if array.ndim != 2 or 0 in array.shape:
        problem = f"an array of shape {array.shape}, not samples x columns"
        raise SettingsError(str(file), problem)
    if array.dtype.kind not in "fiub":
        raise SettingsError(str(file), f"an array of {array.dtype}, not of numbers")
    return array


def _spacecraft_by_channel(file: Path) -> dict[str, str]:
    found = {}
    for number, row in enumerate(_rows(file), start=2):
        channel, spacecraft = row.get("chan_id"), row.get("spacecraft")
        if not channel or not spacecraft or not is_name(spacecraft):
            problem = f"line {number} lacks a chan_id or a spacecraft"
            raise SettingsError(str(file), problem)
        found[channel] = spacecraft
    return found


def _rows(file: Path) -> list[Mapping[str, str]]:
    try:
        with file.open(newline="", encoding="utf-8") as text:
            return list(csv.DictReader(text))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        problem = getattr(error, "strerror", None) or str(error)
        raise SettingsError(str(file), problem) from None
