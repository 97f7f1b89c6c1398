"""Connections to PostgreSQL, and what its errors mean to an operator."""

from __future__ import annotations

import logging
import os
import random
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict

from connectors.errors import DatabaseUnavailable, one_line

Connection = psycopg.Connection[tuple[Any, ...]]

# What the address need not say. A peer that vanished is noticed in half a minute.
_DEFAULTS = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 30_000,
}
# The server too must notice a vanished client, whose locks we might be waiting for. The
# last one is for TimescaleDB, where late samples may make it decompress more rows than
# its limit; a server without the extension takes note of it and does nothing.
_SESSION = (
    "-c timezone=UTC -c lock_timeout=10s -c idle_in_transaction_session_timeout=30s "
    "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=4 "
    "-c timescaledb.max_tuples_decompressed_per_dml_transaction=0"
)
_MALFORMED = "not a PostgreSQL address (in a password write @ as %40, / as %2F)"
# Operational errors are lost connections, full disks, deadlocks and so on; the others
# a standby that has not taken over yet, and a transaction the server gave up on.
_PASSING = (
    psycopg.OperationalError,
    errors.ReadOnlySqlTransaction,
    errors.IdleInTransactionSessionTimeout,
)
_FIRST_DELAY_S = 0.1
_LONGEST_DELAY_S = 5.0
_NAP_S = 0.1
_TELL_AGAIN_S = 60.0
_CANCEL_S = 2.0

_log = logging.getLogger("orbitwatch.database")


def connect(database: str, role: str) -> Connection:
    """A connection to the address `database`, shown to administrators as `role`.

    Gives up after five seconds a host. Raises psycopg.Error, or DatabaseUnavailable
    for what is no address.
    """
    given = _parts(database)
    ours = {
        "options": f"{_SESSION} {given.get('options', '')}",
        "client_encoding": "utf8",
    }
    shown = {"application_name": f"orbitwatch {role}"}
    return psycopg.connect(**{**_DEFAULTS, **shown, **given, **ours})


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
