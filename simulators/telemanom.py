"""Packets of recorded channels, in the layout of NASA's SMAP/MSL (Telemanom) data.

    DIR/train/P-1.npy, DIR/test/P-1.npy   n x k: column 0 the value, the others commands
    DIR/labeled_anomalies.csv             chan_id and spacecraft of every channel

A channel becomes the parameter `P-1` of the subsystem `P`; its commands (columns that
are not 0) become context named after their column, such as `command_7`. The test part
goes on where the train part ends, and all channels start together.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from connectors.decode import is_name
from connectors.errors import SettingsError
from connectors.messages import Packet
from simulators.spacecraft import Timing

DEFAULT_INTERVAL_S = 60.0
PARTS = ("train", "test")
LABELS = "labeled_anomalies.csv"
BLOCK_SAMPLES = 1024


@dataclass(frozen=True, slots=True)
class Channel:
    """A recorded channel; its parts are arrays on disk, played one by one."""

    name: str
    spacecraft: str
    parts: tuple[NDArray[np.float64], ...]

    @property
    def samples(self) -> int:
        """How many samples all parts have."""
        return sum(len(part) for part in self.parts)


def read_channels(
    folder: Path, parts: Sequence[str] = PARTS, names: Collection[str] = ()
) -> list[Channel]:
    """The channels of a folder, sorted by name; `names` leaves out all others.

    The arrays stay on disk until they are played. Raises SettingsError, naming the
    file, for anything that is not as described above.
    """
    if not folder.is_dir():
        raise SettingsError("--data", f"there is no folder {folder}")
    spacecraft = _spacecraft_by_channel(folder / LABELS)
    files = _files_by_channel(folder, parts)
    unknown = sorted(set(names) - files.keys())
    if unknown:
        raise SettingsError("--channels", f"{folder} has no channel {unknown[0]}")
    channels = []
    for name in sorted(names or files):
        if name not in spacecraft:
            raise _wrong(folder / LABELS, f"no row for channel {name}")
        arrays = tuple(_array(file) for file in files[name])
        channels.append(Channel(name, spacecraft[name], arrays))
    return channels


def _files_by_channel(folder: Path, parts: Sequence[str]) -> dict[str, list[Path]]:
    files: dict[str, list[Path]] = {}
    for part in parts:
        for file in sorted((folder / part).glob("*.npy")):
            files.setdefault(file.stem, []).append(file)
    if not files:
        places = " or ".join(str(folder / part) for part in parts)
        raise SettingsError("--data", f"there are no .npy files in {places}")
    return files


def sample_times(channels: Sequence[Channel], timing: Timing) -> int:
    """How many sample times there are to play."""
    longest = max(channel.samples for channel in channels)
    return longest if timing.samples is None else min(longest, timing.samples)


def packet_count(channels: Sequence[Channel], timing: Timing) -> int:
    """How many packets there are to play."""
    last = sample_times(channels, timing)
    return sum(min(channel.samples, last) for channel in channels)


def recorded_packets(channels: Sequence[Channel], timing: Timing) -> Iterator[Packet]:
    """The packets of all channels in order of event time, each channel its own."""
    last = sample_times(channels, timing)
    playing = [_packets(channel, timing) for channel in channels]
    for _ in range(last):
        for stream in tuple(playing):
            packet = next(stream, None)
            if packet is None:
                playing.remove(stream)
            else:
                yield packet


def _packets(channel: Channel, timing: Timing) -> Iterator[Packet]:
    subsystem = channel.name.partition("-")[0]
    for index, (value, commands) in enumerate(_samples(channel)):
        yield Packet(
            spacecraft=channel.spacecraft,
            subsystem=subsystem,
            generation_time=timing.moment(index),
            sequence=index,
            values={channel.name: value},
            context=commands or None,
        )


def _samples(channel: Channel) -> Iterator[tuple[float | None, dict[str, float]]]:
    """The values, None where there is no finite one, and the commands given."""
    for part in channel.parts:
        names = [f"command_{column}" for column in range(part.shape[1])]
        for first in range(0, len(part), BLOCK_SAMPLES):
            block = np.asarray(part[first : first + BLOCK_SAMPLES], dtype=np.float64)
            commands: list[dict[str, float]] = [{} for _ in block]
            given = np.isfinite(block) & (block != 0)
            given[:, 0] = False
            for row, column in zip(
                *(axis.tolist() for axis in given.nonzero()), strict=True
            ):
                commands[row][names[column]] = float(block[row, column])
            values = block[:, 0].tolist()
            usable = np.isfinite(block[:, 0]).tolist()
            for row, value in enumerate(values):
                yield (value if usable[row] else None), commands[row]


def _array(file: Path) -> NDArray[np.float64]:
    try:
        array = np.load(file, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError, SyntaxError) as error:
        raise _wrong(file, f"not a whole .npy array ({error})") from None
    if not isinstance(array, np.ndarray):
        raise _wrong(file, "not a .npy array")
    if array.ndim != 2 or 0 in array.shape:
        raise _wrong(file, f"an array of shape {array.shape}, not samples x columns")
    if array.dtype.kind not in "fiub":
        raise _wrong(file, f"an array of {array.dtype}, not of numbers")
    return array


def _spacecraft_by_channel(file: Path) -> dict[str, str]:
    try:
        with file.open(newline="", encoding="utf-8") as text:
            rows = list(csv.DictReader(text))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _wrong(file, getattr(error, "strerror", None) or str(error)) from None
    found = {}
    for number, row in enumerate(rows, start=2):
        channel, spacecraft = row.get("chan_id"), row.get("spacecraft")
        if not channel or not spacecraft or not is_name(spacecraft):
            raise _wrong(file, f"line {number} lacks a chan_id or a spacecraft")
        found[channel] = spacecraft
    return found


def _wrong(file: Path, problem: str) -> SettingsError:
    return SettingsError("--data", f"{file}: {problem}")
