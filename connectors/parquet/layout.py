"""What an archive looks like: folders, file names, the schema of a file.

    system=spacecraft/spacecraft=ORBITER-1/date=2024-01-31/part-0f3a….parquet

A system is named as its topic is, without `telemetry.`; the date is that of the
generation time, in UTC. A file is sorted by generation time. What starts with `_` is
for archivers only; readers of such datasets pass over it:

    _incoming/<writer>/<run>-….tmp    not yet part of the archive
    _commits/<writer>.json            the latest commit of a writer
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from hashlib import blake2b

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from connectors.messages.polls import UNNAMED, LogId
from connectors.messages.samples import ParameterName
from connectors.messages.times import EPOCH
from connectors.parquet.columns import Columns

DAY_US = 86_400_000_000
SUFFIX = ".parquet"
# Not the suffix of the others: DuckDB's patterns do not pass over folders with `_`.
INCOMING_SUFFIX = ".tmp"
INCOMING = "_incoming"
COMMITS = "_commits"
FORMAT = 1
METADATA_KEY = b"orbitwatch"
# File systems take 255 bytes, and the name of the column comes before.
LONGEST_VALUE_BYTES = 200

SCHEMA = pa.schema(
    [
        pa.field("subsystem", pa.dictionary(pa.int32(), pa.string()), nullable=False),
        pa.field("parameter", pa.dictionary(pa.int32(), pa.string()), nullable=False),
        pa.field("generation_time", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("value", pa.float64()),
    ]
)

Ranges = list[tuple[int, int]]
"""Offsets, each from the first to the one after the last; rising, apart."""
Covered = dict[str, dict[int, Ranges]]
"""By log (see `log_name`) and partition: the offsets that samples came from."""


class FileNotes(msgspec.Struct, frozen=True, kw_only=True):
    """What a file says of itself, in its metadata under `orbitwatch`."""

    format: int = FORMAT
    system: str
    spacecraft: str
    covered: Covered


def log_name(topic: str, log: LogId) -> str:
    """A topic's log as files name it, such as `telemetry.spacecraft cluster/topic`.

    Those of before name the topic only.
    """
    return topic if log == UNNAMED else f"{topic} {log.cluster_id}/{log.topic_id}"


def topic_and_log(name: str) -> tuple[str, LogId]:
    """What a log is called in files; no id has a slash but that of a topic."""
    topic, _, ids = name.partition(" ")
    cluster_id, _, topic_id = ids.partition("/")
    return topic, LogId(cluster_id, topic_id)


def system_of(topic: str) -> str:
    """The system whose telemetry a topic carries."""
    return topic.removeprefix("telemetry.")


def escaped(text: str) -> str:
    """`text` as part of a path: what Hive escapes as `%2F`, and some more, is so.

    A text too long for a file system is cut; then it ends in `~` and a digest. Letters
    beyond ASCII stay, as Spark would take each of their bytes for a letter.
    """
    parts = (
        letter
        if letter.isalnum() or letter in "-_." or letter > "\x7f"
        else f"%{ord(letter):02X}"
        for letter in text
    )
    path = "".join(parts)
    if len(path.encode()) <= LONGEST_VALUE_BYTES:
        return path
    digest = blake2b(text.encode(), digest_size=8).hexdigest()
    head = path.encode()[: LONGEST_VALUE_BYTES - 40].decode(errors="ignore")
    return f"{head.rpartition('%')[0] or head}~{digest}"


def run_of(incoming: str) -> str:
    """The run of a writer that an incoming file is of."""
    return incoming.rpartition("/")[2].partition("-")[0]


def day_of(time_us: int) -> int:
    """The day of a time, counted from 1970."""
    return time_us // DAY_US


def day_folder(system: str, spacecraft: str, day: int) -> str:
    """The folder of a spacecraft's samples of one day (counted from 1970)."""
    return f"{spacecraft_folder(system, spacecraft)}/date={date_of(day)}"


def spacecraft_folder(system: str, spacecraft: str) -> str:
    """The folder of all samples of a spacecraft."""
    return f"{system_folder(system)}/spacecraft={escaped(spacecraft)}"


def system_folder(system: str) -> str:
    """The folder of all samples of a system."""
    return f"system={escaped(system)}"


def date_of(day: int) -> date:
    """The date of a day counted from 1970."""
    return EPOCH.date() + timedelta(days=int(day))


def day_in(folder: str) -> int | None:
    """The day that a folder `date=2024-01-31` is for; None for another folder."""
    name, equals, text = folder.rpartition("/")[2].partition("=")
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return (found - EPOCH.date()).days if (name, equals) == ("date", "=") else None


def to_table(columns: Columns) -> pa.Table:
    """The columns as they stand in a file; names without a sample are left out."""
    used = np.flatnonzero(np.bincount(columns.parameters, minlength=1))
    names = [columns.names[number] for number in used.tolist()] if len(columns) else []
    numbers = np.zeros(int(used[-1]) + 1 if len(used) else 1, np.int32)
    numbers[used] = np.arange(len(used), dtype=np.int32)
    rows = numbers[columns.parameters]
    arrays = [
        _dictionary(rows, [name.subsystem for name in names]),
        _dictionary(rows, [name.parameter for name in names]),
        pa.array(columns.times_us, pa.timestamp("us", tz="UTC")),
        pa.array(columns.values, pa.float64(), mask=np.isnan(columns.values)),
    ]
    return pa.Table.from_arrays(arrays, schema=SCHEMA)


def _dictionary(rows: NDArray[np.int32], texts: list[str]) -> pa.DictionaryArray:
    distinct = {text: number for number, text in enumerate(dict.fromkeys(texts))}
    numbers = np.fromiter((distinct[text] for text in texts), np.int32)
    codes = numbers[rows] if len(rows) else rows
    return pa.DictionaryArray.from_arrays(codes, pa.array(distinct, pa.string()))


def from_batch(batch: pa.RecordBatch, spacecraft: str) -> Columns:
    """The columns of a piece of a file."""
    subsystem, parameter = batch.column("subsystem"), batch.column("parameter")
    parameters = parameter.dictionary.to_pylist()
    both = subsystem.indices.to_numpy().astype(np.int64) * len(parameters)
    used, rows = np.unique(both + parameter.indices.to_numpy(), return_inverse=True)
    subsystems = subsystem.dictionary.to_pylist()
    names = [
        ParameterName(
            spacecraft,
            subsystems[code // len(parameters)],
            parameters[code % len(parameters)],
        )
        for code in used.tolist()
    ]
    return Columns(
        names,
        rows,
        batch.column("generation_time").cast(pa.int64()).to_numpy(),
        batch.column("value").to_numpy(zero_copy_only=False),
    )


def merged(all_covered: Iterable[Covered]) -> Covered:
    """What files cover together."""
    together: Covered = {}
    for covered in all_covered:
        for topic, partitions in covered.items():
            for partition, ranges in partitions.items():
                together.setdefault(topic, {}).setdefault(partition, []).extend(ranges)
    return {
        topic: {partition: _joined(ranges) for partition, ranges in partitions.items()}
        for topic, partitions in together.items()
    }


def _joined(ranges: Ranges) -> Ranges:
    joined: Ranges = []
    for first, end in sorted(ranges):
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((first, end))
    return joined


def notes_of(metadata: Mapping[bytes, bytes] | None) -> FileNotes:
    """What a file says of itself; raises ValueError if no archiver wrote it."""
    text = (metadata or {}).get(METADATA_KEY)
    if text is None:
        raise ValueError("no archiver wrote this file")
    notes = msgspec.json.decode(text, type=FileNotes)
    if notes.format != FORMAT:
        raise ValueError(f"it has format {notes.format}, and only {FORMAT} is known")
    return notes
