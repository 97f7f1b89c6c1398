"""Databases that are filled once for all tests of the dashboards."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from connectors.migrate import migrate
from tests.provisioning.grafana.filled import (
    Filled,
    copy_to_plain,
    filled,
)
from tests.services.postgres import fresh_database, plain_migrations_in


@pytest.fixture(scope="session")
def watched(
    database_server: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Filled]:
    """A database with everything, on TimescaleDB where that is offered."""
    folder: Path = tmp_path_factory.mktemp("grafana")
    with fresh_database(database_server) as database, filled(database, folder) as made:
        yield made


@pytest.fixture(scope="session")
def plain_copy(
    watched: Filled, database_server: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The URI of a database with the same rows, without TimescaleDB."""
    with fresh_database(database_server) as database:
        folder = tmp_path_factory.mktemp("migrations")
        copy_to_plain(watched.database, database, folder)
        yield database


@pytest.fixture
def empty(database: str, tmp_path: Path) -> Iterator[psycopg.Connection]:
    """A database with the tables in it."""
    list(migrate(database, plain_migrations_in(tmp_path / "plain")))
    with psycopg.connect(database, autocommit=True) as connection:
        yield connection
