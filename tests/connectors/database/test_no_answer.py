"""A database that takes what it is sent, and does not answer."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import psycopg
import pytest

from connectors.database.asking import ask
from connectors.database.connection import Connection, connect
from connectors.errors import DatabaseUnavailable
from connectors.migrate import migrate
from tests.connectors.stored import count_samples
from tests.connectors.telemetry import open_sink, poll, scored
from tests.services.postgres import Postgres
from tests.services.waiting import HANG_S

OURS = """
    SELECT pid FROM pg_stat_activity WHERE application_name = 'orbitwatch spacecraft'
"""

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Silence:
    """A server with the schema, and how it comes to be silent for a flow."""

    uri: str
    begins: Callable[[], object]


@contextmanager
def without_standby(server: Postgres) -> Iterator[Silence]:
    """COMMIT waits for a standby that is gone."""
    with psycopg.connect(server.uri, autocommit=True) as admin:
        admin.execute("SET synchronous_commit = local")

        def begin() -> None:
            admin.execute("ALTER SYSTEM SET synchronous_standby_names = 'gone'")
            admin.execute("SELECT pg_reload_conf()")
            time.sleep(0.5)

        try:
            yield Silence(server.uri, begin)
        finally:
            admin.execute("ALTER SYSTEM RESET synchronous_standby_names")
            admin.execute("SELECT pg_reload_conf()")


@contextmanager
def frozen(server: Postgres) -> Iterator[Silence]:
    """The process that serves the flow stands still, and does not even take cancels."""
    stopped: list[int] = []

    def begin() -> None:
        with psycopg.connect(server.uri) as admin:
            stopped.extend(pid for (pid,) in admin.execute(OURS).fetchall())
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)

    try:
        yield Silence(server.uri, begin)
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)


@contextmanager
def behind_a_lock(server: Postgres) -> Iterator[Silence]:
    """Somebody else has locked the table, and the time to wait for that is long."""
    with psycopg.connect(server.uri) as other:
        yield Silence(
            f"{server.uri}&options=-c%20lock_timeout%3D1h",
            lambda: other.execute("LOCK TABLE sample"),
        )


@pytest.mark.parametrize("kind", [without_standby, frozen, behind_a_lock])
def test_a_flow_that_is_told_to_stop_stops_and_stores_all_once_at_the_next_start(
    own_postgres: Postgres, kind: Callable[[Postgres], AbstractContextManager[Silence]]
):
    list(migrate(own_postgres.uri))
    first, second = scored(poll(1), [1.0]), scored(poll(2, offset=30), [1.0, 2.0])
    with kind(own_postgres) as silence, open_sink(silence.uri, 3600) as sink:
        sink.write(first)
        silence.begins()
        sink.partition.write_batch([second])
        threading.Timer(1, sink.run.should_stop.ask).start()
        began_s = time.monotonic()
        with pytest.raises(DatabaseUnavailable, match="told to stop; nothing is lost"):
            sink.partition.snapshot()
        assert time.monotonic() - began_s < HANG_S
        assert not sink.run.health._database_works
    with open_sink(own_postgres.uri) as sink:
        sink.write(first)
        sink.write(second)
    with connect(own_postgres.uri, "test") as reader:
        assert count_samples(reader) == 2


def test_a_flow_waits_as_long_as_its_setting_says_alive_but_not_ready_and_names_it(
    own_postgres: Postgres, caplog: pytest.LogCaptureFixture
):
    list(migrate(own_postgres.uri))
    with frozen(own_postgres) as silence, open_sink(silence.uri, 1) as sink:
        silence.begins()
        sink.partition.write_batch([scored(poll(1), [1.0])])
        seen: list[list[str]] = []
        look = threading.Timer(8, lambda: seen.append(sink.run.health.hindrances()))
        look.start()
        given_up = r"given up after 1\d s, see ORBITWATCH_RETRY_SECONDS=1; nothing is"
        with pytest.raises(DatabaseUnavailable, match=given_up) as caught:
            sink.partition.snapshot()
        look.join()
    assert "\n" not in str(caught.value)
    assert "waiting for the database to answer since" in caplog.text
    assert seen == [["the database does not take data"]]


def test_a_question_that_is_not_answered_ends_with_the_setting(own_postgres: Postgres):
    asked: list[Connection] = []

    def freeze(connection: Connection) -> None:
        asked.append(connection)
        os.kill(connection.info.backend_pid, signal.SIGSTOP)
        connection.execute("SELECT 1")

    began_s = time.monotonic()
    with pytest.raises(DatabaseUnavailable, match=r"ORBITWATCH_DATABASE=.* answer"):
        ask(own_postgres.uri, "test", freeze, longest_s=1)
    assert time.monotonic() - began_s < HANG_S
    os.kill(asked[0].info.backend_pid, signal.SIGCONT)
