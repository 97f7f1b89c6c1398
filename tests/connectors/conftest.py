"""Databases with the schema in them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.database.connection import Connection, connect
from connectors.migrate import migrate
from tests.services.postgres import plain_migrations_in


@pytest.fixture
def plain_migrations(tmp_path: Path) -> Path:
    """A folder with the migrations that need no extension."""
    return plain_migrations_in(tmp_path / "plain")


@pytest.fixture
def plain_store(database: str, plain_migrations: Path) -> str:
    """The URI of a migrated database without TimescaleDB."""
    list(migrate(database, plain_migrations))
    return database


@pytest.fixture
def timescale_store(timescale_database: str) -> str:
    """The URI of a migrated database with TimescaleDB."""
    list(migrate(timescale_database))
    return timescale_database


@pytest.fixture(params=["plain_store", "timescale_store"])
def store(request: pytest.FixtureRequest) -> str:
    """The URI of a migrated database, of either kind."""
    return str(request.getfixturevalue(request.param))


@pytest.fixture
def reader(store: str) -> Iterator[Connection]:
    """A connection to `store` that sees what is committed."""
    with connect(store, "test") as connection:
        connection.autocommit = True
        yield connection
