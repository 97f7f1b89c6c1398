"""Plain tables of samples, in Parquet and CSV files, whoever made them.

Each row is a sample, with the columns spacecraft, subsystem (may be missing or empty),
parameter, generation_time (a timestamp with a time zone; ISO 8601 in CSV) and value.
Rows may stand in any order. What the archive flow writes is no such table:
`connectors.parquet` reads that.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv, parquet

from connectors.errors import SettingsError, one_line
from connectors.messages.samples import ParameterName
from connectors.messages.wire import ARROW_SCHEMA
from connectors.parquet.columns import Columns
from connectors.parquet.layout import METADATA_KEY

SUFFIXES = (".parquet", ".csv")
NAMES = ("spacecraft", "subsystem", "parameter")


def read_sample_files(path: Path) -> Columns:
    """The samples in a file, or in all files of a folder; each name is there once.

    Raises SettingsError, naming the file, for anything that is not as described above.
    """
    table = pa.concat_tables([_table(file) for file in _files(path)])
    if not table.num_rows:
        raise SettingsError(str(path), "there are no samples")
    # Each text once, and numbers for it: tables have many rows and few parameters.
    encoded = [table[name].combine_chunks().dictionary_encode() for name in NAMES]
    codes = [_one(column).indices.to_numpy() for column in encoded]
    texts = [_one(column).dictionary.to_pylist() for column in encoded]
    shape = [len(distinct) for distinct in texts]
    places, parameters = np.unique(
        np.ravel_multi_index(codes, shape), return_inverse=True
    )
    names = [
        ParameterName(*(of[code] for of, code in zip(texts, place, strict=True)))
        for place in zip(*np.unravel_index(places, shape), strict=True)
    ]
    times_us = table["generation_time"].cast(pa.int64()).to_numpy()
    return Columns(names, parameters, times_us, table["value"].to_numpy())


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
    if METADATA_KEY in (table.schema.metadata or {}):
        raise ValueError("it is part of an archive; give the whole archive's folder")
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
