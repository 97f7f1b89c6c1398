"""Migrations bring any database to the newest schema, once, and say what they did."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import psycopg
import pytest

from connectors.database.connection import connect
from connectors.database.migrations import MIGRATIONS, missing, read_migrations
from connectors.errors import DatabaseUnavailable, SettingsError
from connectors.migrate import migrate
from tests.services.postgres import Postgres, plain_migrations_in
from tests.services.waiting import HANG_S, wait_until

SCHEMA = """
    SELECT table_name, column_name, data_type, is_nullable
    FROM information_schema.columns
    WHERE table_schema = 'public'
        AND table_name IN (SELECT relname FROM pg_class WHERE relkind IN ('r', 'v'))
    ORDER BY table_name, column_name
"""
LEVELS = ["IN_LIMITS", "WATCH", "WARNING", "DISTRESS", "CRITICAL", "SEVERE"]
PLAIN = [m.name for m in read_migrations() if not m.requires]
ALL = [m.name for m in read_migrations()]
RECORDED = MIGRATIONS.parents[2] / "tests/provisioning/recorded_migrations.txt"


def query(database: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(database) as connection:
        return connection.execute(statement.encode()).fetchall()


def run(database: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "connectors.migrate", *arguments],
        cwd=MIGRATIONS.parents[2],
        env={**os.environ, "ORBITWATCH_DATABASE": database},
        capture_output=True,
        text=True,
        timeout=HANG_S,
    )


def test_an_empty_database_gets_the_whole_schema(database: str, plain_migrations: Path):
    assert missing(database) == PLAIN
    lines = list(migrate(database, plain_migrations))
    assert lines == [f"{name}: applied" for name in PLAIN]
    assert missing(database) == []
    names = query(database, "SELECT name FROM severity ORDER BY level")
    assert [name for (name,) in names] == LEVELS


def test_a_migrated_database_is_left_as_it_is(database: str, plain_migrations: Path):
    list(migrate(database, plain_migrations))
    before = query(database, SCHEMA)
    lines = list(migrate(database, plain_migrations))
    assert lines == [f"{name}: applied before" for name in PLAIN]
    assert query(database, SCHEMA) == before


def test_a_file_changed_after_it_was_applied_is_refused(
    database: str, plain_migrations: Path
):
    list(migrate(database, plain_migrations))
    with (plain_migrations / PLAIN[0]).open("a") as file:
        file.write("-- a remark\n")
    with pytest.raises(SettingsError, match=f"^{PLAIN[0]}: was changed after"):
        list(migrate(database, plain_migrations))


@pytest.fixture
def earlier_migrations(plain_migrations: Path) -> Path:
    """The plain migrations, named and written as before they named systems."""
    for line in RECORDED.read_text().splitlines():
        checksum, name = line.split()
        for file in plain_migrations.glob(f"{name[:4]}_*"):
            earlier = file.rename(plain_migrations / name)
            if name == "0003_roles.sql":
                text = re.sub("^-- formerly: .*\n\n", "", earlier.read_text())
                earlier.write_text(text.replace("0003_shared_roles.sql", name))
            assert hashlib.sha256(earlier.read_bytes()).hexdigest() == checksum
    return plain_migrations


def test_what_was_applied_under_an_earlier_name_is_not_applied_again(
    database: str, earlier_migrations: Path, tmp_path: Path
):
    list(migrate(database, earlier_migrations))
    before = query(database, SCHEMA)
    recorded = "SELECT name FROM schema_migration ORDER BY name"
    assert ("0017_place.sql",) in query(database, recorded)
    assert missing(database) == []
    lines = list(migrate(database, plain_migrations_in(tmp_path / "renamed")))
    assert lines == [f"{name}: applied before" for name in PLAIN]
    assert query(database, SCHEMA) == before


def test_a_renamed_file_that_was_changed_is_refused_by_both_names(
    database: str, earlier_migrations: Path, tmp_path: Path
):
    list(migrate(database, earlier_migrations))
    renamed = plain_migrations_in(tmp_path / "renamed")
    with (renamed / "0017_iss_tracking_place.sql").open("a") as file:
        file.write("-- a remark\n")
    refusal = "^0017_iss_tracking_place.sql: was changed .* as 0017_place.sql; restore"
    with pytest.raises(SettingsError, match=refusal):
        list(migrate(database, renamed))


def test_a_text_that_does_the_same_as_the_one_applied_is_taken(
    database: str, plain_migrations: Path
):
    list(migrate(database, plain_migrations))
    file = plain_migrations / PLAIN[0]
    earlier = file.read_text()
    checksum = hashlib.sha256(earlier.encode()).hexdigest()
    file.write_text(f"-- formerly: {checksum}\n\n-- A remark.\n{earlier}")
    assert list(migrate(database, plain_migrations)) == [
        f"{name}: applied before" for name in PLAIN
    ]


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        (
            "0001_other.sql",
            r"0001_other.sql and 0001_shared_tables.sql.*delete the row",
        ),
        ("by_hand.sql", r"'by_hand.sql', which is no name.*delete the row"),
    ],
)
def test_records_that_leave_it_unclear_what_was_applied_are_refused_with_advice(
    database: str, plain_migrations: Path, name: str, advice: str
):
    list(migrate(database, plain_migrations))
    with psycopg.connect(database) as connection:
        insert = "INSERT INTO schema_migration (name, checksum) VALUES (%s, '')"
        connection.execute(insert, (name,))
    for act in (
        lambda: list(migrate(database, plain_migrations)),
        lambda: missing(database),
    ):
        with pytest.raises(DatabaseUnavailable, match=advice):
            act()


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("0001_zebra.sql", "0001_zebra.sql: has the number of 0001_shared_tables.sql"),
        ("20_tables.sql", "20_tables.sql: is no name of a migration"),
    ],
)
def test_files_that_leave_it_unclear_which_is_which_are_refused(
    plain_migrations: Path, name: str, problem: str
):
    (plain_migrations / name).write_text("SELECT 1")
    with pytest.raises(SettingsError, match=problem):
        read_migrations(plain_migrations)


def test_a_broken_migration_is_named_and_leaves_nothing(
    database: str, plain_migrations: Path
):
    broken = plain_migrations / "9999_broken.sql"
    broken.write_text("CREATE TABLE half (n int); SELECT no_such_function();")
    with pytest.raises(DatabaseUnavailable, match=r"9999_broken.sql: .*no_such_fun"):
        list(migrate(database, plain_migrations))
    assert query(database, "SELECT to_regclass('half')") == [(None,)]
    assert missing(database) == []


def test_two_at_once_do_each_migration_once(database: str, plain_migrations: Path):
    slow = "SELECT pg_advisory_xact_lock(1); CREATE TABLE slow (n int);"
    (plain_migrations / "0000_slow.sql").write_text(slow)
    waiting = """
        SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database
        WHERE locktype = 'advisory' AND NOT granted AND datname = current_database()
    """
    outcomes: list[list[str]] = []

    def work() -> None:
        outcomes.append(list(migrate(database, plain_migrations)))

    threads = [threading.Thread(target=work) for _ in range(2)]
    with psycopg.connect(database) as gate:
        gate.execute("SELECT pg_advisory_xact_lock(1)")
        for thread in threads:
            thread.start()
        # One for us, and the other for that one.
        wait_until(lambda: query(database, waiting) == [(2,)], "two that wait")
    for thread in threads:
        thread.join()
    first, second = outcomes
    assert all(line.endswith(": applied") for line in first)
    assert second[0] == "waiting for another migration to end"
    assert all(line.endswith(": applied before") for line in second[1:])


def test_with_timescale_the_views_have_the_same_columns(
    timescale_database: str, plain_migrations: Path
):
    list(migrate(timescale_database, plain_migrations))
    plain = query(timescale_database, SCHEMA)
    lines = list(migrate(timescale_database))
    assert lines == [
        f"{name}: {'applied before' if name in PLAIN else 'applied'}" for name in ALL
    ]
    assert query(timescale_database, SCHEMA) == plain


def test_samples_stored_before_timescale_was_there_are_kept(
    timescale_database: str, plain_migrations: Path
):
    list(migrate(timescale_database, plain_migrations))
    with connect(timescale_database, "test") as connection:
        connection.execute("""
            INSERT INTO sample (generation_time, value, parameter_id, severity)
            SELECT generate_series('2020-01-01'::timestamptz, '2020-01-03', '1 hour'),
                1.5, 1, 0
        """)
    list(migrate(timescale_database))
    assert query(
        timescale_database,
        "SELECT count(*), (SELECT count(*) FROM show_chunks('sample')) FROM sample",
    ) == [(49, 3)]


def test_what_the_server_does_not_offer_is_skipped_and_said(own_postgres: Postgres):
    own_postgres.stop()
    preloaded = own_postgres.options.pop("shared_preload_libraries", None)
    own_postgres.start()
    lines = list(migrate(own_postgres.uri))
    assert [line for line in lines if line.endswith(": applied")] == [
        f"{name}: applied" for name in PLAIN
    ]
    assert sum("skipped: the server does not offer" in line for line in lines) == (
        len(ALL) - len(PLAIN)
    )
    assert missing(own_postgres.uri) == []
    if preloaded is None:
        pytest.skip("the server does not offer TimescaleDB, so it cannot do so later")
    own_postgres.stop()
    own_postgres.options["shared_preload_libraries"] = preloaded
    own_postgres.start()
    assert list(migrate(own_postgres.uri)) == [
        f"{name}: {'applied before' if name in PLAIN else 'applied'}" for name in ALL
    ]


def test_roles_that_may_not_be_created_are_reported(own_postgres: Postgres):
    with psycopg.connect(own_postgres.uri, autocommit=True) as admin:
        admin.execute("CREATE ROLE owner LOGIN")
        admin.execute("CREATE DATABASE owned OWNER owner")
    uri = own_postgres.uri.replace("postgres@", "owner@").replace(
        "/postgres?", "/owned?"
    )
    lines = list(migrate(uri))
    assert "0003_shared_roles.sql: applied" in lines
    assert sum("may not create the role orbitwatch_" in line for line in lines) == 2
    assert missing(uri) == []


def test_what_comes_later_may_be_read_also_where_an_administrator_made_the_roles(
    own_postgres: Postgres, tmp_path: Path
):
    with psycopg.connect(own_postgres.uri, autocommit=True) as admin:
        admin.execute("CREATE ROLE owner LOGIN")
        admin.execute("CREATE DATABASE owned OWNER owner")
    administrator = own_postgres.uri.replace("/postgres?", "/owned?")
    owner = administrator.replace("postgres@", "owner@")
    folder = tmp_path / "plain"
    list(migrate(owner, plain_migrations_in(folder)))
    with psycopg.connect(administrator, autocommit=True) as admin:
        admin.execute((folder / "0003_shared_roles.sql").read_bytes())
    later = "CREATE TABLE later (); CREATE VIEW later_named AS SELECT FROM later"
    (folder / "9999_later.sql").write_text(later)
    list(migrate(owner, folder))
    with psycopg.connect(administrator, autocommit=True) as connection:
        connection.execute("SET ROLE orbitwatch_reader")
        connection.execute("SELECT FROM later_named")
        connection.execute("SET ROLE orbitwatch_writer")
        connection.execute("INSERT INTO later DEFAULT VALUES")


def test_who_may_not_create_the_extension_is_told_so(own_postgres: Postgres):
    if "shared_preload_libraries" not in own_postgres.options:
        pytest.skip("the PostgreSQL server does not offer the extension TimescaleDB")
    with psycopg.connect(own_postgres.uri, autocommit=True) as admin:
        admin.execute("CREATE ROLE guest LOGIN")
        admin.execute("GRANT ALL ON SCHEMA public TO guest")
    lines = list(migrate(own_postgres.uri.replace("postgres@", "guest@")))
    assert sum("skipped: this user may not create" in line for line in lines) == (
        len(ALL) - len(PLAIN)
    )
    assert sum("may not create the role orbitwatch_" in line for line in lines) == 2
    with psycopg.connect(own_postgres.uri, autocommit=True) as admin:
        admin.execute("CREATE EXTENSION timescaledb")
    again = list(migrate(own_postgres.uri.replace("postgres@", "guest@")))
    assert not [line for line in again if "skipped" in line]


def test_the_command_says_what_it_did(database: str):
    done = run(database)
    assert done.returncode == 0
    assert done.stdout.splitlines()[0] == f"{ALL[0]}: applied"
    assert done.stderr == ""


def test_the_command_does_nothing_when_it_is_asked_what_it_does(database: str):
    asked, wrong = run(database, "--help"), run(database, "--dry-run")
    assert asked.returncode == 0
    assert asked.stdout.startswith("usage: python -m connectors.migrate")
    assert wrong.returncode == 2
    assert missing(database) == PLAIN


@pytest.mark.parametrize(
    "database",
    ["postgresql://flow:secret@127.0.0.1:1/x", "postgresql://localhost:99999/x"],
)
def test_the_command_tells_an_unusable_database_in_one_line(database: str):
    done = run(database)
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("orbitwatch: ORBITWATCH_DATABASE=")
    assert "secret" not in line


def test_a_folder_without_migrations_is_an_error(tmp_path: Path, database: str):
    shutil.rmtree(tmp_path, ignore_errors=True)
    with pytest.raises(SettingsError, match="holds no migrations"):
        list(migrate(database, tmp_path))


def test_a_migration_that_meets_a_change_of_the_same_is_tried_again(
    database: str, tmp_path: Path
):
    """As the jobs of TimescaleDB make them, which begin when they like."""

    def make(number: int) -> str:
        return (
            f"CREATE OR REPLACE FUNCTION made() RETURNS int AS 'SELECT {number}' "
            "LANGUAGE sql"
        )

    with psycopg.connect(database) as somebody:
        somebody.execute(make(1).encode())
        somebody.commit()
        (tmp_path / "0001_made.sql").write_text(make(3))
        somebody.execute(make(2).encode())
        lines: list[str] = []
        migrating = threading.Thread(
            target=lambda: lines.extend(migrate(database, tmp_path))
        )
        migrating.start()
        waiting = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        wait_until(lambda: bool(query(database, waiting)), "a migration that waits")
        somebody.commit()
    migrating.join(HANG_S)
    assert lines == ["0001_made.sql: applied"]
    assert query(database, "SELECT made()") == [(3,)]
