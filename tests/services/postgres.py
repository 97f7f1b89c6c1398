"""PostgreSQL from the wheel, and databases on any server."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import LiteralString, Self
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
from psycopg import sql

from connectors.database.migrations import MIGRATIONS, read_migrations
from connectors.embedded.postgres import EmbeddedPostgres
from connectors.embedded.programs import programs
from connectors.errors import OrbitwatchError
from tests.services.process import UnavailableError

EXTENSION = "share/postgresql/extension/timescaledb.control"


class Postgres:
    """A server with a data folder of its own, kept over stop and start.

    Use it as a context: it is started on entry, and gone with its data on exit.

    Raises:
        UnavailableError: the wheel is not installed.
    """

    def __init__(self) -> None:
        # Directly under the folder for temporary files, where the user that runs the
        # server as root can reach it.
        self._folder = Path(tempfile.mkdtemp(prefix="orbitwatch-pg-"))
        # Nothing here must survive a power cut.
        self.options = {"fsync": "off"}
        try:
            if (programs(self._folder).parent / EXTENSION).exists():
                self.options["shared_preload_libraries"] = "timescaledb"
        except OrbitwatchError as error:
            raise UnavailableError(str(error)) from None
        self._server = EmbeddedPostgres(self._folder, self.options)

    @property
    def uri(self) -> str:
        """The address of the database `postgres`, as the superuser."""
        return self._server.address

    @property
    def pid(self) -> int | None:
        """The server's first process, from its start until it is stopped."""
        return self._server.pid

    @property
    def data(self) -> Path:
        """PostgreSQL's own folder for data."""
        return self._server.data

    @property
    def log(self) -> Path:
        """What the server says."""
        return self._server.log

    def start(self) -> None:
        """Start the server with its `options` as they are now."""
        self._server = EmbeddedPostgres(self._folder, self.options)
        self._server.start()

    def stop(self) -> None:
        """Cut all connections, stop, and keep the data for the next start."""
        self._server.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self._folder)


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


def plain_migrations_in(folder: Path) -> Path:
    """Copy the migrations that need no extension to a new folder, and return it."""
    folder.mkdir()
    for migration in read_migrations():
        if not migration.requires:
            shutil.copy(MIGRATIONS / migration.name, folder)
    return folder


def offers_timescale(server: str) -> bool:
    """Return whether TimescaleDB can be created on the server."""
    query = "SELECT 1 FROM pg_available_extensions WHERE name = 'timescaledb'"
    with psycopg.connect(server) as connection:
        return connection.execute(query).fetchone() is not None
