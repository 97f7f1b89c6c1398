"""Which files of an archive count, also while others are merging them."""

from __future__ import annotations

from connectors.parquet.commits import Commit, read_commits
from connectors.parquet.layout import SUFFIX, day_in
from connectors.parquet.storage import FileInfo, Storage


def visible_files(storage: Storage, folder: str) -> list[FileInfo]:
    """The files of a day's folder that hold each of its samples once.

    Between the commit and the end of a merge, a folder holds both the merged file and
    those it was made of, which then do not count.
    """
    while True:
        files = _data_files(storage, folder)
        commits = read_commits(storage)
        # What was committed and done in between is neither in the list nor on record.
        if files == _data_files(storage, folder):
            break
    present = {file.path for file in files}
    replaced = {
        path
        for commit in commits.values()
        if commit.deletes and _destinations(commit) <= present
        for path in commit.deletes
    }
    return [file for file in files if file.path not in replaced]


def system_folders(storage: Storage) -> list[str]:
    """The folders of all systems; none where there is no archive."""
    return [name for name in storage.folders("") if name.startswith("system=")]


def day_folders(storage: Storage, only: str | None = None) -> list[tuple[int, str]]:
    """Every day that has a folder, with the folder; in order of days.

    `only` is a system's folder, to look into no other.
    """
    return sorted(
        (day, folder)
        for system in system_folders(storage)
        if only in (None, system)
        for spacecraft in storage.folders(system)
        for folder in storage.folders(spacecraft)
        if (day := day_in(folder)) is not None
    )


def _data_files(storage: Storage, folder: str) -> list[FileInfo]:
    return [file for file in storage.files(folder) if file.path.endswith(SUFFIX)]


def _destinations(commit: Commit) -> set[str]:
    return {destination for _, destination in commit.moves}
