"""What a flow needs to work: looked at by its start, and by `connectors.check`."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from connectors.database.migrations import (
    look_at_clock,
    look_at_rights,
    look_at_schema,
    look_at_server,
)
from connectors.errors import RecoveryUnusable, SettingsError
from connectors.kafka.clients import check_kafka
from connectors.process.compile_cache import check_compile_cache
from connectors.process.logs import ADVICE
from connectors.process.ports import check_ports
from connectors.settings import Settings
from connectors.topics import Topic


@dataclass(frozen=True, slots=True)
class Prerequisite:
    """Something a flow needs.

    `look()` says what is there, or raises an OrbitwatchError that says what to do. It
    makes no sense before what is named in `after` is there. A flow can do without what
    is not `vital`.
    """

    name: str
    look: Callable[[], str]
    after: str = ""
    is_vital: bool = True


def prerequisites(
    settings: Settings,
    reads: Sequence[Topic],
    writes: Sequence[Topic],
    *,
    database: bool,
    state: Path | None,
) -> list[Prerequisite]:
    """What a flow needs that reads and writes these topics; its ports come first."""
    needed = [Prerequisite("ports", partial(check_ports, settings))]
    if state is not None:
        needed.append(Prerequisite("state folder", partial(check_state, state)))
    kafka = partial(check_kafka, settings, reads, writes)
    needed.append(Prerequisite("Kafka", kafka))
    if database:
        address = settings.database
        needed += [
            Prerequisite("database", partial(look_at_server, address)),
            Prerequisite("migrations", partial(look_at_schema, address), "database"),
            Prerequisite("rights", partial(look_at_rights, address), "migrations"),
            Prerequisite("clock", partial(look_at_clock, address), "database", False),
        ]
    cache = Prerequisite("compile cache", check_compile_cache, is_vital=False)
    return [*needed, cache]


def check_state(folder: Path) -> str:
    """Says how many snapshots' files there are.

    Raises SettingsError if it is not ready, and RecoveryUnusable if nobody may write.
    """
    if not folder.is_dir():
        raise SettingsError(str(folder), ADVICE["recovery directory"])
    files = sorted(folder.glob("*.sqlite3"))
    if not files:
        raise SettingsError(str(folder), ADVICE["No recovery partitions found"])
    for file in files:
        if not os.access(file, os.R_OK | os.W_OK):
            raise RecoveryUnusable(file, "it may not be read and written")
    try:
        # SQLite writes a journal beside its file.
        with tempfile.TemporaryFile(dir=folder):
            return f"{folder} can be written"
    except OSError as error:
        raise RecoveryUnusable(folder, str(error)) from None
