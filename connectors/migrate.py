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
from functools import partial
from pathlib import Path

import psycopg
from psycopg import errors

from connectors.command import Parser, exit_code
from connectors.database.asking import in_time
from connectors.database.connection import Connection, connect, plain_errors
from connectors.database.migrations import (
    MIGRATIONS,
    Applied,
    Migration,
    applied,
    read_migrations,
)
from connectors.database.suitability import check_suitable
from connectors.errors import SettingsError
from connectors.process.side_task import Bound
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
# As in 0003_shared_roles.sql, but in whatever schema the tables are; and what the one
# who runs it makes later, where the roles had to be made by an administrator. Flows put
# rows that may be there already into a temporary table first.
_SHARE = """
    DO $$
    DECLARE
        role_name text;
        rights text;
        relation regclass;
        home text := current_schema();
        base text := current_database();
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
                'ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT %s ON TABLES TO %I',
                home, rights, role_name);
            FOR relation IN
                SELECT oid FROM pg_class
                WHERE relnamespace = home::regnamespace
                    AND relkind IN ('r', 'p', 'v', 'm')
                    AND relowner = current_user::regrole
            LOOP
                EXECUTE format('GRANT %s ON %s TO %I', rights, relation, role_name);
            END LOOP;
            IF has_schema_privilege(home, 'USAGE WITH GRANT OPTION') THEN
                EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', home, role_name);
            ELSIF NOT has_schema_privilege(role_name, home, 'USAGE') THEN
                RAISE WARNING 'may not let % see the tables: have an administrator run '
                    'GRANT USAGE ON SCHEMA %', role_name,
                    format('%I TO %I', home, role_name);
            END IF;
            IF role_name = 'orbitwatch_reader' THEN
                CONTINUE;
            ELSIF has_database_privilege(base, 'TEMP WITH GRANT OPTION') THEN
                EXECUTE format('GRANT TEMP ON DATABASE %I TO %I', base, role_name);
            ELSIF NOT has_database_privilege(role_name, base, 'TEMP') THEN
                RAISE WARNING 'may not let % make temporary tables, which flows need: '
                    'have an administrator run GRANT TEMP ON DATABASE %',
                    role_name, format('%I TO %I', base, role_name);
            END IF;
        END LOOP;
    END $$
"""
# What the extension brings may be in a schema that nobody thought of looking into.
_FIND_EXTENSION = """
    SELECT set_config(
        'search_path',
        concat_ws(
            ', ', nullif(current_setting('search_path'), ''), quote_ident(nspname)),
        true
    )
    FROM pg_extension
    JOIN pg_namespace ON pg_namespace.oid = extnamespace
    WHERE extname = 'timescaledb' AND nspname <> ALL (current_schemas(true))
"""
# A migration may rewrite a large table, and has to wait for whoever uses it.
_LONGEST_S = 86_400.0


def migrate(database: str, folder: Path = MIGRATIONS) -> Iterator[str]:
    """Applies what is missing; yields a line for people about each migration.

    Raises DatabaseUnavailable, and SettingsError for a file that was changed after it
    was applied. What was applied before an error stays.
    """
    migrations = read_migrations(folder)
    with plain_errors(database), closing(connect(database, "migrate")) as connection:
        connection.autocommit = True
        with connection.transaction():
            check_suitable(connection)
        warnings: list[str] = []
        connection.add_notice_handler(
            lambda notice: warnings.append(f"warning: {notice.message_primary}")
        )
        with closing(connect(database, "migrate")) as lock:
            yield from _lock(lock)
            for migration, outcome in _apply_missing(database, connection, migrations):
                yield f"{migration.name}: {outcome}"
                yield from warnings
                warnings.clear()
        yield from warnings


def _lock(connection: Connection) -> Iterator[str]:
    """Waits for another migration to end; the lock goes with the connection.

    It is one of a transaction: behind a pooler, that of a session would stay.
    """
    settings = (
        "SET LOCAL lock_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0"
    )
    connection.execute(settings)
    take = "SELECT pg_try_advisory_xact_lock(%s)"
    if connection.execute(take, (_LOCK,)).fetchone() != (True,):
        yield "waiting for another migration to end"
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))


def _apply_missing(
    database: str, connection: Connection, migrations: Sequence[Migration]
) -> Iterator[tuple[Migration, str]]:
    with connection.transaction():
        known = applied(connection)
    _refuse_changed(migrations, known)
    pending = [m for m in migrations if m.number not in known]
    lacking = _lacking(connection) if any(m.requires for m in pending) else {}
    _share(connection)
    for migration in migrations:
        if migration.number in known:
            yield migration, "applied before"
        elif migration.requires in lacking:
            yield migration, f"skipped: {lacking[migration.requires]}"
        else:
            bound = Bound(f"{migration.name} to be applied", _LONGEST_S)
            in_time(database, connection, partial(_apply, connection, migration), bound)
            yield migration, "applied"
    if pending:
        _share(connection)


def _share(connection: Connection) -> None:
    with connection.transaction():
        connection.execute("SET LOCAL client_min_messages = warning")
        connection.execute(_SHARE)


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
    try:
        with connection.transaction():
            # Without the screenful with which it greets.
            connection.execute("SET LOCAL client_min_messages = error")
            connection.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
    except errors.FeatureNotSupported:
        return nothing
    except errors.InsufficientPrivilege:
        return dict.fromkeys(nothing, _NO_RIGHT)
    edition = connection.execute(
        "SELECT current_setting('timescaledb.license', true)"
    ).fetchone()
    return {} if edition == ("timescale",) else {_COMMUNITY: nothing[_COMMUNITY]}


def _apply(connection: Connection, migration: Migration) -> None:
    try:
        with connection.transaction():
            connection.execute("SET LOCAL lock_timeout = 0")
            connection.execute("SET LOCAL client_min_messages = warning")
            connection.execute(_FIND_EXTENSION)
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
