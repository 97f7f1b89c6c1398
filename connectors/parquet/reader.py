"""Reads a stretch of time back from an archive, in order of generation time."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter

from connectors.parquet.columns import Columns
from connectors.parquet.data_file import SampleFile
from connectors.parquet.layout import day_of, spacecraft_folder, system_folder
from connectors.parquet.merge import merge
from connectors.parquet.storage import Storage
from connectors.parquet.visible_files import day_folders, visible_files


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
    for _, folders in groupby(days, key=itemgetter(0)):
        files = [
            SampleFile.at(storage, file.path)
            for _, folder in folders
            for file in visible_files(storage, folder)
        ]
        yield from merge(files, start_us, end_us)
