"""What is in the database and in the archive, to be compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import psycopg
import pyarrow.dataset as ds

from connectors.parquet.reader import is_archive, read_all
from connectors.parquet.storage import Storage
from tests.faults.telemetry import Sample

# Floats as their bits: nothing is equal that is not the same.
SAMPLES = """
    SELECT p.qualified_name, (extract(epoch FROM s.generation_time) * 1000000)::bigint,
        s.value, float8send(s.anomaly_score), s.severity
    FROM sample s JOIN parameter p ON p.id = s.parameter_id
"""
ANOMALIES = """
    SELECT p.qualified_name, (extract(epoch FROM a.ended_at) * 1000000)::bigint,
        a.id::text, a.started_at::text, a.severity, float8send(a.peak_score),
        a.samples, a.detector, a.revision, a.explanation::text
    FROM anomaly a JOIN parameter p ON p.id = a.parameter_id
"""
EXPECTED = """
    SELECT p.qualified_name, (extract(epoch FROM e.since) * 1000000)::bigint,
        float8send(e.lower), float8send(e.upper)
    FROM expected_range e JOIN parameter p ON p.id = e.parameter_id
"""
REVISIONS = """
    SELECT p.qualified_name, (extract(epoch FROM a.ended_at) * 1000000)::bigint,
        a.id::text, a.revision
    FROM anomaly a JOIN parameter p ON p.id = a.parameter_id
"""

Row: TypeAlias = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of a parameter, and when that was over (None: not yet)."""

    parameter: str
    until_us: int | None
    what: Row


@dataclass(frozen=True, slots=True)
class Stored:
    """Verdicts by sample (score and severity), and what was found.

    `revisions` are anomalies with their id and revision only.
    """

    samples: dict[Sample, Row]
    anomalies: Set[Finding]
    expected: Set[Finding]
    revisions: Set[Finding]


def stored_in(database: str) -> Stored:
    """All that a flow stored."""
    with psycopg.connect(database) as connection:
        return Stored(
            {
                Sample(name, time_us, value): (score, severity)
                for name, time_us, value, score, severity in connection.execute(SAMPLES)
            },
            *(
                {Finding(name, until, tuple(what)) for name, until, *what in rows}
                for rows in map(connection.execute, (ANOMALIES, EXPECTED, REVISIONS))
            ),
        )


def count_in(database: str) -> int:
    """How many samples are stored."""
    with psycopg.connect(database) as connection:
        [(count,)] = connection.execute("SELECT count(*) FROM sample")
        return int(count)


def archived_in(folder: Path) -> Counter[Sample]:
    """How often each sample is there, to our own reader."""
    storage = Storage.at(str(folder))
    if not is_archive(storage):
        return Counter()
    columns = read_all(storage)
    names = [str(name) for name in columns.names]
    return Counter(
        Sample(names[number], time_us, value)
        for number, time_us, value in zip(
            columns.parameters.tolist(),
            columns.times_us.tolist(),
            columns.values.tolist(),
            strict=True,
        )
    )


def rows_of_archive(folder: Path) -> int:
    """How many rows any reader of Parquet finds."""
    dataset = ds.dataset(folder, format="parquet", partitioning="hive")
    return int(dataset.count_rows())
