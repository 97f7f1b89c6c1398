"""Archived samples, read from Parquet and CSV files.

Each row is a sample, with the columns spacecraft, subsystem (may be missing or empty),
parameter, generation_time (a timestamp with a time zone; ISO 8601 in CSV) and value.
Rows may stand in any order.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import csv, parquet

from connectors.errors import SettingsError, one_line
from connectors.messages import ARROW_SCHEMA, ParameterName

SUFFIXES = (".parquet", ".csv")
NAMES = ("spacecraft", "subsystem", "parameter")

Series: TypeAlias = tuple[NDArray[np.int64], NDArray[np.float64]]
"""Times in microseconds since 1970 (UTC), rising, and values; NaN = not acquired."""


def read_archive(path: Path) -> dict[ParameterName, Series]:
    """The samples of each parameter in a file, or in all files of a folder, by name.

    Of samples of one parameter and time, the first stays. Raises SettingsError, naming
    the file, for anything that is not as described above.
    """
    tables = [_table(file) for file in _files(path)]
    table = pa.concat_tables(tables)
    if not table.num_rows:
        raise SettingsError(str(path), "there are no samples")
    # Each text once, and numbers for it: archives have many rows and few parameters.
    encoded = [table[name].combine_chunks().dictionary_encode() for name in NAMES]
    codes = np.stack([_one(column).indices.to_numpy() for column in encoded])
    texts = [_one(column).dictionary.to_pylist() for column in encoded]
    times_us = table["generation_time"].cast(pa.int64()).to_numpy()
    values = table["value"].to_numpy()
    found = {}
    for rows in _groups(codes, times_us):
        first = codes[:, rows[0]].tolist()
        name = ParameterName(
            *(names[code] for names, code in zip(texts, first, strict=True))
        )
        found[name] = times_us[rows], values[rows]
    return dict(sorted(found.items()))


def _files(path: Path) -> list[Path]:
    if not path.exists():
        raise SettingsError(str(path), "there is no file or folder of that name")
    if not path.is_dir():
        if path.suffix not in SUFFIXES:
            raise SettingsError(str(path), f"not a {' or '.join(SUFFIXES)} file")
        return [path]
    files = sorted(file for file in path.rglob("*") if file.suffix in SUFFIXES)
    if not files:
        raise SettingsError(str(path), f"there are no {' or '.join(SUFFIXES)} files")
    return files


def _table(file: Path) -> pa.Table:
    try:
        if file.suffix == ".csv":
            types = csv.ConvertOptions(column_types=ARROW_SCHEMA)
            table = csv.read_csv(file, convert_options=types)
        else:
            table = parquet.ParquetFile(file).read()
        return _in_our_form(table)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise SettingsError(str(file), one_line(error)) from None


def _in_our_form(table: pa.Table) -> pa.Table:
    if "subsystem" not in table.schema.names:
        table = table.append_column("subsystem", pa.array([""] * table.num_rows))
    lacking = sorted(set(ARROW_SCHEMA.names) - set(table.schema.names))
    if lacking:
        raise ValueError(f"there is no column {lacking[0]}")
    kind = table.schema.field("generation_time").type
    if not pa.types.is_timestamp(kind) or kind.tz is None:
        raise ValueError("generation_time is no timestamp with a time zone")
    for name in ("spacecraft", "parameter", "generation_time"):
        if table[name].null_count:
            raise ValueError(f"a {name} is missing")
    table = table.select(ARROW_SCHEMA.names).cast(ARROW_SCHEMA, safe=False)
    for name, nothing in (("value", math.nan), ("subsystem", "")):
        column = pc.fill_null(table[name], nothing)
        table = table.set_column(table.schema.get_field_index(name), name, column)
    return table


def _one(column: pa.Array | pa.ChunkedArray) -> pa.DictionaryArray:
    """The column as one array: what was combined may still be called chunked."""
    return column.chunk(0) if isinstance(column, pa.ChunkedArray) else column


def _groups(
    codes: NDArray[np.int64], times_us: NDArray[np.int64]
) -> Iterator[NDArray[np.int64]]:
    """The rows of each parameter by time, each time once; `codes` is 3 x rows."""
    order = np.lexsort((times_us, *codes))
    ordered, times_us = codes[:, order], times_us[order]
    changes = (np.diff(ordered, axis=1) != 0).any(axis=0)
    later = np.append(True, changes | (np.diff(times_us) != 0))
    starts = np.flatnonzero(np.append(True, changes))
    for rows, kept in zip(
        np.split(order, starts[1:]), np.split(later, starts[1:]), strict=True
    ):
        yield rows[kept]
