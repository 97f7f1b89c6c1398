"""Samples as rows of PostgreSQL's binary COPY, made from arrays.

https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format"
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# PostgreSQL counts microseconds from 2000-01-01 UTC.
POSTGRES_EPOCH_US = 946_684_800_000_000
# Keeps the pieces in the processor's cache.
ROWS_AT_ONCE = 16_384

_HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_TRAILER = b"\xff\xff"
_NULL = -1
_COLUMNS = (
    ("parameter_id", ">i4"),
    ("generation_time", ">i8"),
    ("value", ">f8"),
    ("anomaly_score", ">f8"),
    ("severity", ">i2"),
)


@dataclass(frozen=True, slots=True)
class SampleRows:
    """Rows of the table `sample`; all arrays have one shape, NaN stands for NULL.

    `times_us` are generation times, microseconds since 1970 UTC.
    """

    parameter_ids: NDArray[np.int32]
    times_us: NDArray[np.int64]
    values: NDArray[np.float64]
    scores: NDArray[np.float64]
    severities: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.times_us)

    def __getitem__(self, rows: slice | NDArray[np.intp]) -> SampleRows:
        """The chosen rows."""
        return SampleRows(
            self.parameter_ids[rows],
            self.times_us[rows],
            self.values[rows],
            self.scores[rows],
            self.severities[rows],
        )


def encode(rows: SampleRows) -> Iterator[bytes]:
    """The rows as a binary COPY stream of the columns below, in any order."""
    yield _HEADER
    for start in range(0, len(rows), ROWS_AT_ONCE):
        yield _encode(rows[start : start + ROWS_AT_ONCE])
    yield _TRAILER


def _encode(rows: SampleRows) -> bytes:
    """The rows that have the same fields NULL have one length, and are made at once."""
    no_value, no_score = np.isnan(rows.values), np.isnan(rows.scores)
    kinds = 2 * no_value + no_score
    if not kinds.any():
        return _encode_alike(rows, frozenset())
    return b"".join(
        _encode_alike(rows[np.flatnonzero(kinds == kind)], null)
        for kind, null in enumerate(_KINDS)
    )


def _encode_alike(rows: SampleRows, null: frozenset[str]) -> bytes:
    table = np.full(len(rows), _EMPTY_ROWS[null])
    table["parameter_id"] = rows.parameter_ids
    table["generation_time"] = rows.times_us - POSTGRES_EPOCH_US
    if "value" not in null:
        table["value"] = rows.values
    if "anomaly_score" not in null:
        table["anomaly_score"] = rows.scores
    table["severity"] = rows.severities
    return table.tobytes()


def _empty_row(null: frozenset[str]) -> NDArray[np.void]:
    """A row in which only the number of fields and their lengths are set.

    Every field is preceded by its length in bytes; NULL has no bytes.
    """
    fields: list[tuple[str, str]] = [("fields", ">i2")]
    contents = [len(_COLUMNS)]
    for name, kind in _COLUMNS:
        fields.append((f"{name}_length", ">i4"))
        contents.append(_NULL if name in null else np.dtype(kind).itemsize)
        if name not in null:
            fields.append((name, kind))
            contents.append(0)
    return np.array(tuple(contents), np.dtype(fields))


_KINDS = tuple(
    map(frozenset, ((), ("anomaly_score",), ("value",), ("value", "anomaly_score")))
)
_EMPTY_ROWS = {null: _empty_row(null) for null in _KINDS}
