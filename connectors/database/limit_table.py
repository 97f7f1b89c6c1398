"""The limits of parameters, which dashboards draw."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from connectors.database.asking import STORED_S, ask
from connectors.database.connection import Connection
from connectors.files.parameters import ParameterDefinition
from connectors.process.side_task import never

# Two flows that start at once and share parameters wait for each other.
_LOCK = "LOCK TABLE parameter_limit IN SHARE ROW EXCLUSIVE MODE"
_FORGET = """
    UPDATE parameter_limit
    SET soft_low = NULL, soft_high = NULL, hard_low = NULL, hard_high = NULL
    WHERE spacecraft = ANY(%s)
"""
_STORE = """
    INSERT INTO parameter_limit (
        qualified_name, spacecraft, soft_low, soft_high, hard_low, hard_high
    )
    VALUES (%s, %s, %s, %s, %s, %s)
    ON CONFLICT (qualified_name) DO UPDATE
    SET soft_low = excluded.soft_low,
        soft_high = excluded.soft_high,
        hard_low = excluded.hard_low,
        hard_high = excluded.hard_high
"""


def store_limits(
    database: str,
    definitions: Iterable[ParameterDefinition],
    should_stop: Callable[[], bool] = never,
) -> None:
    """Makes these the limits in the database of all spacecraft that they describe.

    Those of other spacecraft stay, for other flows may have files of their own.
    Raises DatabaseUnavailable.
    """
    rows = [_row(definition) for definition in definitions]

    def store(connection: Connection) -> None:
        with connection.transaction(), connection.cursor() as cursor:
            cursor.execute(_LOCK)
            cursor.execute(_FORGET, (sorted({row[1] for row in rows}),))
            cursor.executemany(_STORE, rows)

    ask(database, "limits", store, STORED_S, should_stop)


def _row(
    definition: ParameterDefinition,
) -> tuple[str, str, float | None, float | None, float | None, float | None]:
    name = definition.name
    return (str(name), name.spacecraft, *definition.soft, *definition.hard)
