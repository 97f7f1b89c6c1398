"""The tables and views of the database with their columns."""

from __future__ import annotations

from itertools import groupby

import psycopg

from tests.docs.parts.tables import table

COLUMNS = """
    SELECT
        class.relname,
        CASE class.relkind WHEN 'r' THEN 'table' ELSE 'view' END,
        attribute.attname,
        format_type(attribute.atttypid, NULL)
    FROM pg_class AS class
    JOIN pg_attribute AS attribute ON attribute.attrelid = class.oid
    WHERE class.relnamespace = 'public'::regnamespace
        AND class.relkind IN ('r', 'v')
        AND attribute.attnum > 0
        AND NOT attribute.attisdropped
    ORDER BY class.relname, attribute.attnum
"""
SHORT = {
    "double precision": "float8",
    "timestamp with time zone": "timestamptz",
    "integer": "int",
}


def relations(database: str) -> str:
    """All of them, as they are after the last migration."""
    with psycopg.connect(database) as connection:
        found = connection.execute(COLUMNS).fetchall()
    return table(
        ("name", "kind", "columns"),
        (
            (f"`{name}`", kind, ", ".join(_column(*row[2:]) for row in rows))
            for (name, kind), rows in groupby(found, lambda row: row[:2])
        ),
    )


def _column(name: str, kind: str) -> str:
    return f"{name} *{SHORT.get(kind, kind)}*"
