"""The tables of single systems: rows copied in, but for those that repeat."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from psycopg import sql

from connectors.database.connection import Connection
from connectors.messages.writes import Records

REVISION = "revision"

_MAKE_ARRIVING = sql.SQL(
    "CREATE TEMPORARY TABLE IF NOT EXISTS {arriving} (LIKE {table}) "
    "ON COMMIT DELETE ROWS"
)
_COPY = sql.SQL("COPY {arriving} ({columns}) FROM STDIN")
_INSERT = sql.SQL(
    "INSERT INTO {table} AS stored ({columns}) "
    "SELECT DISTINCT ON ({key}) {columns} FROM {arriving} ORDER BY {order} "
    "ON CONFLICT ({key}) DO "
)
_KEEP = sql.SQL("NOTHING")
_REPLACE = sql.SQL("UPDATE SET {changes} WHERE stored.{revision} < excluded.{revision}")


def store_records(connection: Connection, records: Iterable[Records]) -> None:
    """Stores the rows with a new key, and those with a higher revision than before.

    For each table at most once in a transaction.
    """
    for each in records:
        if each.rows:
            _store(connection, each)


def _store(connection: Connection, records: Records) -> None:
    names = {
        "table": sql.Identifier(records.table),
        "arriving": sql.Identifier(f"arriving_{records.table}"),
        "columns": _listed(records.columns),
        "key": _listed(records.key),
        "order": _listed(records.key),
    }
    action: sql.Composable = _KEEP
    if REVISION in records.columns:
        revision = sql.Identifier(REVISION)
        names["order"] = sql.SQL("{}, {} DESC").format(names["key"], revision)
        others = [name for name in records.columns if name not in records.key]
        changes = [
            sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name))
            for name in others
        ]
        action = _REPLACE.format(changes=sql.SQL(", ").join(changes), revision=revision)
    with connection.cursor() as cursor:
        cursor.execute(_MAKE_ARRIVING.format(**names))
        with cursor.copy(_COPY.format(**names)) as copy:
            for row in records.rows:
                copy.write_row(row)
        cursor.execute(_INSERT.format(**names) + action)


def _listed(names: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))
