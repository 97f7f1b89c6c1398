"""The table `sample`: how rows get there, as they are or around those that repeat."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import psycopg
from numpy.typing import NDArray

from connectors.database.connection import Connection
from connectors.database.copy_rows import SampleRows, encode

_COPY = (
    "COPY sample (parameter_id, generation_time, value, anomaly_score, severity) "
    "FROM STDIN (FORMAT BINARY)"
)
_MAKE_ARRIVING = (
    "CREATE TEMPORARY TABLE IF NOT EXISTS arriving (LIKE sample) ON COMMIT DELETE ROWS"
)
# A pooler lends the session to others afterwards.
_MAKE_ARRIVING_ONCE = "CREATE TEMPORARY TABLE arriving (LIKE sample) ON COMMIT DROP"
_COPY_ARRIVING = (
    "COPY arriving (parameter_id, generation_time, value, anomaly_score, severity) "
    "FROM STDIN (FORMAT BINARY)"
)
_INSERT_ARRIVING = """
    INSERT INTO sample
        (parameter_id, generation_time, value, anomaly_score, severity)
    SELECT parameter_id, generation_time, value, anomaly_score, severity
    FROM arriving
    ON CONFLICT (parameter_id, generation_time) DO NOTHING
"""
# As a scalar subquery, so that whatever the planner guesses of the temporary table it
# looks each row up by its key.
_COUNT_CONTRADICTIONS = """
    SELECT count(*)
    FROM arriving
    WHERE (
        SELECT sample.value IS DISTINCT FROM arriving.value
        FROM sample
        WHERE sample.parameter_id = arriving.parameter_id
            AND sample.generation_time = arriving.generation_time
    )
"""


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows that are new, that repeat a stored row, and that repeat it wrongly."""

    stored: int
    repeated: int = 0
    contradicted: int = 0


def copy_samples(connection: Connection, rows: SampleRows) -> Counts:
    """Stores new rows; raises UniqueViolation if one is not new."""
    with connection.cursor() as cursor:
        _copy(cursor, _COPY, rows)
    return Counts(len(rows))


def merge_samples(connection: Connection, rows: SampleRows) -> Counts:
    """Stores the rows whose key is new; the first value of a key stays.

    A repeated row is counted as contradicted if its value differs from the stored one.
    """
    first, repeated, contradicted = _first_of_each_key(rows)
    with connection.cursor() as cursor:
        make = _MAKE_ARRIVING_ONCE if connection.is_pooled else _MAKE_ARRIVING
        cursor.execute(make)
        _copy(cursor, _COPY_ARRIVING, first)
        stored = cursor.execute(_INSERT_ARRIVING).rowcount
        if stored < len(first):
            found = cursor.execute(_COUNT_CONTRADICTIONS).fetchone()
            contradicted += found[0] if found else 0
    return Counts(stored, repeated + len(first) - stored, contradicted)


def _copy(
    cursor: psycopg.Cursor[tuple[object, ...]], statement: str, rows: SampleRows
) -> None:
    with cursor.copy(statement.encode()) as copy:
        for piece in encode(rows):
            copy.write(piece)


def _first_of_each_key(rows: SampleRows) -> tuple[SampleRows, int, int]:
    """The first row of each key, in order of keys; how many more; how many differ."""
    if len(rows) == 0:
        return rows, 0, 0
    order = np.lexsort((rows.times_us, rows.parameter_ids))  # stable
    ordered = rows[order]
    is_first = np.ones(len(rows), np.bool_)
    is_first[1:] = (np.diff(ordered.times_us) != 0) | (
        np.diff(ordered.parameter_ids) != 0
    )
    firsts = np.flatnonzero(is_first)
    if len(firsts) == len(rows):
        return ordered, 0, 0
    of_first = ordered.values[firsts][np.cumsum(is_first) - 1]
    differs = ~_equal(ordered.values, of_first)
    return ordered[firsts], len(rows) - len(firsts), int(differs.sum())


def _equal(left: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.bool_]:
    equal: NDArray[np.bool_] = (left == right) | (np.isnan(left) & np.isnan(right))
    return equal
