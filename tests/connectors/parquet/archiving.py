"""Batches for tests of the archive, and what is found in it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pyarrow import dataset

from connectors.messages.polls import UNNAMED, LogId
from connectors.messages.samples import ParameterName
from connectors.parquet.columns import Batch, Columns
from connectors.parquet.reader import read_samples
from connectors.parquet.storage import Storage
from connectors.parquet.writer import ArchiveWriter, Roll, Stored

TOPIC = "telemetry.spacecraft"
START_US = 1_704_067_200_000_000  # 2024-01-01
SECOND_US = 1_000_000
DAY_US = 86_400 * SECOND_US
NEVER = Roll(megabytes=1e6, seconds=1e9)

Row = tuple[str, str, str, int, float | None]


def name(parameter: str = "voltage", spacecraft: str = "ORBITER") -> ParameterName:
    return ParameterName(spacecraft, "power", parameter)


def batch(
    first_offset: int,
    times_us: Sequence[int],
    *,
    values: Sequence[float] | NDArray[np.float64] | None = None,
    names: Sequence[ParameterName] | None = None,
    partition: int = 0,
    received_us: int = START_US,
    topic: str = TOPIC,
    log: LogId = UNNAMED,
    epoch: int = 0,
) -> Batch:
    """A message a sample; values are offsets unless given; names are taken in turn."""
    count = len(times_us)
    offsets = np.arange(first_offset, first_offset + count)
    names = [name()] if names is None else names
    return Batch(
        topic,
        Columns(
            names,
            np.arange(count) % len(names),
            np.array(times_us, np.int64),
            offsets.astype(float) if values is None else np.array(values, float),
        ),
        np.arange(count),
        np.full(count, partition),
        offsets,
        np.full(count, epoch),
        received_us + offsets,
        log,
    )


def writer(
    storage: Storage, name: str = "all", roll: Roll = NEVER, **given
) -> ArchiveWriter:
    """A writer, ready to write."""
    made = ArchiveWriter(storage, name, roll, **given)
    made.open()
    return made


def commit(made: ArchiveWriter) -> Stored:
    """Commits what there is."""
    stored = made.commit()
    assert stored is not None
    return stored


def rows_of(columns: Columns) -> Iterator[Row]:
    for number, time_us, value in zip(
        columns.parameters.tolist(),
        columns.times_us.tolist(),
        columns.values.tolist(),
        strict=True,
    ):
        named = columns.names[number]
        yield (
            named.spacecraft,
            named.subsystem,
            named.parameter,
            time_us,
            None if np.isnan(value) else value,
        )


def read_rows(
    storage: Storage,
    start_us: int = -(2**60),
    end_us: int = 2**60,
    spacecraft: str | None = None,
    system: str = "spacecraft",
) -> list[Row]:
    """What our reader finds, in its order."""
    return [
        row
        for piece in read_samples(storage, system, start_us, end_us, spacecraft)
        for row in rows_of(piece)
    ]


def listed_rows(root: Path) -> Counter[Row]:
    """What a reader finds that knows nothing of us and lists the folder."""
    table = dataset.dataset(root, partitioning="hive").to_table()
    if not table.num_rows:
        return Counter()
    times = table["generation_time"].cast("int64").to_pylist()
    columns = [
        [str(text) for text in table["spacecraft"].to_pylist()],
        table["subsystem"].to_pylist(),
        table["parameter"].to_pylist(),
        times,
        table["value"].to_pylist(),
    ]
    return Counter(zip(*columns, strict=True))


def names_of_files(root: Path) -> list[str]:
    return sorted(
        str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()
    )


def data_files(root: Path) -> list[Path]:
    return sorted(root.glob("system=*/*/*/*.parquet"))


def fill(disk: Path, but_bytes: int) -> Path:
    """A file that leaves this much room on a disk."""
    found = os.statvfs(disk)
    filler = disk / "filler"
    filler.write_bytes(bytes(found.f_bavail * found.f_frsize - but_bytes))
    return filler
