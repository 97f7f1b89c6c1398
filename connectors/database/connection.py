"""Connections to PostgreSQL, and what its errors mean to an operator."""

from __future__ import annotations

import logging
import os
import random
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Self, TypeVar

import psycopg
from psycopg import errors, sql
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus
from typing_extensions import override

from connectors.errors import DatabaseUnavailable, one_line

# What the address need not say. A peer that vanished is noticed in half a minute.
_DEFAULTS = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 30_000,
}
# The last one is for TimescaleDB, where late samples may make it decompress more rows
# than its limit; a server without the extension takes note of it and does nothing.
_SETTINGS = {
    "timezone": "UTC",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "30s",
    "timescaledb.max_tuples_decompressed_per_dml_transaction": "0",
}
# The server too must notice a vanished client, whose locks we might be waiting for.
_OF_SESSIONS = {
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "4",
}
# Poolers refuse what they cannot keep for each of their clients, or drop it in silence:
# whether a session has its settings, this one tells.
_MARK = "orbitwatch.session"
_WORD = re.compile(r"(?:\\.|\S)+", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_REFUSED_OPTIONS = re.compile("startup parameter|command.line option", re.IGNORECASE)
_MALFORMED = "not a PostgreSQL address (in a password write @ as %40, / as %2F)"
# Operational errors are lost connections, full disks, deadlocks, what an administrator
# cancelled and so on; the others a standby that has not taken over yet, and
# transactions that the server gave up on.
_PASSING = (
    psycopg.OperationalError,
    errors.ReadOnlySqlTransaction,
    errors.IdleInTransactionSessionTimeout,
    errors.TransactionTimeout,
    errors.SnapshotTooOld,
)
_FIRST_DELAY_S = 0.1
_LONGEST_DELAY_S = 5.0
_NAP_S = 0.1
_TELL_AGAIN_S = 60.0
_CANCEL_S = 2.0

Row = TypeVar("Row")

_log = logging.getLogger("orbitwatch.database")


class Connection(psycopg.Connection[tuple[Any, ...]]):
    """A connection to a server, or to a pooler that lends one for a transaction.

    A pooler may lend another server, with settings of its own, to each transaction. So
    there `in_each_transaction` is what each one begins with.
    """

    in_each_transaction: sql.Composed | None = None

    @property
    def is_pooled(self) -> bool:
        """Whether a pooler may lend another server to each transaction."""
        return self.in_each_transaction is not None

    @override
    @contextmanager
    def transaction(
        self, savepoint_name: str | None = None, force_rollback: bool = False
    ) -> Iterator[psycopg.Transaction]:
        is_idle = self.info.transaction_status is TransactionStatus.IDLE
        with super().transaction(savepoint_name, force_rollback) as transaction:
            if is_idle:
                self.set_up()
            yield transaction

    def set_up(self) -> None:
        """Has the settings hold in the transaction that is open, or begins with it."""
        if self.in_each_transaction is not None:
            psycopg.Cursor(self).execute(self.in_each_transaction)


class _Cursor(psycopg.Cursor[Row]):
    """What is executed outside of a transaction begins one by itself."""

    @override
    def execute(self, *args: Any, **kwargs: Any) -> Self:
        of = self.connection
        if (
            isinstance(of, Connection)
            and not of.autocommit
            and of.info.transaction_status is TransactionStatus.IDLE
        ):
            of.set_up()
        return super().execute(*args, **kwargs)


def connect(database: str, role: str) -> Connection:
    """A connection to the address `database`, shown to administrators as `role`.

    Gives up after five seconds a host. Raises psycopg.Error, or DatabaseUnavailable
    for what is no address.
    """
    given = _parts(database)
    wanted, other_options = _options(str(given.pop("options", "")))
    known = {
        **_DEFAULTS,
        "application_name": f"orbitwatch {role}",
        **given,
        "client_encoding": "utf8",
        # A pooler lends servers on which others have prepared what they like.
        "prepare_threshold": None,
    }
    asked = {**_SETTINGS, **_OF_SESSIONS, **wanted, _MARK: "on"}
    options = " ".join([*map(_as_option, asked.items()), *other_options])
    try:
        connection = Connection.connect(**known, options=options)
        if _has_mark(connection):
            return connection
    except psycopg.OperationalError as error:
        if _REFUSED_OPTIONS.search(str(error)) is None:
            raise
        connection = Connection.connect(**known)
    connection.cursor_factory = _Cursor
    connection.in_each_transaction = sql.SQL("SELECT {}").format(
        sql.SQL(", ").join(
            sql.SQL("set_config({}, {}, true)").format(name, value)
            for name, value in {**_SETTINGS, **wanted}.items()
        )
    )
    return connection


def _has_mark(connection: Connection) -> bool:
    try:
        found = connection.execute("SELECT current_setting(%s, true)", (_MARK,))
        is_marked = found.fetchone() == ("on",)
        connection.rollback()
    except BaseException:
        connection.close()
        raise
    return is_marked


def _options(text: str) -> tuple[dict[str, str], list[str]]:
    """The settings in the address's options for the server, and what else they hold."""
    words = [_ESCAPED.sub(r"\1", word) for word in _WORD.findall(text)]
    settings: dict[str, str] = {}
    others: list[str] = []
    while words:
        word = words.pop(0)
        if word == "-c" and words:
            word += words.pop(0)
        name, is_set, value = word.removeprefix("-c").removeprefix("--").partition("=")
        if is_set and word.startswith(("-c", "--")):
            settings[name.strip().replace("-", "_")] = value
        else:
            others.append(word)
    return settings, others


def _as_option(setting: tuple[str, str]) -> str:
    name, value = setting
    return f"-c {name}=" + re.sub(r"([\\\s])", r"\\\1", value)


def _parts(database: str) -> dict[str, Any]:
    try:
        parts = conninfo_to_dict(database)
    except psycopg.ProgrammingError:
        raise DatabaseUnavailable("(unreadable)", _MALFORMED) from None
    host, port, name = (str(parts.get(key, "")) for key in ("host", "port", "dbname"))
    # Then part of a password was taken for something else, and would be shown.
    if "@" in host + name or (port and not port.replace(",", "").isdigit()):
        raise DatabaseUnavailable("(unreadable)", _MALFORMED)
    return parts


def masked(database: str) -> str:
    """The address without its password and options."""
    parts = _parts(database)
    user, host, port, name = map(parts.get, ("user", "host", "port", "dbname"))
    return "".join(
        (
            "postgresql://",
            f"{user}@" if user else "",
            host or "",
            f":{port}" if port else "",
            f"/{name}" if name else "",
        )
    )


def unavailable(database: str, error: psycopg.Error) -> DatabaseUnavailable:
    """What the driver or server said, as an error for the operator."""
    return DatabaseUnavailable(masked(database), str(error))


@contextmanager
def plain_errors(database: str) -> Iterator[None]:
    """Raises DatabaseUnavailable for every error of the driver or server inside."""
    try:
        yield
    except psycopg.Error as error:
        raise unavailable(database, error) from None


def is_passing(error: psycopg.Error) -> bool:
    """Whether the same may well succeed later."""
    return isinstance(error, _PASSING)


def cancel(connection: Connection) -> None:
    """Asks the server to end what it does for a connection that waits for it.

    A COMMIT that waits for a standby is not undone by that: it returns.
    """
    with suppress(psycopg.Error, OSError):
        connection.cancel_safe(timeout=_CANCEL_S)


def sever(connection: Connection) -> None:
    """Cuts a connection while another thread waits for its server, which then fails."""
    with suppress(psycopg.Error, OSError):
        # A second handle: the first one is the other thread's to close.
        with socket.socket(fileno=os.dup(connection.fileno())) as handle:
            handle.shutdown(socket.SHUT_RDWR)


class Patience:
    """How long to try again: ever longer pauses until `seconds` have passed.

    It ends early once `should_stop()` holds. The log has the first problem, each that
    is another one, and one line a minute.
    """

    def __init__(self, seconds: float, should_stop: Callable[[], bool]) -> None:
        self._began_s = time.monotonic()
        self._seconds, self._should_stop = seconds, should_stop
        self._delay_s = _FIRST_DELAY_S
        self._told, self._tell_again_s = "", 0.0
        self.retries = 0

    @property
    def waited_s(self) -> float:
        """Seconds since the first attempt."""
        return time.monotonic() - self._began_s

    def wait(self, problem: Exception) -> bool:
        """Pauses after a problem; returns whether to try again."""
        # With jitter, so that many flows do not come back at the same moment.
        delay_s = self._delay_s * random.uniform(0.5, 1.5)  # noqa: S311
        now_s = time.monotonic()
        if self._should_stop() or now_s + delay_s > self._began_s + self._seconds:
            return False
        self._tell(one_line(problem), now_s)
        self._delay_s = min(self._delay_s * 2, _LONGEST_DELAY_S)
        self.retries += 1
        return self._nap_until(now_s + delay_s)

    def _tell(self, problem: str, now_s: float) -> None:
        if problem == self._told and now_s < self._tell_again_s:
            return
        self._told, self._tell_again_s = problem, now_s + _TELL_AGAIN_S
        left_s = self._began_s + self._seconds - now_s
        _log.warning("trying again, for up to %.0f s: %s", left_s, problem)

    def _nap_until(self, awake_s: float) -> bool:
        while (left_s := awake_s - time.monotonic()) > 0:
            if self._should_stop():
                return False
            time.sleep(min(_NAP_S, left_s))
        return True
