"""Reads an archive back: a stretch of time in order of generation time, or all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter

from connectors.errors import ArchiveUnavailable
from connectors.parquet.columns import Columns, NameTable, concatenated
from connectors.parquet.data_file import SampleFile
from connectors.parquet.layout import day_of, spacecraft_folder, system_folder
from connectors.parquet.merge import merge
from connectors.parquet.storage import Storage
from connectors.parquet.visible_files import day_folders, system_folders, visible_files


def read_samples(
    storage: Storage,
    system: str,
    start_us: int,
    end_us: int,
    spacecraft: str | None = None,
) -> Iterator[Columns]:
    """A system's samples from `start_us` to before `end_us`, in pieces.

    Pieces come, and are sorted, by generation time; all samples of one instant are in
    one piece. Only the folders of these days, and of `spacecraft` if given, are looked
    into, one day at a time, and only the parts of files that overlap the stretch are
    read. Raises ArchiveUnavailable for what cannot be read, also if files are merged
    away before their turn: then read on from the last sample.
    """
    wanted = None if spacecraft is None else spacecraft_folder(system, spacecraft)
    days = [
        (day, folder)
        for day, folder in day_folders(storage, system_folder(system))
        if day_of(start_us) <= day <= day_of(end_us - 1)
        and wanted in (None, folder.rpartition("/")[0])
    ]
    yield from _read(storage, days, start_us, end_us)


def is_archive(storage: Storage) -> bool:
    """Whether an archiver's folders are there."""
    return bool(system_folders(storage))


def read_all(storage: Storage) -> Columns:
    """All samples of an archive; each name is there once.

    Raises ArchiveUnavailable for what cannot be read, and if there is nothing.
    """
    table = NameTable()
    days = day_folders(storage)
    parts = [table.adopt(piece) for piece in _read(storage, days, -(2**62), 2**62)]
    if not parts:
        raise ArchiveUnavailable(storage.address, "there are no archived samples")
    return concatenated(parts)


def _read(
    storage: Storage, days: Iterable[tuple[int, str]], start_us: int, end_us: int
) -> Iterator[Columns]:
    """The samples of these days and folders, one day after the other."""
    for _, folders in groupby(days, key=itemgetter(0)):
        files = [
            SampleFile.at(storage, file.path)
            for _, folder in folders
            for file in visible_files(storage, folder)
        ]
        yield from merge(files, start_us, end_us)
