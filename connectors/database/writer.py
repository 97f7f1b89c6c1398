"""Stores batches come what may: reconnects and tries again before it gives up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import psycopg
from psycopg import errors

from connectors.database.connection import Patience, is_passing, masked, unavailable
from connectors.database.migrations import missing
from connectors.database.positions import Key
from connectors.database.session import Session, Written
from connectors.database.whole_polls import Batch
from connectors.errors import DatabaseWentBack, OrbitwatchError, SchemaOutdated
from connectors.messages.polls import Position

_SCHEMA_ERRORS = (
    errors.UndefinedTable,
    errors.UndefinedColumn,
    errors.InvalidColumnReference,
)


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

    def open(self) -> None:
        """Connects, so that the first batch need not wait for that."""
        self.store(Batch((), ()))

    def store(self, batch: Batch) -> Written:
        """Stores the batch; returns what that did to the database."""
        patience = Patience(self._retry_seconds, self._should_stop)
        while True:
            try:
                written = self._attempt(batch)
            except psycopg.Error as error:
                self.close()
                self._report(False)
                problem = self._problem(error)
                if not (is_passing(error) and patience.wait(problem)):
                    raise problem from None
            else:
                self._report(True)
                self._reached |= written.reached
                return replace(written, retries=patience.retries)

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

    def _problem(self, error: psycopg.Error) -> OrbitwatchError:
        if isinstance(error, _SCHEMA_ERRORS) and (lacking := missing(self._database)):
            return SchemaOutdated(lacking)
        return unavailable(self._database, error)
