"""`python -m connectors.migrate` brings the database's schema up to date.

Migrations are the files of provisioning/timescale/migrations, in the order of their
numbers. Each is applied once, in a transaction of its own. One whose first line is

    -- requires: timescaledb            (the extension)
    -- requires: timescaledb community  (what its Apache edition lacks)

is skipped where the server does not offer that, and applied when it does. A file that
was applied may no more be changed, unless it does the same as before and says so:

    -- formerly: <SHA-256 of the earlier text>
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import psycopg
from psycopg import errors

from connectors.command import Parser, exit_code
from connectors.database.connection import Connection, connect, plain_errors
from connectors.database.migrations import (
    MIGRATIONS,
    Applied,
    Migration,
    applied,
    read_migrations,
)
from connectors.errors import SettingsError
from connectors.settings import Settings

ABOUT = "Brings the schema of the database ORBITWATCH_DATABASE up to date."

# Any number will do that no other program uses for a lock in this database.
_LOCK = 7_203_811_946
_EXTENSION = "timescaledb"
_COMMUNITY = "timescaledb community"
_NO_RIGHT = (
    "this user may not create the extension timescaledb; have an administrator run "
    "CREATE EXTENSION timescaledb, then migrate again"
)
_MAKE_TABLE = """
    CREATE TABLE IF NOT EXISTS schema_migration (
        name text PRIMARY KEY,
        applied_at timestamptz NOT NULL DEFAULT now(),
        checksum text NOT NULL
    )
"""
# As in 0003_shared_roles.sql, which holds for what the one who runs it makes: where
# that had to be an administrator, not for what comes with later migrations.
_SHARE = """
    DO $$
    DECLARE
        role_name text;
        rights text;
    BEGIN
        FOR role_name, rights IN
            SELECT known.role_name, known.rights
            FROM (
                VALUES
                    ('orbitwatch_reader', 'SELECT'),
                    ('orbitwatch_writer', 'SELECT, INSERT, UPDATE')
            ) AS known (role_name, rights)
            JOIN pg_roles ON rolname = known.role_name
        LOOP
            EXECUTE format(
                'ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT %s ON TABLES TO %I',
                rights, role_name);
        END LOOP;
    END $$
"""


def migrate(database: str, folder: Path = MIGRATIONS) -> Iterator[str]:
    """Applies what is missing; yields a line for people about each migration.

    Raises DatabaseUnavailable, and SettingsError for a file that was changed after it
    was applied. What was applied before an error stays.
    """
    migrations = read_migrations(folder)
    with plain_errors(database), closing(connect(database, "migrate")) as connection:
        connection.autocommit = True
        # Some migrations rewrite tables, and wait for whoever uses them.
        connection.execute("SET lock_timeout = 0")
        connection.execute("SET client_min_messages = warning")
        warnings: list[str] = []
        connection.add_notice_handler(
            lambda notice: warnings.append(f"warning: {notice.message_primary}")
        )
        yield from _lock(connection)
        for migration, outcome in _apply_missing(connection, migrations):
            yield f"{migration.name}: {outcome}"
            yield from warnings
            warnings.clear()


def _lock(connection: Connection) -> Iterator[str]:
    """Waits for another migration to end; the lock goes with the connection."""
    found = connection.execute("SELECT pg_try_advisory_lock(%s)", (_LOCK,)).fetchone()
    if found != (True,):
        yield "waiting for another migration to end"
        connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))


def _apply_missing(
    connection: Connection, migrations: Sequence[Migration]
) -> Iterator[tuple[Migration, str]]:
    known = applied(connection)
    _refuse_changed(migrations, known)
    pending = [m for m in migrations if m.number not in known]
    lacking = _lacking(connection) if any(m.requires for m in pending) else {}
    if pending:
        connection.execute(_SHARE)
    for migration in migrations:
        if migration.number in known:
            yield migration, "applied before"
        elif migration.requires in lacking:
            yield migration, f"skipped: {lacking[migration.requires]}"
        else:
            _apply(connection, migration)
            yield migration, "applied"


def _refuse_changed(
    migrations: Iterable[Migration], known: Mapping[int, Applied]
) -> None:
    for migration in migrations:
        before = known.get(migration.number)
        if before is not None and not before.is_of(migration):
            then = "" if before.name == migration.name else f" as {before.name}"
            raise SettingsError(
                migration.name,
                f"was changed after it was applied to this database{then}; restore the "
                "file, and put the change into a new migration",
            )


def _lacking(connection: Connection) -> Mapping[str, str]:
    """What migrations can require, but not have here, and why; makes the extension.

    An extension that is installed but not preloaded would end the connection.
    """
    preloaded = connection.execute(
        "SELECT 1 FROM pg_settings WHERE name = 'timescaledb.disable_load'"
    ).fetchone()
    nothing = {
        needed: f"the server does not offer {needed}"
        for needed in (_EXTENSION, _COMMUNITY)
    }
    if preloaded is None:
        return nothing
    # Without the screenful with which it greets.
    connection.execute("SET client_min_messages = error")
    try:
        connection.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
    except errors.FeatureNotSupported:
        return nothing
    except errors.InsufficientPrivilege:
        return dict.fromkeys(nothing, _NO_RIGHT)
    finally:
        connection.execute("SET client_min_messages = warning")
    edition = connection.execute(
        "SELECT current_setting('timescaledb.license', true)"
    ).fetchone()
    return {} if edition == ("timescale",) else {_COMMUNITY: nothing[_COMMUNITY]}


def _apply(connection: Connection, migration: Migration) -> None:
    try:
        with connection.transaction():
            connection.execute(_MAKE_TABLE)
            connection.execute(migration.sql)
            connection.execute(
                "INSERT INTO schema_migration (name, checksum) VALUES (%s, %s)",
                (migration.name, migration.checksum),
            )
    except psycopg.Error as error:
        raise psycopg.DatabaseError(f"{migration.name}: {error}") from None


def run() -> None:
    """Migrates the database that the environment names, and says what was done.

    Raises OrbitwatchError if that cannot be done.
    """
    for line in migrate(Settings.from_environment().database):
        print(line, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 2 for wrong arguments and settings, 1 for what went wrong."""
    # Nobody who asks what it does is to have it done.
    Parser(prog="python -m connectors.migrate", description=ABOUT).parse_args(arguments)
    return exit_code(run)


if __name__ == "__main__":
    sys.exit(main())
