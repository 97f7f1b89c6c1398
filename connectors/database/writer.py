"""Stores batches come what may: reconnects and tries again before it gives up."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

import psycopg
from psycopg import errors

from connectors.database.connection import (
    Patience,
    is_passing,
    masked,
    unavailable,
)
from connectors.database.migrations import missing
from connectors.database.positions import Key
from connectors.database.session import Session, Written
from connectors.database.whole_polls import Batch
from connectors.errors import (
    DatabaseUnavailable,
    DatabaseWentBack,
    OrbitwatchError,
    SchemaOutdated,
)
from connectors.messages.polls import Position
from connectors.settings import variable

_SCHEMA_ERRORS = (
    errors.UndefinedTable,
    errors.UndefinedColumn,
    errors.InvalidColumnReference,
)
_AFTERWARDS = "nothing is lost, start it again when the database is well"

_log = logging.getLogger("orbitwatch.database")


class DatabaseWriter:
    """Stores batches, each in one transaction.

    A failure that may pass is tried again on a new connection, for `retry_seconds` or
    until `should_stop()`; then, and after other failures at once, DatabaseUnavailable
    or SchemaOutdated is raised. If a new connection finds less than was stored before,
    DatabaseWentBack is. All that a transaction does can be done twice, so no harm is
    done if the answer to a commit was lost. `report(works)` hears of every attempt.
    """

    def __init__(
        self,
        database: str,
        open_session: Callable[[], Session],
        retry_seconds: float,
        should_stop: Callable[[], bool],
        report: Callable[[bool], None],
    ) -> None:
        self._database, self._open_session = database, open_session
        self._retry_seconds, self._should_stop = retry_seconds, should_stop
        self._report = report
        self._session: Session | None = None
        self._reached: dict[Key, Position] = {}
        self._is_given_up = False

    def open(self) -> None:
        """Connects, so that the first batch need not wait for that."""
        self.store(Batch((), ()))

    def store(self, batch: Batch) -> Written:
        """Stores the batch; returns what that did to the database."""
        patience = Patience(self._retry_seconds, self._should_end)
        while True:
            try:
                written = self._attempt(batch)
            except psycopg.Error as error:
                self.close()
                self._report(False)
                problem = self._problem(error)
                if not is_passing(error):
                    raise problem from None
                if not patience.wait(problem):
                    raise self.no_answer(str(error), patience.waited_s) from None
            else:
                self._report(True)
                self._reached |= written.reached
                if patience.retries:
                    _log.info("storing again after %.0f s", patience.waited_s)
                return replace(written, retries=patience.retries)

    def no_answer(self, problem: str, waited_s: float) -> DatabaseUnavailable:
        """What is raised in the end, with why it was not waited for any longer."""
        end = f"the flow was told to stop; {_AFTERWARDS}"
        if not self._should_stop():
            setting = f"{variable('retry_seconds')}={self._retry_seconds:g}"
            end = f"given up after {waited_s:.0f} s, see {setting}; {_AFTERWARDS}"
        return DatabaseUnavailable(masked(self._database), f"{problem} ({end})")

    def cancel(self) -> None:
        """Has what another thread stores come back soon; it is not tried again."""
        self._is_given_up = True
        if session := self._session:
            session.cancel()

    def sever(self) -> None:
        """Cuts the connection under what another thread stores."""
        if session := self._session:
            session.sever()

    def close(self) -> None:
        """Ends the connection."""
        if self._session is not None:
            self._session.close()
        self._session = None

    def _attempt(self, batch: Batch) -> Written:
        if self._session is None:
            self._session = self._open_session()
            if lost := self._session.lacks(self._reached):
                raise DatabaseWentBack(
                    masked(self._database), lost.topic, lost.partition, lost.next_offset
                )
        return self._session.store(batch)

    def _should_end(self) -> bool:
        return self._is_given_up or self._should_stop()

    def _problem(self, error: psycopg.Error) -> OrbitwatchError:
        if isinstance(error, _SCHEMA_ERRORS) and (lacking := missing(self._database)):
            return SchemaOutdated(lacking)
        return unavailable(self._database, error)
