"""The limits in the database are those of the parameter files."""

import pytest

from connectors.database.connection import Connection
from connectors.database.limit_table import store_limits
from connectors.errors import DatabaseUnavailable
from connectors.files.parameters import ParameterDefinition
from connectors.messages.samples import ParameterName

ROWS = """
    SELECT qualified_name, soft_low, soft_high, hard_low, hard_high
    FROM parameter_limit ORDER BY qualified_name
"""


def definition(spacecraft: str, parameter: str, high: float) -> ParameterDefinition:
    name = ParameterName(spacecraft, "power", parameter)
    return ParameterDefinition(name, "V", soft=(None, high), hard=(0.0, high + 1))


def test_limits_replace_those_that_were_there(store: str, reader: Connection):
    store_limits(store, [definition("A", "x", 1.0), definition("A", "y", 2.0)])
    store_limits(store, [definition("A", "x", 3.0)])
    assert reader.execute(ROWS).fetchall() == [
        ("/A/power/x", None, 3.0, 0.0, 4.0),
        ("/A/power/y", None, None, None, None),
    ]


def test_limits_of_other_spacecraft_stay(store: str, reader: Connection):
    store_limits(store, [definition("A", "x", 1.0)])
    store_limits(store, [definition("B", "x", 2.0)])
    store_limits(store, [])
    assert [row[2] for row in reader.execute(ROWS).fetchall()] == [1.0, 2.0]


def test_a_database_that_is_away_is_told():
    with pytest.raises(DatabaseUnavailable):
        store_limits("postgresql://127.0.0.1:1/x", [definition("A", "x", 1.0)])
