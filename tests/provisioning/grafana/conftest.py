"""Databases that are filled once for all tests of the dashboards."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.provisioning.grafana.filled import (
    Filled,
    copy_to_plain,
    filled,
)
from tests.provisioning.grafana.other_systems import fill_the_rest
from tests.services.postgres import fresh_database


@pytest.fixture(scope="session")
def watched(
    database_server: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Filled]:
    """A database with everything, on TimescaleDB where that is offered."""
    folder: Path = tmp_path_factory.mktemp("grafana")
    with fresh_database(database_server) as database, filled(database, folder) as made:
        tracked_s = fill_the_rest(database, folder, made.prometheus)
        yield replace(made, tracked_s=tracked_s)


@pytest.fixture(scope="session")
def plain_copy(
    watched: Filled, database_server: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The URI of a database with the same rows, without TimescaleDB."""
    with fresh_database(database_server) as database:
        folder = tmp_path_factory.mktemp("migrations")
        copy_to_plain(watched.database, database, folder)
        yield database
