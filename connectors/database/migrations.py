"""The migrations of the database: the files, and which of them a database lacks.

A migration is known by its number: `0017_iss_tracking_place.sql` counts as applied to a
database that recorded `0017_place.sql`, so that a file may get a better name.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg

from connectors.database.asking import ask
from connectors.database.connection import Connection
from connectors.database.suitability import (
    check_rights,
    check_suitable,
    clock_ahead_s,
    described,
)
from connectors.errors import ClockOff, SchemaOutdated, SettingsError

MIGRATIONS = Path(__file__).resolve().parents[2] / "provisioning/timescale/migrations"

_NAME = re.compile(r"(\d{4})_\w+\.sql")
_REQUIRES = re.compile(r"^-- requires: (.+)$", re.MULTILINE)
_TABLE = re.compile(r"^CREATE TABLE (?:IF NOT EXISTS )?(\w+)", re.MULTILINE)
_NOT_WRITTEN = {"severity"}
# More than machines that are kept in time differ, or an answer takes.
_CLOCKS_S = 30.0
_FORMERLY = re.compile(r"^-- formerly: ([0-9a-f]{64})$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Migration:
    """A file of SQL; `requires` is what the server has to offer, or nothing.

    `formerly` are the checksums of earlier texts of the file that did the same.
    """

    number: int
    name: str
    sql: bytes
    requires: str
    formerly: frozenset[str]

    @property
    def checksum(self) -> str:
        """Tells whether the file was changed."""
        return hashlib.sha256(self.sql).hexdigest()


@dataclass(frozen=True, slots=True)
class Applied:
    """What a database has noted of a migration: the file's name and checksum then."""

    name: str
    checksum: str

    def is_of(self, migration: Migration) -> bool:
        """Whether the file still does what was done."""
        return self.checksum in {migration.checksum, *migration.formerly}


def read_migrations(folder: Path = MIGRATIONS) -> list[Migration]:
    """All migrations, in order of their numbers.

    Raises SettingsError if there are none, and for names that leave it unclear which
    is which.
    """
    migrations: dict[int, Migration] = {}
    for file in sorted(folder.glob("*.sql")):
        migration = _read(file)
        if other := migrations.get(migration.number):
            raise SettingsError(
                str(file),
                f"has the number of {other.name}; give the one that was applied to no "
                "database yet the next free number",
            )
        migrations[migration.number] = migration
    if not migrations:
        raise SettingsError(str(folder), "holds no migrations")
    return [migrations[number] for number in sorted(migrations)]


def _read(file: Path) -> Migration:
    if (number := _number(file.name)) is None:
        raise SettingsError(
            str(file),
            "is no name of a migration; call it NNNN_what_it_does.sql, with the next "
            "free number",
        )
    sql = file.read_bytes()
    text = sql.decode()
    requires = _REQUIRES.match(text)
    return Migration(
        number,
        file.name,
        sql,
        requires[1].strip() if requires else "",
        frozenset(_FORMERLY.findall(text)),
    )


def _number(name: str) -> int | None:
    found = _NAME.fullmatch(name)
    return int(found[1]) if found else None


def missing(database: str, folder: Path = MIGRATIONS) -> list[str]:
    """The migrations the database lacks, but for those that need an extension.

    Raises DatabaseUnavailable.
    """
    return _lacking(ask(database, "check", applied), folder)


def _lacking(known: Mapping[int, Applied], folder: Path) -> list[str]:
    needed = [each for each in read_migrations(folder) if not each.requires]
    return [migration.name for migration in needed if migration.number not in known]


def applied(connection: Connection) -> dict[int, Applied]:
    """What was applied, by number.

    Raises psycopg.Error, also if what is recorded leaves it unclear.
    """
    if connection.execute("SELECT to_regclass('schema_migration')").fetchone() == (
        None,
    ):
        return {}
    known: dict[int, Applied] = {}
    rows = connection.execute(
        "SELECT name, checksum FROM schema_migration ORDER BY name"
    ).fetchall()
    for name, checksum in rows:
        if (number := _number(name)) is None:
            raise psycopg.DatabaseError(
                f"the table schema_migration records {name!r}, which is no name of a "
                "migration; if that is none of Orbitwatch, delete the row"
            )
        if other := known.get(number):
            raise psycopg.DatabaseError(
                f"the table schema_migration records {other.name} and {name}, which "
                "have the same number; find out which of them made what is in the "
                "database, and delete the row of the other one"
            )
        known[number] = Applied(name, checksum)
    return known


def written_tables(folder: Path = MIGRATIONS) -> list[str]:
    """The tables that flows store in."""
    made = {
        table
        for migration in read_migrations(folder)
        if not migration.requires
        for table in _TABLE.findall(migration.sql.decode())
    }
    return sorted(made - _NOT_WRITTEN)


def look_at_server(database: str) -> str:
    """Says what the database is; raises DatabaseUnavailable if it does not fit."""

    def look(connection: Connection) -> str:
        check_suitable(connection)
        return described(connection)

    return ask(database, "check", look)


def look_at_schema(database: str) -> str:
    """Says that all migrations are applied; raises SchemaOutdated."""
    if lacking := missing(database):
        raise SchemaOutdated(lacking)
    return "all are applied"


def look_at_rights(database: str) -> str:
    """Says that the user may store; raises DatabaseUnavailable."""
    ask(database, "check", lambda found: check_rights(found, written_tables()))
    return "this user may store in all tables"


def look_at_clock(database: str) -> str:
    """Says how far this machine's clock is from the server's; raises ClockOff."""
    ahead_s = ask(database, "check", lambda found: clock_ahead_s(found, time.time))
    if abs(ahead_s) > _CLOCKS_S:
        raise ClockOff(ahead_s)
    return f"{abs(ahead_s):.1f} s from the database's"
