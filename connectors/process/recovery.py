"""The recovery folder, freed of what a killed process left of an epoch.

Bytewax writes the snapshots of an epoch, and then that it is over. The run after a kill
in between does the epoch again, but what it does not come to in it keeps the snapshot
that was left: the next run would take that for good, and learn the same messages twice.
"""

from __future__ import annotations

import logging
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from connectors.errors import RecoveryUnusable

_log = logging.getLogger("orbitwatch")


def folder_of_this_run() -> Path | None:
    """The folder that `python -m bytewax.run` was given, where it is a variable."""
    return getattr(sys.modules["__main__"], "recovery_directory", None)


def forget_unfinished(folder: Path) -> None:
    """Deletes the snapshots that the next run will not go on from.

    Nobody else may be using the folder. Where partitions are missing, as they are on
    another machine, nothing is deleted: how far the last run got cannot be told.

    Raises RecoveryUnusable if it cannot be read or written.
    """
    files = sorted(folder.glob("*.sqlite3"))
    epoch = _next_epoch(files)
    if epoch is None:
        return
    for file in files:
        with _opened(file) as partition:
            left = partition.execute(
                "DELETE FROM snaps WHERE snap_epoch >= ?", (epoch,)
            )
            if left.rowcount:
                _log.info(
                    "%d snapshots are deleted: the last run ended while it wrote them",
                    left.rowcount,
                )


def _next_epoch(files: Sequence[Path]) -> int | None:
    """The epoch that Bytewax goes on with; None if there is none, or not all is here.

    It is the first that some worker of the last run had not finished.
    """
    partitions: dict[int, int] = {}
    runs: list[tuple[int, int, int]] = []
    frontiers: list[tuple[int, int, int]] = []
    for file in files:
        with _opened(file) as partition:
            ask = partition.execute
            partitions |= dict(ask("SELECT part_index, part_count FROM parts"))
            runs += ask("SELECT ex_num, worker_count, resume_epoch FROM exs")
            frontiers += ask("SELECT ex_num, worker_index, worker_frontier FROM fronts")
    if not runs or len(partitions) < max(partitions.values()):
        return None
    last, workers, begun = max(runs)
    reached = {worker: epoch for run, worker, epoch in frontiers if run == last}
    return min(max(reached.get(worker, begun), begun) for worker in range(workers))


@contextmanager
def _opened(file: Path) -> Iterator[sqlite3.Connection]:
    """A partition, in a transaction."""
    address = f"{file.absolute().as_uri()}?mode=rw"
    try:
        with closing(sqlite3.connect(address, uri=True)) as partition, partition:
            yield partition
    except sqlite3.Error as error:
        raise RecoveryUnusable(file, str(error)) from None
