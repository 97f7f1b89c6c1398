"""Something asked of the database once, on a connection of its own."""

from __future__ import annotations

from collections.abc import Callable
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

    task = SideTask(role, run)
    bound = Bound("the database to answer", longest_s, should_stop)
    with plain_errors(database):
        if wait_for(task, bound):
            return task.result()
    for connection in opened:
        sever(connection)
    met = "it takes connections, but does not answer" if opened else "no answer"
    raise DatabaseUnavailable(masked(database), met)
