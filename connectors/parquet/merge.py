"""Many files of samples as one stream in order of generation time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connectors.parquet.columns import Columns, NameTable, by_time, concatenated
from connectors.parquet.data_file import SampleFile

_NEVER_US = 2**63 - 1


def merge(files: Sequence[SampleFile], start_us: int, end_us: int) -> Iterator[Columns]:
    """The samples from `start_us` to before `end_us`, in order of generation time.

    All samples of one instant come in one piece. At any time only those files are open
    whose samples overlap in time, each with one batch in memory.
    """
    table = NameTable()
    waiting = sorted(
        (file for file in files if file.first_us < end_us and file.last_us >= start_us),
        key=lambda file: (file.first_us, file.path),
        reverse=True,
    )
    open_files: list[_OpenFile] = []
    while waiting or open_files:
        while waiting and waiting[-1].first_us < _complete_us(open_files):
            open_files.append(_OpenFile(waiting.pop(), start_us, end_us, table))
            open_files = [each for each in open_files if len(each)]
        complete_us = _complete_us(open_files)
        parts = [each.take(complete_us) for each in open_files]
        open_files = [each for each in open_files if len(each)]
        if parts := [part for part in parts if len(part)]:
            yield by_time(concatenated(parts))


class _OpenFile:
    """The samples of a file that were read but not yet passed on.

    One piece is read ahead, to know whether there is more.
    """

    def __init__(
        self, file: SampleFile, start_us: int, end_us: int, table: NameTable
    ) -> None:
        self._pieces = map(table.adopt, file.pieces(start_us, end_us))
        self._current = next(self._pieces, None)
        self._ahead = next(self._pieces, None)

    def __len__(self) -> int:
        return 0 if self._current is None else len(self._current)

    @property
    def complete_us(self) -> int:
        """All samples before this time are in memory."""
        if self._current is None:
            return _NEVER_US
        return int(self._current.times_us[-1]) + (self._ahead is None)

    def take(self, before_us: int) -> Columns:
        """Passes on the samples before a time that is not after `complete_us`."""
        columns = self._current
        if columns is None:
            raise ValueError("all samples of the file were passed on")
        count = int(columns.times_us.searchsorted(before_us))
        kept = columns.rows(slice(count, None))
        if before_us == self.complete_us and self._ahead is not None:
            kept = concatenated([kept, self._ahead])
            self._ahead = next(self._pieces, None)
        self._current = kept if len(kept) else None
        return columns.rows(slice(count))


def _complete_us(open_files: Sequence[_OpenFile]) -> int:
    return min((each.complete_us for each in open_files), default=_NEVER_US)
