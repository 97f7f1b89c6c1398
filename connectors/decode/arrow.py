"""Bulk messages: an Arrow IPC stream with a row a sample."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from connectors.decode.names import NO_NAME, Names
from connectors.decode.refusals import Fault, Unusable
from connectors.decode.rows import Rows
from connectors.errors import one_line
from connectors.messages.wire import LARGEST_WHOLE

MOST_ROWS = 1_000_000
# Decompressed: a million rows with names of 30 characters take about 100 MB.
MOST_BYTES = 256 * 2**20
COLUMNS = ("spacecraft", "subsystem", "parameter", "generation_time", "value")
# pyarrow reads a stream cut off between two batches as if it were whole.
ARROW_END_OF_STREAM = b"\xff\xff\xff\xff\x00\x00\x00\x00"


def arrow_rows(value: bytes, index: int, names: Names) -> tuple[Rows, list[Fault]]:
    """The rows of an Arrow message, and what is at fault with some of them.

    NaN and null both mean not acquired.
    """
    if not value.endswith(ARROW_END_OF_STREAM):
        raise Unusable("not_arrow", "the Arrow stream has no end marker")
    try:
        table = _read(value)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise Unusable("not_arrow", one_line(error)) from None
    try:
        return _table_rows(table, index, names)
    except (pa.ArrowException, KeyError, ValueError) as error:
        raise Unusable("wrong_columns", one_line(error)) from None


def _read(value: bytes) -> pa.Table:
    """Our columns of a stream, batch by batch: a few bytes may stand for any number.

    Others, which may hold anything, are not even decompressed.
    """
    batches, rows, size = [], 0, 0
    with pa.ipc.open_stream(value) as reader:
        names = reader.schema.names
    ours = [place for place, name in enumerate(names) if name in COLUMNS]
    # An empty list would stand for all of them.
    options = pa.ipc.IpcReadOptions(included_fields=ours or [0])
    with pa.ipc.open_stream(value, options=options) as reader:
        for batch in reader:
            # Lengths and places that do not fit would have the process killed.
            batch.validate(full=True)
            rows += batch.num_rows
            size += batch.nbytes
            if rows > MOST_ROWS:
                raise Unusable("too_large", f"more than {MOST_ROWS} rows")
            if size > MOST_BYTES:
                raise Unusable("too_large", f"more than {MOST_BYTES} bytes")
            batches.append(batch)
        return pa.Table.from_batches(batches, reader.schema)


def _table_rows(table: pa.Table, index: int, names: Names) -> tuple[Rows, list[Fault]]:
    if len(set(table.schema.names)) < len(table.schema.names):
        raise ValueError("a column occurs twice")
    times_us = _times_us(table)
    values, is_rounded = _values(table["value"])
    numbers = _parameter_numbers(table, names)
    rows = Rows(numbers, times_us, values, np.full(table.num_rows, index))
    return rows, _rounded(numbers[is_rounded], index, names)


def _times_us(table: pa.Table) -> NDArray[np.int64]:
    """The generation times; nanoseconds go to the nearest microsecond, as in JSON."""
    times, kind = table["generation_time"], table.schema.field("generation_time").type
    if not pa.types.is_timestamp(kind):
        raise ValueError("generation_time is not a timestamp")
    if kind.tz is None:
        raise ValueError("generation_time has no time zone")
    if times.null_count:
        raise ValueError("a generation_time is null")
    if kind.unit == "ns":
        times_ns = times.cast(pa.int64()).to_numpy()
        found: NDArray[np.int64] = times_ns // 1000 + (times_ns % 1000 >= 500)
        return found
    in_us: NDArray[np.int64] = (
        times.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()).to_numpy()
    )
    return in_us


def _values(
    column: pa.ChunkedArray,
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The values as doubles, and which of them are integers that no double holds."""
    as_doubles = column.cast(pa.float64(), safe=not _is_integer(column.type))
    values: NDArray[np.float64] = pc.fill_null(as_doubles, math.nan).to_numpy()
    large = np.flatnonzero(np.abs(values) >= LARGEST_WHOLE)
    is_rounded = np.zeros(len(values), np.bool_)
    if len(large) and _is_integer(column.type):
        exact = column.take(pa.array(large)).to_pylist()
        is_rounded[large] = [
            int(value) != whole
            for value, whole in zip(values[large].tolist(), exact, strict=True)
        ]
    return values, is_rounded


def _is_integer(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    whole = pa.types.is_decimal(kind) and kind.scale <= 0
    return bool(whole or pa.types.is_integer(kind))


def _rounded(numbers: NDArray[np.int64], index: int, names: Names) -> list[Fault]:
    found, counts = np.unique(numbers[numbers != NO_NAME], return_counts=True)
    return [
        Fault(index, str(names.names[number]), "rounded", count)
        for number, count in zip(found.tolist(), counts.tolist(), strict=True)
    ]


def _parameter_numbers(table: pa.Table, names: Names) -> NDArray[np.int64]:
    """The parameter number of each row, with one look-up a distinct name."""
    columns = ["spacecraft", "subsystem", "parameter"]
    if "subsystem" not in table.schema.names:
        table = table.append_column("subsystem", pa.array([""] * table.num_rows))
    text = pa.table({name: table[name].cast(pa.string()) for name in columns})
    row = pa.array(np.arange(table.num_rows))
    groups = text.append_column("row", row).group_by(columns)
    numbers = np.full(table.num_rows, NO_NAME)
    for group in groups.aggregate([("row", "list")]).to_pylist():
        rows = group["row_list"]
        if group["spacecraft"] is not None and group["parameter"] is not None:
            found = names.of(group["spacecraft"], group["subsystem"])
            numbers[rows] = found[group["parameter"]]
    return numbers
