"""The fixtures that give tests their servers.

ORBITWATCH_KAFKA and ORBITWATCH_DATABASE name running servers to use instead. What is
missing skips its tests, with the reason, on a laptop, and fails them in CI. Tests get
the marker of what they use by themselves.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest

from tests.services import grafana
from tests.services.clock import MovedClock
from tests.services.kafka import Kafka, kafka_jars
from tests.services.pgbouncer import PgBouncer
from tests.services.postgres import Postgres, fresh_database, offers_timescale
from tests.services.process import UnavailableError

# Taken out of the environment, so that no setting of the caller's reaches a test.
NAMED_KAFKA = os.environ.pop("ORBITWATCH_KAFKA", None)
NAMED_DATABASE = os.environ.pop("ORBITWATCH_DATABASE", None)

MARKERS = {
    "kafka": "kafka",
    "own_kafka": "kafka",
    "module_kafka": "kafka",
    "database": "postgres",
    "own_postgres": "postgres",
    "pooler": "pgbouncer",
    "timescale_database": "timescale",
    "promtool": "promtool",
    "prometheus_program": "prometheus",
    "alertmanager_program": "prometheus",
    "amtool": "prometheus",
    "docker_compose": "compose",
    "grafana_libraries": "grafana",
    "moved_clock": "clock",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test with the services that its fixtures stand for."""
    for item in items:
        for fixture in getattr(item, "fixturenames", ()):
            if fixture in MARKERS:
                item.add_marker(MARKERS[fixture])


def _unavailable(reason: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(f"CI must have it: {reason}", pytrace=False)
    pytest.skip(reason)


@contextmanager
def skip_or_fail() -> Iterator[None]:
    """Skips the test, or fails it in CI, for an UnavailableError inside."""
    try:
        yield
    except UnavailableError as error:
        _unavailable(str(error))


@pytest.fixture(scope="session")
def kafka() -> Iterator[str]:
    """The bootstrap address of a broker that all tests share."""
    if NAMED_KAFKA:
        yield NAMED_KAFKA
        return
    with skip_or_fail():
        broker = Kafka(kafka_jars())
    with broker:
        yield broker.bootstrap


@pytest.fixture
def own_kafka() -> Iterator[Kafka]:
    """A running broker for one test, which may stop and start it."""
    with skip_or_fail():
        broker = Kafka(kafka_jars())
    with broker:
        yield broker


@pytest.fixture(scope="module")
def module_kafka() -> Iterator[Kafka]:
    """A running broker that the tests of one module have for themselves."""
    with skip_or_fail():
        broker = Kafka(kafka_jars())
    with broker:
        yield broker


@pytest.fixture(scope="session")
def database_server() -> Iterator[str]:
    """The URI of a server that all tests share; they get a `database` each."""
    if NAMED_DATABASE:
        yield NAMED_DATABASE
        return
    with skip_or_fail():
        server = Postgres()
    with server:
        yield server.uri


@pytest.fixture
def database(database_server: str) -> Iterator[str]:
    """The URI of an empty database for one test."""
    with fresh_database(database_server) as uri:
        yield uri


@pytest.fixture
def timescale_database(database_server: str) -> Iterator[str]:
    """The URI of an empty database on a server that offers TimescaleDB.

    The one service that CI may lack: Debian does not package it.
    """
    if not offers_timescale(database_server):
        pytest.skip("the PostgreSQL server does not offer the extension TimescaleDB")
    with fresh_database(database_server) as uri:
        yield uri


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    """A running server for one test, which may stop and start it."""
    with skip_or_fail():
        server = Postgres()
    with server:
        yield server


@pytest.fixture(params=["", "ignore_startup_parameters = options"])
def pooler(request: pytest.FixtureRequest, database_server: str) -> Iterator[PgBouncer]:
    """PgBouncer before the server of `database`; one refuses options, one drops them.

    It lends its connections to the server by transaction.
    """
    if NAMED_DATABASE:
        pytest.skip("the PostgreSQL server is not one that PgBouncer can be put before")
    with skip_or_fail():
        started = PgBouncer(database_server, str(request.param))
    with started:
        yield started


def _program(package: str, *names: str) -> str:
    """The path of the first of these programs that there is."""
    for name in names:
        if path := shutil.which(name):
            return path
    _unavailable(f"there is no `{names[0]}` (Debian's package {package})")


@pytest.fixture(scope="session")
def promtool() -> str:
    """The path of Prometheus' promtool."""
    return _program("prometheus", "promtool")


@pytest.fixture(scope="session")
def prometheus_program() -> str:
    """The path of Prometheus."""
    return _program("prometheus", "prometheus")


@pytest.fixture(scope="session")
def alertmanager_program() -> str:
    """The path of Alertmanager, which has another name in Debian."""
    package = "prometheus-alertmanager"
    return _program(package, package, "alertmanager")


@pytest.fixture(scope="session")
def amtool() -> str:
    """The path of Alertmanager's amtool."""
    return _program("prometheus-alertmanager", "amtool")


@pytest.fixture(scope="session")
def docker_compose() -> str:
    """The path of Docker Compose, which reads files without a Docker engine."""
    return _program("docker-compose", "docker-compose")


@pytest.fixture(scope="session")
def grafana_libraries() -> Path:
    """The folder of Grafana's own libraries, for Node."""
    with skip_or_fail():
        return grafana.grafana_libraries()


@pytest.fixture
def moved_clock(tmp_path: Path) -> MovedClock:
    """The wall clock of processes that are started in its environment."""
    with skip_or_fail():
        return MovedClock(tmp_path)
