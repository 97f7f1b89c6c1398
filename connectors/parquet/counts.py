"""How many samples an archive holds, by the footers of its files."""

from __future__ import annotations

from collections import Counter

from connectors.parquet.data_file import SampleFile
from connectors.parquet.storage import Storage
from connectors.parquet.visible_files import day_folders, visible_files


def count_archived(storage: Storage) -> Counter[str]:
    """The number of samples of each system; reads the footer of every file.

    Raises ArchiveUnavailable for what cannot be read.
    """
    samples: Counter[str] = Counter()
    for _, folder in day_folders(storage):
        for file in visible_files(storage, folder):
            found = SampleFile.at(storage, file.path)
            samples[found.notes.system] += found.rows
    return samples
