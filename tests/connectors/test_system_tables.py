"""The tables of systems have the columns and the key with which flows store."""

import pkgutil
from importlib import import_module

import pytest

from connectors.database.connection import Connection
from dataflows import vehicles
from dataflows.vehicles.followed import Table

TABLES = [
    each
    for module in pkgutil.iter_modules(vehicles.__path__)
    for each in vars(import_module(f"dataflows.vehicles.{module.name}")).values()
    if isinstance(each, Table)
]
COLUMNS = """
    SELECT column_name FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name = %s
"""
KEY = """
    SELECT attname FROM pg_index
    JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY (indkey)
    WHERE indisprimary AND indrelid = %s::regclass
"""


def names(reader: Connection, query: str, table: Table) -> set[str]:
    return {name for (name,) in reader.execute(query, (table.name,)).fetchall()}


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_table_has_the_columns_that_are_stored_and_no_others(
    reader: Connection, table: Table
):
    """A new column takes a migration, and its place in the flow's Table."""
    assert names(reader, COLUMNS, table) == set(table.columns)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_row_is_known_by_what_the_flow_takes_for_its_key(
    reader: Connection, table: Table
):
    assert names(reader, KEY, table) == set(table.columns[: table.key])
