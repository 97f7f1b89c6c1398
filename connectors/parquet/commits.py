"""Records of commits: what makes many files and the positions one step.

A record says where Kafka has been read to, which files are to be moved to where readers
look, and which are to be deleted. Once it is there, whole, the commit has happened:
what it says is then done, and can be done again by whoever comes next.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from itertools import chain
from typing import TypeAlias

import msgspec

from connectors.errors import ArchiveUnavailable
from connectors.messages.polls import LogId, Position
from connectors.parquet.layout import COMMITS, FORMAT, escaped
from connectors.parquet.storage import Storage

Key: TypeAlias = tuple[LogId, str, int]
"""A log, its topic and a partition."""
Positions: TypeAlias = Mapping[Key, Position]
"""How far each partition is archived, of every log that there was."""

_SUFFIX = ".json"

_log = logging.getLogger("orbitwatch.archive")


class Commit(msgspec.Struct, frozen=True, kw_only=True):
    """One commit of one writer; `moves` are pairs of source and destination.

    `run` tells the latest process of a writer's name from those before it.
    """

    format: int = FORMAT
    run: str = ""
    positions: tuple[Position, ...] = ()
    moves: tuple[tuple[str, str], ...] = ()
    deletes: tuple[str, ...] = ()


def record(storage: Storage, writer: str, commit: Commit) -> None:
    """Makes the commit happen; it takes the place of the writer's last one.

    Raises ArchiveUnavailable if a file that is to be moved is not there.
    """
    waiting = _waiting(storage, commit)
    for source, _ in commit.moves:
        if source not in waiting:
            problem = f"somebody removed {source}; start again: nothing is lost"
            raise ArchiveUnavailable(storage.address, problem)
    storage.sync_folders([source for source, _ in commit.moves])
    storage.write(_path(writer), msgspec.json.encode(commit))


def is_recorded(storage: Storage, writer: str) -> bool:
    """Whether the writer has committed here before."""
    return storage.holds(_path(writer))


def claim(storage: Storage, writer: str, run: str) -> None:
    """Makes the writer's last commit one of this run; it may not be finished yet."""
    path = _path(writer)
    content = storage.read(path)
    last = Commit() if content is None else _decoded(storage, path, content)
    claimed = msgspec.structs.replace(last, run=run)
    storage.write(path, msgspec.json.encode(claimed))


def forget(storage: Storage, writer: str) -> None:
    """Removes the record of a commit that is done, of a writer without positions."""
    storage.delete(_path(writer))


def read_commits(storage: Storage) -> dict[str, Commit]:
    """The latest commit of each writer; writers are named as their records are."""
    found = {}
    for file in storage.files(COMMITS):
        if file.path.endswith(_SUFFIX):
            content = storage.read(file.path)
            if content is not None:
                name = file.path.rpartition("/")[2].removesuffix(_SUFFIX)
                found[name] = _decoded(storage, file.path, content)
    return found


def finish(storage: Storage, commit: Commit) -> None:
    """Does what the commit says, as far as it has not been done."""
    waiting = _waiting(storage, commit)
    moved = [move for move in commit.moves if move[0] in waiting]
    for source, destination in moved:
        storage.move(source, destination)
    storage.sync_folders([destination for _, destination in moved])
    if commit.deletes:
        _check_moved(storage, commit)
    else:
        _tell_of_gone(storage, commit, waiting)
    for path in commit.deletes:
        storage.delete(path)
    storage.sync_folders(list(commit.deletes))


def read_positions(storage: Storage) -> Positions:
    """How far the stream is archived, by all writers: where a source has to begin."""
    return furthest(read_commits(storage).values())


def furthest(commits: Iterable[Commit]) -> Positions:
    """How far the stream is archived, by all of these commits."""
    return furthest_of(chain.from_iterable(commit.positions for commit in commits))


def furthest_of(positions: Iterable[Position]) -> dict[Key, Position]:
    """The furthest of these positions, by what they are of."""
    found: dict[Key, Position] = {}
    for position in positions:
        key = key_of(position)
        if key not in found or not found[key].covers(position):
            found[key] = position
    return found


def key_of(position: Position) -> Key:
    """What the position is of."""
    return position.log, position.topic, position.partition


def _waiting(storage: Storage, commit: Commit) -> set[str]:
    """What is in the folders that the commit moves files from."""
    folders = {source.rpartition("/")[0] for source, _ in commit.moves}
    return {file.path for folder in folders for file in storage.files(folder)}


def _tell_of_gone(storage: Storage, commit: Commit, waiting: set[str]) -> None:
    """Warns of files that are neither where they were written nor where they belong.

    That is no error: old days may be moved to other storage at any time.
    """
    gone = [
        destination
        for source, destination in commit.moves
        if source not in waiting and not storage.holds(destination)
    ]
    # Else they were merged into another file since the commit was read.
    if gone and commit in read_commits(storage).values():
        _log.warning(
            "%s: %d files of one commit were moved away or are lost, such as %s",
            storage.address,
            len(gone),
            gone[0],
        )


def _check_moved(storage: Storage, commit: Commit) -> None:
    """Deletes nothing that stands nowhere else."""
    for _, destination in commit.moves:
        if not storage.holds(destination):
            problem = f"{destination} is missing; the files it was made of are kept"
            raise ArchiveUnavailable(storage.address, problem)


def _path(writer: str) -> str:
    return f"{COMMITS}/{escaped(writer)}{_SUFFIX}"


def _decoded(storage: Storage, path: str, content: bytes) -> Commit:
    try:
        commit = msgspec.json.decode(content, type=Commit)
    except msgspec.MsgspecError as error:
        raise ArchiveUnavailable(
            storage.address,
            f"{path} is damaged ({error}); remove it and start again: what is archived "
            "is then read off the files themselves",
        ) from None
    if commit.format != FORMAT:
        problem = f"{path} is of a newer version of Orbitwatch; use that to go on"
        raise ArchiveUnavailable(storage.address, problem)
    return commit
