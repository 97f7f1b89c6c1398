"""What the sink does when the database fails it."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from connectors.database.connection import Connection, connect
from connectors.database.positions import read_positions
from connectors.database.sink import DatabaseSink
from connectors.errors import DatabaseUnavailable, SchemaOutdated
from connectors.migrate import migrate
from tests.connectors.database.cut_answers import CutAnswers
from tests.connectors.fit_database import check_database
from tests.connectors.stored import count_samples
from tests.connectors.telemetry import (
    anomaly,
    in_volts,
    open_sink,
    poll,
    process,
    scored,
)
from tests.services.postgres import Postgres
from tests.services.waiting import HANG_S

FAIL_FIRST = """
    CREATE SEQUENCE attempt;
    CREATE FUNCTION fail_first() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF nextval('attempt') <= 2 THEN
            RAISE EXCEPTION 'no space left on device' USING ERRCODE = 'disk_full';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER fail_first BEFORE INSERT ON sample
    FOR EACH ROW EXECUTE FUNCTION fail_first()
"""
NOWHERE = "postgresql://flow:secret@127.0.0.1:1/orbitwatch"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose path is short enough for a socket."""
    made = Path(tempfile.mkdtemp(prefix="orbitwatch-"))
    yield made
    shutil.rmtree(made)


def with_user(uri: str, user: str) -> str:
    return urlsplit(uri)._replace(netloc=f"{user}@").geturl()


@pytest.mark.parametrize("statement", [b"COMMIT", b"COPY ", b"stream_position"])
def test_a_lost_answer_loses_and_doubles_nothing(
    folder: Path, plain_store: str, statement: bytes
):
    with open_sink(plain_store) as direct:
        direct.write(scored(poll(1), [1.0]))
    way = CutAnswers(folder, plain_store, statement)
    try:
        with open_sink(way.uri) as sink:
            first, second = poll(1, offset=20), poll(2, offset=30)
            way.left = 2
            sink.write(scored(first, [1.0, 2.0], anomalies=(anomaly(1),)))
            way.left += 1
            sink.write(scored(second, [1.0, 2.0, 3.0], anomalies=(anomaly(2),)))
    finally:
        way.close()
    assert way.left == 0
    assert sink.counted("retries") == 3
    with connect(plain_store, "test") as reader:
        assert count_samples(reader) == 3
        (position,) = read_positions(reader, "spacecraft")
        assert position.next_offset == 30
        query = "SELECT revision FROM anomaly"
        assert reader.execute(query).fetchall() == [(2,)]


def test_a_full_disk_is_waited_for(plain_store: str, caplog: pytest.LogCaptureFixture):
    caplog.set_level("INFO")
    with connect(plain_store, "test") as admin:
        admin.execute(FAIL_FIRST)
    with open_sink(plain_store) as sink:
        sink.write(scored(poll(1), [1.0]))
    assert sink.counted("retries") == 2
    assert sink.counted("samples") == 1
    warnings = [r.getMessage() for r in caplog.records if r.levelname == "WARNING"]
    # One line a minute, and the same problem was met twice.
    (warning,) = warnings
    assert "no space left on device" in warning
    assert "\n" not in warning
    assert "storing again after" in caplog.text


def test_the_sink_goes_on_when_a_stopped_server_is_back(own_postgres: Postgres):
    list(migrate(own_postgres.uri))
    with open_sink(own_postgres.uri) as sink:
        sink.write(scored(poll(1), [1.0]))
        own_postgres.stop()
        start = threading.Timer(1, own_postgres.start)
        start.start()
        sink.write(scored(poll(2), [1.0, 2.0]))
        start.join()
        assert sink.counted("retries") > 0
        assert sink.run.health._database_works
        with connect(own_postgres.uri, "test") as reader:
            assert count_samples(reader) == 2


def test_the_sink_gives_up_in_time_and_says_which_setting(own_postgres: Postgres):
    list(migrate(own_postgres.uri))
    with open_sink(own_postgres.uri, retry_seconds=1) as sink:
        own_postgres.stop()
        started_s = time.monotonic()
        with pytest.raises(DatabaseUnavailable, match="ORBITWATCH_DATABASE=postgres"):
            sink.write(scored(poll(1), [1.0]))
        assert time.monotonic() - started_s < HANG_S
        assert not sink.run.health._database_works


def test_a_process_told_to_stop_does_not_wait_for_the_database():
    run = process(NOWHERE, retry_seconds=3600)
    threading.Timer(0.5, run.should_stop.ask).start()
    started_s = time.monotonic()
    sink = DatabaseSink(run, "spacecraft", in_volts)
    with pytest.raises(DatabaseUnavailable):
        sink.build_part("database", "database", None)
    assert time.monotonic() - started_s < HANG_S


@pytest.mark.parametrize(
    "database",
    [
        NOWHERE,
        "host=127.0.0.1 port=1 user=flow password=secret",
        "postgresql://flow@127.0.0.1:1/orbitwatch?password=secret",
        "postgresql://flow:sec@secret@127.0.0.1/orbitwatch",
        "postgresql://flow:secret/@127.0.0.1/orbitwatch",
        "postgresql://flow:secret@127.0.0.1/orbitwatch?no_such=secret",
    ],
)
def test_an_unusable_address_is_one_line_without_the_password(database: str):
    started_s = time.monotonic()
    with pytest.raises(DatabaseUnavailable) as caught:
        check_database(database)
    assert time.monotonic() - started_s < HANG_S
    assert "ORBITWATCH_DATABASE=" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_address_may_name_an_encoding_and_options(plain_store: str):
    options = "client_encoding=latin1&options=-c%20work_mem%3D7MB"
    join = "&" if "?" in plain_store else "?"
    with connect(f"{plain_store}{join}{options}", "test") as connection:
        found = connection.execute("SELECT current_setting('work_mem'), '€'").fetchone()
    assert found == ("7MB", "€")


def test_a_wrong_password_is_told_as_the_server_tells_it(own_postgres: Postgres):
    with psycopg.connect(own_postgres.uri, autocommit=True) as admin:
        admin.execute("CREATE ROLE flow LOGIN PASSWORD 'right'")
        found = admin.execute("SHOW hba_file").fetchone()
        assert found is not None
        rules = Path(found[0])
        rules.write_text("local all flow scram-sha-256\n" + rules.read_text())
    # A server that is told to read them again does so at some later moment.
    own_postgres.stop()
    own_postgres.start()
    uri = with_user(own_postgres.uri, "flow:wrong-secret")
    with pytest.raises(DatabaseUnavailable, match="password authentication") as caught:
        check_database(uri)
    assert "wrong-secret" not in str(caught.value)


def test_what_will_not_pass_is_not_waited_for(plain_store: str):
    with connect(plain_store, "test") as admin:
        admin.execute("ALTER TABLE sample RENAME COLUMN anomaly_score TO other")
    with open_sink(plain_store) as sink:
        with pytest.raises(DatabaseUnavailable, match="anomaly_score"):
            sink.write(scored(poll(1), [1.0]))
    assert sink.counted("retries") == 0


def test_a_database_without_the_schema_is_told_at_once(database: str):
    with pytest.raises(SchemaOutdated, match="0001_shared_tables"):
        open_sink(database)


def test_parameters_of_a_failed_transaction_are_not_remembered(plain_store: str):
    with open_sink(plain_store) as sink:
        bad = anomaly(1, severity=99)
        with pytest.raises(DatabaseUnavailable, match="severity"):
            sink.write(scored(poll(1), [1.0], anomalies=(bad,)))
        sink.write(scored(poll(2), [1.0]))
        with connect(plain_store, "test") as reader:
            query = "SELECT value FROM sample_named"
            assert reader.execute(query).fetchall() == [(1.0,)]


def test_two_sinks_may_meet_the_same_new_parameters(plain_store: str):
    def write(first: int, failed: list[BaseException]) -> None:
        try:
            with open_sink(plain_store) as sink:
                for number in range(1, 6):
                    at = poll(number, pieces=200, partition=first)
                    names = [f"p{number}-{each}" for each in range(200)]
                    names = names[::-1] if first else names
                    first_us = first + number * 2
                    sink.write(
                        *[
                            scored(at, [1.0], parameter=each, first_us=first_us)
                            for each in names
                        ]
                    )
        except BaseException as error:
            failed.append(error)

    failed: list[BaseException] = []
    threads = [threading.Thread(target=write, args=(n, failed)) for n in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    with connect(plain_store, "test") as reader:
        query = "SELECT count(*), count(DISTINCT qualified_name) FROM sample_named"
        assert reader.execute(query).fetchone() == (2_000, 1_000)


def rights(connection: Connection, role: str, relation: str) -> list[bool]:
    query = "SELECT has_table_privilege(%s, %s, %s)"
    found = (
        connection.execute(query, (role, relation, right)).fetchone()
        for right in ("SELECT", "INSERT", "DELETE")
    )
    return [row[0] for row in found if row]


def test_the_writer_may_store_and_the_reader_may_only_look(
    store: str, reader: Connection
):
    as_role = f"{store}&options=-c%20role%3Dorbitwatch_"
    with open_sink(f"{as_role}writer") as sink:
        check_database(f"{as_role}writer")
        sink.write(scored(poll(1), [1.0], anomalies=(anomaly(1),)))
        sink.write(scored(poll(2), [1.0, 2.0], anomalies=(anomaly(2),)))
    with open_sink(f"{as_role}reader") as sink:
        with pytest.raises(DatabaseUnavailable, match="permission denied"):
            sink.write(scored(poll(3), [1.0]))
    with connect(f"{as_role}reader", "test") as looking:
        for view in ("sample_named", "sample_minute_named", "anomaly_named"):
            query = psycopg.sql.SQL("SELECT count(*) FROM {}")
            row = looking.execute(query.format(psycopg.sql.Identifier(view))).fetchone()
            assert row is not None
            assert row[0] > 0
    reader.execute("CREATE TABLE of_the_future (n int)")
    assert rights(reader, "orbitwatch_reader", "of_the_future") == [True, False, False]
    assert rights(reader, "orbitwatch_writer", "of_the_future") == [True, True, False]


def test_a_batch_is_stored_while_the_next_is_made_and_its_failure_comes_then(
    plain_store: str,
):
    with open_sink(plain_store, retry_seconds=0) as sink:
        sink.write(scored(poll(1), [1.0]))
        with psycopg.connect(plain_store, autocommit=True) as other:
            other.execute("ALTER TABLE sample RENAME TO elsewhere")
        sink.partition.write_batch([scored(poll(2), [2.0])])
        with pytest.raises(DatabaseUnavailable):
            sink.partition.snapshot()
