"""Behind PgBouncer, which lends another server connection to each transaction."""

import threading
from pathlib import Path

import psycopg

from connectors.database.connection import Connection, connect
from connectors.database.migrations import missing
from connectors.migrate import migrate
from tests.connectors.fit_database import check_database
from tests.connectors.stored import count_samples
from tests.connectors.telemetry import anomaly, open_sink, poll, scored
from tests.services.pgbouncer import PgBouncer

IN_EFFECT = """
    SELECT current_setting('lock_timeout'), current_setting('timezone'),
        current_setting('work_mem')
"""


def test_a_database_is_migrated_and_checked_through_it(
    pooler: PgBouncer, database: str, plain_migrations: Path
):
    way = pooler.uri(database)
    first, second = (list(migrate(way, plain_migrations)) for _ in range(2))
    assert all(line.endswith(": applied") for line in first)
    assert all(line.endswith(": applied before") for line in second)
    check_database(way)
    assert missing(way) == []
    with psycopg.connect(database) as direct:
        locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
        assert direct.execute(locks).fetchone() == (0,)


def test_flows_that_share_server_connections_store_everything_once(
    pooler: PgBouncer, plain_store: str
):
    way, failed = pooler.uri(plain_store), list[BaseException]()

    def store(partition: int) -> None:
        try:
            for _ in range(3):  # restarts: each finds what the others have prepared
                with open_sink(way) as sink:
                    for number in range(1, 9):
                        at = poll(number, offset=number * 10, partition=partition)
                        values = [float(n) for n in range(number)]
                        name = f"p{partition}"
                        found = (anomaly(number, partition + 1),)
                        sink.write(
                            scored(at, values, parameter=name, anomalies=found),
                        )
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=store, args=(each,)) for each in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    with connect(way, "test") as reader:
        assert count_samples(reader) == 6 * 8


def in_effect(connection: Connection) -> tuple[object, ...] | None:
    return connection.execute(IN_EFFECT).fetchone()


def test_each_transaction_has_our_settings_and_those_of_the_address(
    pooler: PgBouncer, plain_store: str
):
    way = f"{pooler.uri(plain_store)}?options=-c%20work_mem%3D7MB"
    expected = ("10s", "UTC", "7MB")
    with connect(way, "one") as one, connect(way, "two") as two:
        assert one.is_pooled
        for connection in (one, two, one):
            with connection.transaction():
                assert in_effect(connection) == expected
            assert in_effect(connection) == expected
            connection.commit()
            with connection.cursor() as cursor:
                assert cursor.execute(IN_EFFECT).fetchone() == expected
            connection.rollback()


def test_what_is_set_for_us_is_not_left_to_others(pooler: PgBouncer, plain_store: str):
    way = pooler.uri(plain_store)
    with connect(way, "ours") as ours:
        assert in_effect(ours)
        ours.commit()
        for _ in range(3):
            with psycopg.connect(way) as other:
                assert other.execute("SHOW lock_timeout").fetchone() == ("0",)


def test_repeated_samples_leave_no_table_in_the_sessions_of_others(
    pooler: PgBouncer, plain_store: str
):
    way = pooler.uri(plain_store)
    with open_sink(way) as sink:
        for number, values in enumerate(([1.0], [1.0, 2.0], [1.0, 2.0, 3.0]), start=1):
            sink.write(scored(poll(number, offset=number * 10), values))
        assert sink.counted("repeated") == 3
        with connect(plain_store, "test") as reader:
            left = "SELECT count(*) FROM pg_class WHERE relname = 'arriving'"
            assert reader.execute(left).fetchone() == (0,)


def test_a_server_without_a_pooler_has_the_settings_for_its_session(plain_store: str):
    with connect(plain_store, "test") as connection:
        assert not connection.is_pooled
        connection.autocommit = True
        found = in_effect(connection)
        assert found is not None
        assert found[:2] == ("10s", "UTC")
