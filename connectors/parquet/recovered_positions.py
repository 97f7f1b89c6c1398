"""How far an archive goes, by its files alone: for one that lacks its records.

Copies often do: tools take folders whose names begin with `_` for no data.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from itertools import chain

from connectors.messages.polls import Position
from connectors.parquet.commits import (
    Commit,
    furthest,
    furthest_of,
    read_commits,
    record,
)
from connectors.parquet.data_file import SampleFile
from connectors.parquet.layout import Covered, merged, topic_and_log
from connectors.parquet.storage import Storage
from connectors.parquet.visible_files import day_folders, visible_files

WRITER = "recovered"

_log = logging.getLogger("orbitwatch.archive")


def recover_positions(storage: Storage) -> None:
    """Puts on record what files cover beyond what the commits say.

    Raises ArchiveUnavailable if the archive cannot be read or written.
    """
    files = [
        SampleFile.at(storage, file.path)
        for _, folder in day_folders(storage)
        for file in visible_files(storage, folder)
    ]
    known = furthest(read_commits(storage).values())
    found = furthest_of(_ends(merged(file.notes.covered for file in files)))
    more = {
        key: position
        for key, position in found.items()
        if key not in known or known[key].next_offset < position.next_offset
    }
    if more:
        _log.warning(
            "%s lacks its records (%s): where it ends is taken from its %d files",
            *(storage.address, "_commits", len(files)),
        )
        record(storage, WRITER, Commit(positions=tuple(more.values())))


def _ends(covered: Covered) -> Iterator[Position]:
    """Where the offsets that files cover end."""
    for name, partitions in covered.items():
        topic, log = topic_and_log(name)
        for partition, ranges in partitions.items():
            end = max(chain.from_iterable(ranges))
            yield Position(topic, partition, end, 0, log)
