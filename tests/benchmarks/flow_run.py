"""The flow as a black box: started, watched from outside while it stores a backlog."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import psycopg
from psycopg import sql

from connectors.errors import OrbitwatchError
from tests.benchmarks.backlog import Backlog, check_stored
from tests.benchmarks.process_cost import ProcessCost
from tests.benchmarks.stage import Stage
from tests.benchmarks.statistics import Mark, Measured, steady
from tests.end_to_end.flow_process import Flow

LOOK_EVERY_S = 0.05
LONGEST_S = 180.0
MESSAGES_STORED = "SELECT coalesce(sum(next_offset), 0)::bigint FROM stream_position"


class FlowStalled(OrbitwatchError):
    """A flow ended by itself, or did not get done."""


class Observer:
    """Looks at a running flow: how many messages it has stored, and what that cost.

    Places hold one backlog and nothing else, so offsets add up to messages.
    """

    def __init__(self, flow: Flow, pid: int, database: str) -> None:
        self._flow = flow
        self.cost = ProcessCost(pid)
        self._database = database
        self._connection = psycopg.connect(database, autocommit=True)

    def reconnect(self) -> None:
        """Goes on with a server that was away."""
        self._connection.close()
        self._connection = psycopg.connect(self._database, autocommit=True)

    def close(self) -> None:
        """Ends the connection."""
        self._connection.close()

    def stored(self) -> int:
        """How many messages are stored."""
        found = self._connection.execute(MESSAGES_STORED).fetchone()
        return int(found[0]) if found else 0

    def count(self, table: str) -> int:
        """How many rows a table has."""
        query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
        found = self._connection.execute(query).fetchone()
        return int(found[0]) if found else 0

    def watch(self, done: Callable[[int], bool]) -> list[Mark]:
        """Looks until `done(messages stored)`; marks count messages.

        Raises FlowStalled with what the flow last said.
        """
        marks: list[Mark] = []
        deadline_s = time.monotonic() + LONGEST_S
        while not marks or not done(marks[-1].stored):
            if not self._flow.is_running():
                raise FlowStalled(f"the flow ended by itself:\n{self._last_words()}")
            if time.monotonic() > deadline_s:
                raise FlowStalled(
                    f"the flow stored {marks[-1].stored:,} messages, and was not done "
                    f"after {LONGEST_S:.0f} s:\n{self._last_words()}"
                )
            if marks:
                time.sleep(LOOK_EVERY_S)
            cpu_s, stored = self.cost.cpu_s(), self.stored()
            marks.append(Mark(stored, time.monotonic(), cpu_s))
        return marks

    def _last_words(self) -> str:
        return self._flow.log.read_text(errors="replace")[-2000:]


def store_backlog(
    stage: Stage, backlog: Backlog, parameters: Path | None = None
) -> Measured:
    """Throughput, cost and memory of a flow that stores a backlog, start left out.

    Raises Miscounted unless exactly the backlog is then in the database.
    """
    with (
        stage.servers.database() as database,
        stage.flow(database, backlog.place, parameters=parameters) as flow,
    ):
        observer = Observer(flow, stage.start(flow), database)
        try:
            marks = observer.watch(lambda stored: stored >= backlog.messages)
            memory_mb = observer.cost.peak_mb()
        finally:
            observer.close()
        flow.stop()
        check_stored(database, "sample", backlog.samples, backlog.total)
    return {
        **steady(as_samples(marks, backlog.shape.samples_a_message)),
        "peak MB": memory_mb,
    }


def as_samples(marks: list[Mark], samples_a_message: int) -> list[Mark]:
    """Marks that count messages as marks that count samples."""
    return [
        Mark(mark.stored * samples_a_message, mark.wall_s, mark.cpu_s) for mark in marks
    ]
