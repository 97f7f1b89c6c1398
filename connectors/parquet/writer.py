"""Writes batches into an archive: every sample once, whatever is killed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import blake2b
from uuid import uuid4

from connectors.errors import ArchiveUnavailable
from connectors.messages.polls import LogId, Position
from connectors.parquet.buffer import Buffer
from connectors.parquet.columns import Batch
from connectors.parquet.commits import (
    Commit,
    Key,
    Positions,
    claim,
    finish,
    furthest,
    is_recorded,
    read_commits,
    read_positions,
    record,
)
from connectors.parquet.data_file import write_file
from connectors.parquet.layout import (
    INCOMING,
    INCOMING_SUFFIX,
    SUFFIX,
    FileNotes,
    escaped,
)
from connectors.parquet.progress import Progress
from connectors.parquet.recovered_positions import recover_positions
from connectors.parquet.storage import Storage

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Roll:
    """When files are written: at `megabytes` in memory, `seconds` after the first."""

    megabytes: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Stored:
    """What a commit added to the archive."""

    files: int
    samples: int
    seconds: float


class ArchiveWriter:
    """Collects batches, and stores them in one commit when there is enough.

    `name` tells the writer from others that run at the same time, with other partitions
    of the same topics. `check_logs` is given the log of each topic before what was read
    of it is stored, and raises if that is gone. After an error the writer is of no use
    any more, and commits nothing: what it had not committed is read from Kafka again,
    from `positions` on.

    Raises ArchiveUnavailable when the archive cannot be read or written, or when
    somebody else stores the same partitions.
    """

    def __init__(
        self,
        storage: Storage,
        name: str,
        roll: Roll,
        check_logs: Callable[[Mapping[str, LogId]], None] = lambda _: None,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.repeated = 0
        self._storage, self._name, self._roll = storage, name, roll
        self._check_logs, self._clock_s = check_logs, clock_s
        self._incoming = f"{INCOMING}/{escaped(name)}"
        self._run = uuid4().hex[:8]
        self._buffer = Buffer()
        self._stored: dict[Key, Position] = {}
        self._progress = Progress({})
        self._own: dict[Key, Position] = {}
        self._since_s: float | None = None
        self._failed = False

    def open(self) -> None:
        """Finishes what was committed, and removes what was not."""
        if not is_recorded(self._storage, self._name):
            recover_positions(self._storage)
        # From now on a process before this one cannot commit, if it still lives.
        claim(self._storage, self._name, self._run)
        commits = read_commits(self._storage)
        for commit in commits.values():
            finish(self._storage, commit)
        own = commits[escaped(self._name)]
        finished = Commit(run=self._run, positions=own.positions)
        record(self._storage, self._name, finished)
        for file in self._storage.files(self._incoming):
            self._storage.delete(file.path)
        self._own = dict(furthest([own]))
        self._stored = dict(furthest(commits.values()))
        self._progress = Progress(self._stored)

    @property
    def positions(self) -> Positions:
        """How far the stream is archived: where the source has to begin."""
        return self._stored

    def stored_in(self, _: LogId) -> Iterable[Position]:
        """How far the stream is archived by now, by all writers, of any log."""
        return read_positions(self._storage).values()

    def write(self, batch: Batch) -> Stored | None:
        """Takes a batch; what a commit stored, if there was enough for one."""
        with self._last_if_it_fails():
            self._take(batch)
        return self.tick()

    def tick(self) -> Stored | None:
        """Commits if it is time: to be called now and then while nothing comes."""
        if self._since_s is None:
            return None
        age_s = self._clock_s() - self._since_s
        is_full = self._buffer.size_bytes >= self._roll.megabytes * MEGABYTE
        return self.commit() if is_full or age_s >= self._roll.seconds else None

    def commit(self) -> Stored | None:
        """Stores all that was taken; None if that is nothing, or after an error."""
        if self._failed or self._since_s is None:
            return None
        with self._last_if_it_fails():
            return self._commit()

    @contextmanager
    def _last_if_it_fails(self) -> Iterator[None]:
        """After an error inside, what was taken and the positions may not match."""
        try:
            yield
        except BaseException:
            self._failed = True
            raise

    def _take(self, batch: Batch) -> None:
        if self._progress.pass_over(batch):
            self._begin_to_wait()
        known = self._progress.known(batch)
        if not len(batch.offsets) or known.all():
            self.repeated += len(batch.columns)
            return
        if known.any():
            count = len(batch.columns)
            batch = batch.without(known)
            self.repeated += count - len(batch.columns)
        self._progress.advance(batch, ~known)
        self._buffer.add(batch.topic, batch.columns)
        self._begin_to_wait()

    def _begin_to_wait(self) -> None:
        if self._since_s is None:
            self._since_s = self._clock_s()

    def _commit(self) -> Stored:
        started_s = time.monotonic()
        samples = self._buffer.samples
        moves = self._write_files()
        # Asked after all that is stored was read: so it came from these logs.
        self._check_logs({at.topic: at.log for at in self._changed().values()})
        self._check_alone()
        positions = {**self._own, **self._changed()}
        commit = Commit(run=self._run, positions=tuple(positions.values()), moves=moves)
        record(self._storage, self._name, commit)
        finish(self._storage, commit)
        self._own = positions
        self._stored = dict(self._progress.read)
        self._since_s = None
        return Stored(len(moves), samples, time.monotonic() - started_s)

    def _changed(self) -> dict[Key, Position]:
        return {
            key: at
            for key, at in self._progress.read.items()
            if self._stored.get(key) != at
        }

    def _check_alone(self) -> None:
        """Raises ArchiveUnavailable if somebody else stores our partitions."""
        commits = read_commits(self._storage)
        own = commits.get(escaped(self._name))
        now = furthest(commits.values())
        if (own is None or own.run != self._run) or any(
            now.get(key) != self._stored.get(key) for key in self._changed()
        ):
            raise ArchiveUnavailable(
                self._storage.address,
                "another process archives the same partitions; give each its own "
                "ORBITWATCH_PARTITIONS and start again: nothing is lost",
            )

    def _write_files(self) -> tuple[tuple[str, str], ...]:
        covered = self._progress.take_covered()
        # The same stretch of the stream gives the same names.
        newest_us = [at.newest_message_us for at in self._changed().values()]
        text = json.dumps([self._name, covered, newest_us])
        stretch = blake2b(text.encode(), digest_size=8).hexdigest()
        stem = f"{self._run}-{stretch}"
        moves: list[tuple[str, str]] = []
        try:
            for content in self._buffer.take():
                source = f"{self._incoming}/{stem}-{len(moves)}{INCOMING_SUFFIX}"
                moves.append((source, f"{content.folder}/part-{stretch}{SUFFIX}"))
                notes = FileNotes(
                    system=content.system,
                    spacecraft=content.spacecraft,
                    covered=covered,
                )
                write_file(self._storage, source, content.pieces, notes)
        except ArchiveUnavailable:
            self._make_room(moves)
            raise
        return tuple(moves)

    def _make_room(self, moves: list[tuple[str, str]]) -> None:
        """Removes what a failed commit has written, as far as that is possible."""
        with suppress(ArchiveUnavailable):
            for source, _ in moves:
                self._storage.delete(source)
