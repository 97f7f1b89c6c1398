"""Whether the snapshots in the recovery folder are whole, before Bytewax reads them.

It would end with the traceback of what it does inside, and no word of what to do.
"""

from __future__ import annotations

import pickle
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from connectors.errors import RecoveryUnusable, StateUnreadable, one_line

# Of each state the newest, which is what the run goes on from. (With max(), SQLite
# takes the other columns from the same row.)
_NEWEST = """
    SELECT step_id, state_key, max(snap_epoch), ser_change
    FROM snaps
    GROUP BY step_id, state_key
"""


def check_snapshots(folder: Path) -> None:
    """Returns if everything can be read that the next run goes on from.

    Raises StateUnreadable for a snapshot that is damaged, and RecoveryUnusable for a
    file that is. What the last run did not finish has to be gone already.
    """
    for file in sorted(folder.glob("*.sqlite3")):
        for step, key, state in _states(file):
            try:
                # As Bytewax does right after, so it is no less safe.
                pickle.loads(state)  # noqa: S301
            except Exception as error:
                problem = f"{key} in {file} is damaged ({_told(error)})"
                raise StateUnreadable(step, problem) from None


def _states(file: Path) -> Iterator[tuple[str, str, bytes]]:
    address = f"{file.absolute().as_uri()}?mode=rw"
    try:
        with closing(sqlite3.connect(address, uri=True)) as partition:
            for step, key, _, state in partition.execute(_NEWEST):
                if state is not None:  # deleted by the step
                    yield step, key, state
    except sqlite3.Error as error:
        raise RecoveryUnusable(file, str(error)) from None


def _told(error: Exception) -> str:
    return one_line(f"{type(error).__name__}: {error}")[:200]
