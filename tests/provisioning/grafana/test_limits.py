"""The limits that are drawn are those that flows hold a parameter against."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg.rows import dict_row

from connectors.database.limit_table import store_limits
from connectors.files.parameters import ParameterDefinition, read_definitions
from connectors.messages.samples import REPLAYED, ParameterName
from connectors.settings import Settings
from provisioning.grafana.sql import parameter_detail
from tests.provisioning.grafana.macros import View, expanded_sql

SINCE = datetime(2026, 6, 27, tzinfo=UTC)
NAMES = [
    ParameterName("ORBITER-1", "power", "bus_voltage"),
    ParameterName(f"{REPLAYED}ORBITER-1", "power", "bus_voltage"),
    ParameterName("LAUNCHER", "ascent", "velocity_innovation"),
    ParameterName(f"{REPLAYED}LAUNCHER", "ascent", "altitude_silence"),
    ParameterName("O'Brien | 50 %", "orbit", "latitude"),
    ParameterName("OTHER", "", "bus_voltage"),
]
ENDS = ("soft low", "soft high", "hard low", "hard high")
PARAMETER = """
    INSERT INTO parameter (spacecraft, subsystem, name, system)
    VALUES (%s, %s, %s, 'spacecraft')
"""


@pytest.mark.parametrize("name", NAMES, ids=str)
def test_limits_are_drawn_as_a_flow_finds_them(
    empty: psycopg.Connection, name: ParameterName
):
    definitions = read_definitions(Settings().parameters)
    store_limits(empty.info.dsn, definitions)
    empty.execute(PARAMETER, name)
    watched: ParameterDefinition = definitions.of(name)
    limits = (*watched.soft, *watched.hard)
    seen = View(SINCE, SINCE + timedelta(hours=1), {"parameter": str(name)})
    with empty.cursor(row_factory=dict_row) as cursor:
        drawn, [facts] = (
            cursor.execute(expanded_sql(query, seen).encode()).fetchall()
            for query in (parameter_detail.LIMITS, parameter_detail.FACTS)
        )
    assert tuple(facts[end] for end in ENDS) == limits
    described = any(limit is not None for limit in limits)
    assert len(drawn) == (2 if described else 0)
    for row in drawn:
        assert tuple(row[end] for end in ENDS) == limits
