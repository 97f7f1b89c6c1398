"""One file of samples: how it is written, and read in pieces."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import msgspec
import numpy as np
import pyarrow as pa
from pyarrow import parquet

from connectors.errors import ArchiveUnavailable
from connectors.messages.times import microseconds
from connectors.parquet.columns import Columns
from connectors.parquet.layout import (
    METADATA_KEY,
    SCHEMA,
    FileNotes,
    from_batch,
    notes_of,
    to_table,
)
from connectors.parquet.storage import Storage

TIME_COLUMN = SCHEMA.get_field_index("generation_time")
# Large enough to compress well; a reader holds a group of each file it has open.
GROUP_ROWS = 262_144
BATCH_ROWS = 16384
ZSTD_LEVEL = 3


def write_file(
    storage: Storage, path: str, pieces: Iterable[Columns], notes: FileNotes
) -> int:
    """Writes samples, given in order of generation time; returns how many.

    Values are not dictionary encoded: they seldom repeat, and trying costs half of the
    speed.
    """
    schema = SCHEMA.with_metadata({METADATA_KEY: msgspec.json.encode(notes)})
    rows = 0
    with (
        storage.writing(path) as stream,
        parquet.ParquetWriter(
            stream,
            schema,
            compression="zstd",
            compression_level=ZSTD_LEVEL,
            use_dictionary=["subsystem", "parameter"],
            sorting_columns=[parquet.SortingColumn(TIME_COLUMN)],
        ) as writer,
    ):
        for piece in pieces:
            for start in range(0, len(piece), GROUP_ROWS):
                group = piece.rows(slice(start, start + GROUP_ROWS))
                table = to_table(group).replace_schema_metadata(schema.metadata)
                writer.write_table(table, GROUP_ROWS)
            rows += len(piece)
    return rows


@dataclass(frozen=True, slots=True)
class SampleFile:
    """A file of samples, known by its footer."""

    storage: Storage
    path: str
    notes: FileNotes
    rows: int
    first_us: int
    last_us: int

    @classmethod
    def at(cls, storage: Storage, path: str) -> SampleFile:
        """Reads the footer; raises ArchiveUnavailable for files that are not ours."""
        with _file_errors(storage, path), storage.open(path) as stream:
            metadata = parquet.ParquetFile(stream).metadata
            notes = notes_of(metadata.metadata)
            spans = [
                _span_us(metadata, group) for group in range(metadata.num_row_groups)
            ]
        return cls(
            storage,
            path,
            notes,
            metadata.num_rows,
            min((first for first, _ in spans), default=0),
            max((last for _, last in spans), default=-1),
        )

    def pieces(self, start_us: int, end_us: int) -> Iterator[Columns]:
        """The samples from `start_us` to before `end_us`, by generation time."""
        with _file_errors(self.storage, self.path):
            with self.storage.open(self.path) as stream:
                file = parquet.ParquetFile(stream)
                groups = [
                    group
                    for group in range(file.metadata.num_row_groups)
                    if _overlaps(_span_us(file.metadata, group), start_us, end_us)
                ]
                latest_us = self.first_us
                for batch in file.iter_batches(BATCH_ROWS, groups):
                    piece = from_batch(batch, self.notes.spacecraft)
                    latest_us = _check_order(piece, latest_us)
                    first, end = np.searchsorted(piece.times_us, [start_us, end_us])
                    if first < end:
                        yield piece.rows(slice(first, end))


def _check_order(piece: Columns, latest_us: int) -> int:
    """The last time of a piece; raises ValueError if time goes back in it."""
    times_us = piece.times_us
    if len(times_us) == 0:
        return latest_us
    if times_us[0] < latest_us or bool((times_us[1:] < times_us[:-1]).any()):
        raise ValueError("its samples are not in order of generation time")
    return int(times_us[-1])


def _span_us(metadata: parquet.FileMetaData, group: int) -> tuple[int, int]:
    statistics = metadata.row_group(group).column(TIME_COLUMN).statistics
    return microseconds(statistics.min), microseconds(statistics.max)


def _overlaps(span_us: tuple[int, int], start_us: int, end_us: int) -> bool:
    return span_us[0] < end_us and start_us <= span_us[1]


@contextmanager
def _file_errors(storage: Storage, path: str) -> Iterator[None]:
    """Names the file in what goes wrong with it."""
    try:
        yield
    except (ValueError, OSError, pa.ArrowException) as error:
        raise ArchiveUnavailable(storage.address, f"{path}: {error}") from None
