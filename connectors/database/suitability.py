"""What a database has to offer, asked before anything is stored in it."""

from __future__ import annotations

import psycopg

from connectors.database.connection import Connection

# Names and texts in telemetry may hold any character.
_ENCODING = "UTF8"
_LOOK = """
    SELECT current_setting('server_encoding'), current_schema(), current_database(),
        current_setting('search_path')
"""
_TEMPORARY = """
    SELECT current_user, current_database(),
        has_database_privilege(current_database(), 'TEMP')
"""
# Those that flows write, of the migrations' tables in this database.
_NOT_OURS = """
    SELECT format('%%s (%%s)', wanted.name, missing.rights)
    FROM unnest(%(tables)s::text[]) AS wanted (name),
        LATERAL (
            SELECT string_agg(needed, ', ' ORDER BY needed)
            FROM unnest(ARRAY['INSERT', 'SELECT', 'UPDATE']) AS needed
            WHERE NOT has_table_privilege(to_regclass(quote_ident(wanted.name)), needed)
        ) AS missing (rights)
    WHERE missing.rights IS NOT NULL
    ORDER BY wanted.name
"""


class Unsuitable(psycopg.DatabaseError):
    """The database, as it is, would fail a flow some day; the text says what to do."""


def check_suitable(connection: Connection) -> None:
    """Returns if tables can be made here and hold whatever comes; else Unsuitable."""
    row = connection.execute(_LOOK).fetchone()
    encoding, schema, name, path = row if row else ("", None, "", "")
    if encoding != _ENCODING:
        raise Unsuitable(
            f"the encoding of {name} is {encoding}, which lacks characters that names "
            "may have; make another one with CREATE DATABASE ... ENCODING 'UTF8' "
            "TEMPLATE template0, and bring over what is stored with pg_dump"
        )
    if schema is None:
        raise Unsuitable(
            f"no schema of search_path={path} is there and may be used; make one with "
            "CREATE SCHEMA, or name another in options of the address"
        )


def check_rights(connection: Connection, tables: list[str]) -> None:
    """Returns if a flow may store in these tables; else Unsuitable."""
    row = connection.execute(_TEMPORARY).fetchone()
    user, name, may_make_temporary = row if row else ("", "", False)
    if not may_make_temporary:
        raise Unsuitable(
            f"{user} may not make temporary tables, which repeated samples need; "
            "run `python -m connectors.migrate` as the owner, or "
            f"GRANT TEMP ON DATABASE {name} TO orbitwatch_writer"
        )
    lacking = [row[0] for row in connection.execute(_NOT_OURS, {"tables": tables})]
    if lacking:
        raise Unsuitable(
            f"{user} lacks rights to {', '.join(lacking)}; run GRANT orbitwatch_writer "
            f"TO {user}, after `python -m connectors.migrate` as the owner"
        )
