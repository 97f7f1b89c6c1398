"""Merges the small files of a day into large ones."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b

from connectors.errors import ArchiveUnavailable
from connectors.parquet.commits import Commit, finish, forget, read_commits, record
from connectors.parquet.data_file import SampleFile, write_file
from connectors.parquet.layout import (
    COMMITS,
    INCOMING,
    INCOMING_SUFFIX,
    SUFFIX,
    FileNotes,
    merged,
    run_of,
)
from connectors.parquet.merge import merge
from connectors.parquet.storage import Storage
from connectors.parquet.visible_files import day_folders, visible_files

# Enough for queries to be fast, little enough to be read by one process.
LARGE_BYTES = 128 * 1024 * 1024
# No more are open at a time.
MOST_FILES = 256
WRITER = "compaction"


@dataclass(frozen=True, slots=True)
class Merged:
    """What became of a folder's small files."""

    folder: str
    files: int
    samples: int


def compact(
    storage: Storage,
    now: datetime,
    older_than: timedelta,
    large_bytes: int = LARGE_BYTES,
) -> Iterator[Merged]:
    """Merges files smaller than half of `large_bytes` up to that size, day by day.

    Files younger than `older_than` stay as they are, and so does what the last commit
    of an archiver wrote. Before, whatever a compaction that was killed has left is
    finished or removed. Raises ArchiveUnavailable if another one runs.
    """
    with _only_one(storage):
        before = now - older_than
        _clean_up(storage)
        for _, folder in day_folders(storage):
            for group in _groups(storage, folder, before, large_bytes):
                if len(group) > 1:
                    yield _replace(storage, folder, group)


def _clean_up(storage: Storage) -> None:
    """Finishes all commits, and removes files that will never be part of one.

    A commit may take any time, so what the latest run of an archiver wrote is left to
    it. A run is on record before it writes, so the records have to be read last.
    """
    for commit in read_commits(storage).values():
        finish(storage, commit)
    forget(storage, WRITER)
    folders = storage.folders(INCOMING)
    incoming = [file.path for folder in folders for file in storage.files(folder)]
    runs = {commit.run for commit in read_commits(storage).values()}
    for path in incoming:
        if run_of(path) not in runs:
            storage.delete(path)


def _groups(
    storage: Storage, folder: str, before: datetime, large_bytes: int
) -> Iterator[list[SampleFile]]:
    """The small files of a folder by time, in groups of about `large_bytes`."""
    in_use = {
        destination
        for commit in read_commits(storage).values()
        for _, destination in commit.moves
    }
    size_of = {
        file.path: file.size_bytes
        for file in visible_files(storage, folder)
        if file.size_bytes < large_bytes / 2
        and file.written_at < before
        and file.path not in in_use
    }
    files = (SampleFile.at(storage, path) for path in size_of)
    group: list[SampleFile] = []
    size_bytes = 0
    for file in sorted(files, key=lambda file: (file.first_us, file.path)):
        size_bytes += size_of[file.path]
        if size_bytes > large_bytes or len(group) == MOST_FILES:
            yield group
            group, size_bytes = [], size_of[file.path]
        group.append(file)
    yield group


def _replace(storage: Storage, folder: str, group: list[SampleFile]) -> Merged:
    """Puts one file in the place of several, in one commit."""
    paths = tuple(file.path for file in group)
    digest = blake2b("\n".join(paths).encode(), digest_size=8).hexdigest()
    source = f"{INCOMING}/{WRITER}/{digest}{INCOMING_SUFFIX}"
    destination = f"{folder}/part-{digest}{SUFFIX}"
    samples = _write(storage, source, group)
    commit = Commit(moves=((source, destination),), deletes=paths)
    record(storage, WRITER, commit)
    finish(storage, commit)
    forget(storage, WRITER)
    return Merged(folder, len(group), samples)


def _write(storage: Storage, path: str, group: list[SampleFile]) -> int:
    """Writes the samples of all files into one; returns how many they are."""
    notes = FileNotes(
        system=group[0].notes.system,
        spacecraft=group[0].notes.spacecraft,
        covered=merged(file.notes.covered for file in group),
    )
    first_us = min(file.first_us for file in group)
    end_us = max(file.last_us for file in group) + 1
    try:
        samples = write_file(storage, path, merge(group, first_us, end_us), notes)
    except ArchiveUnavailable:
        with suppress(ArchiveUnavailable):
            storage.delete(path)
        raise
    if samples != (expected := sum(file.rows for file in group)):
        problem = f"{expected} samples became {samples} in {path}; nothing was changed"
        raise ArchiveUnavailable(storage.address, problem)
    return samples


@contextmanager
def _only_one(storage: Storage) -> Iterator[None]:
    """Keeps a second compaction out; an object store cannot do that."""
    root = storage.local_root
    if root is None:
        yield
        return
    if not root.is_dir():
        raise ArchiveUnavailable(storage.address, "there is no such folder")
    with storage.plain_errors():
        (root / COMMITS).mkdir(exist_ok=True)
        lock = (root / COMMITS / "compaction.lock").open("w")
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            problem = "another compaction is at work here"
            raise ArchiveUnavailable(storage.address, problem) from None
        yield
