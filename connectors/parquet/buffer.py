"""Samples that wait to be written, and how they are shared out to files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from connectors.parquet.columns import Columns, NameTable, concatenated
from connectors.parquet.data_file import GROUP_ROWS
from connectors.parquet.layout import DAY_US, day_folder, system_of

# A parameter number, a time and a value.
SAMPLE_BYTES = 20
# What small batches cost beside their samples.
BATCH_BYTES = 500
# A producer gone wild may invent names.
NAME_BYTES = 250


@dataclass(frozen=True, slots=True)
class FileContent:
    """The samples of one spacecraft and day, in order of generation time.

    They come in pieces, which can be read once, before the next file is asked for.
    """

    folder: str
    system: str
    spacecraft: str
    pieces: Iterator[Columns]


class Buffer:
    """Keeps copies of samples by topic, in order of arrival."""

    def __init__(self) -> None:
        self._parts: defaultdict[str, list[Columns]] = defaultdict(list)
        self._start()

    def _start(self) -> None:
        self.samples = self.size_bytes = 0
        self._table = NameTable()

    def add(self, topic: str, columns: Columns) -> None:
        """Keeps a copy of the samples."""
        if len(columns) == 0:
            return
        known = len(self._table.names)
        self._parts[topic].append(self._table.adopt(columns))
        new = len(self._table.names) - known
        self.samples += len(columns)
        self.size_bytes += len(columns) * SAMPLE_BYTES + new * NAME_BYTES + BATCH_BYTES

    def take(self) -> Iterator[FileContent]:
        """Gives all samples away, file by file; the buffer is empty at the end."""
        while self._parts:
            topic, parts = self._parts.popitem()
            columns = concatenated(parts)
            parts.clear()
            yield from _files(system_of(topic), columns)
        self._start()


def _files(system: str, columns: Columns) -> Iterator[FileContent]:
    """Shares columns out by spacecraft and day."""
    spacecraft = sorted({name.spacecraft for name in columns.names})
    number = {name: index for index, name in enumerate(spacecraft)}
    of_name = np.array([number[name.spacecraft] for name in columns.names], np.int32)
    owners = of_name[columns.parameters]
    order = np.lexsort((columns.times_us, owners))  # stable
    owners = owners[order]
    days = (columns.times_us // DAY_US)[order]
    cuts = np.flatnonzero((np.diff(owners) != 0) | (np.diff(days) != 0)) + 1
    edges = [0, *cuts.tolist(), len(columns)]
    for start, end in pairwise(edges):
        name = spacecraft[owners[start]]
        folder = day_folder(system, name, int(days[start]))
        pieces = _pieces(columns, order[start:end])
        yield FileContent(folder, system, name, pieces)


def _pieces(columns: Columns, order: NDArray[np.int64]) -> Iterator[Columns]:
    """The rows in that order; all at once would be one more copy of the buffer."""
    for start in range(0, len(order), GROUP_ROWS):
        yield columns.rows(order[start : start + GROUP_ROWS])
