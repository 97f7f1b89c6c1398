"""Something asked of the database once, on a connection of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from typing import TypeVar

from connectors.database.connection import (
    Connection,
    connect,
    masked,
    plain_errors,
    sever,
)
from connectors.errors import DatabaseUnavailable
from connectors.process.side_task import Bound, SideTask, never, wait_for

ANSWER_S = 10.0
# Some ten thousand rows over a slow line, and another flow that does the same.
STORED_S = 60.0
_CUT_S = 1.0

Answer = TypeVar("Answer")


def ask(
    database: str,
    role: str,
    work: Callable[[Connection], Answer],
    longest_s: float = ANSWER_S,
    should_stop: Callable[[], bool] = never,
) -> Answer:
    """What `work` returns on a new connection, which is closed then.

    Raises DatabaseUnavailable, also when there is no answer for so long.
    """
    opened: list[Connection] = []

    def run() -> Answer:
        with closing(connect(database, role)) as connection:
            opened.append(connection)
            return work(connection)

    bound = Bound("the database to answer", longest_s, should_stop)
    with plain_errors(database):
        return _in_time(database, SideTask(role, run), opened, bound)


def in_time(
    database: str, connection: Connection, work: Callable[[], Answer], bound: Bound
) -> Answer:
    """What `work` returns, which uses this connection to the database.

    Raises DatabaseUnavailable when there is no answer for so long.
    """
    return _in_time(database, SideTask("database", work), [connection], bound)


def _in_time(
    database: str, task: SideTask[Answer], used: Sequence[Connection], bound: Bound
) -> Answer:
    try:
        if wait_for(task, bound):
            return task.result()
    except KeyboardInterrupt:
        _cut(task, used)
        raise
    _cut(task, used)
    met = "it takes connections, but does not answer" if used else "no answer"
    raise DatabaseUnavailable(masked(database), met)


def _cut(task: SideTask[Answer], used: Sequence[Connection]) -> None:
    for connection in used:
        sever(connection)
    task.is_done(_CUT_S)
