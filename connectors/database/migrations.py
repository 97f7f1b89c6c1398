"""The migrations of the database: the files, and which of them a database lacks."""

from __future__ import annotations

import hashlib
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from connectors.database.connection import Connection, connect, plain_errors
from connectors.errors import SchemaOutdated, SettingsError

MIGRATIONS = Path(__file__).resolve().parents[2] / "provisioning/timescale/migrations"

_REQUIRES = "-- requires: "


@dataclass(frozen=True, slots=True)
class Migration:
    """A file of SQL; `requires` is what the server has to offer, or nothing."""

    name: str
    sql: bytes
    requires: str

    @property
    def checksum(self) -> str:
        """Tells whether the file was changed."""
        return hashlib.sha256(self.sql).hexdigest()


def read_migrations(folder: Path = MIGRATIONS) -> list[Migration]:
    """All migrations, in order; raises SettingsError if there are none."""
    files = sorted(folder.glob("*.sql"))
    if not files:
        raise SettingsError(str(folder), "holds no migrations")
    return [_read(file) for file in files]


def _read(file: Path) -> Migration:
    sql = file.read_bytes()
    first_line = sql.decode().partition("\n")[0]
    requires = first_line.removeprefix(_REQUIRES).strip()
    return Migration(
        file.name, sql, requires if first_line.startswith(_REQUIRES) else ""
    )


def missing(database: str, folder: Path = MIGRATIONS) -> list[str]:
    """The migrations the database lacks, but for those that need an extension.

    Raises DatabaseUnavailable.
    """
    needed = [m.name for m in read_migrations(folder) if not m.requires]
    with plain_errors(database), closing(connect(database, "check")) as connection:
        known = applied(connection)
    return [name for name in needed if name not in known]


def applied(connection: Connection) -> dict[str, str]:
    """The checksums of the migrations that were applied."""
    if connection.execute("SELECT to_regclass('schema_migration')").fetchone() == (
        None,
    ):
        return {}
    return dict(
        connection.execute("SELECT name, checksum FROM schema_migration").fetchall()
    )


def check_database(database: str) -> None:
    """Returns if a flow could store in this database.

    Raises DatabaseUnavailable or SchemaOutdated within ten seconds.
    """
    lacking = missing(database)
    if lacking:
        raise SchemaOutdated(lacking)
