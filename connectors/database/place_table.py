"""Places and ground stations, which maps show."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from connectors.database.asking import STORED_S, ask
from connectors.database.connection import Connection
from connectors.messages.places import Places
from connectors.process.side_task import never

# Two flows that start at once wait for each other.
_LOCK = "LOCK TABLE place IN SHARE ROW EXCLUSIVE MODE"
# Flows may not delete.
_FORGET = "UPDATE place SET is_listed = false"
_STORE = """
    INSERT INTO place (name, kind, latitude_deg, longitude_deg, is_listed)
    VALUES (%s, %s, %s, %s, true)
    ON CONFLICT (kind, name) DO UPDATE
    SET latitude_deg = excluded.latitude_deg,
        longitude_deg = excluded.longitude_deg,
        is_listed = true
"""


def store_places(
    database: str, where: Places, should_stop: Callable[[], bool] = never
) -> None:
    """Makes these the places and stations in the database; others are not listed.

    Raises DatabaseUnavailable.
    """

    def store(connection: Connection) -> None:
        with connection.transaction(), connection.cursor() as cursor:
            cursor.execute(_LOCK)
            cursor.execute(_FORGET)
            cursor.executemany(_STORE, list(_rows(where)))

    ask(database, "places", store, STORED_S, should_stop)


def _rows(where: Places) -> Iterator[tuple[str, str, float, float]]:
    for kind, places in (("place", where.places), ("station", where.stations)):
        for place in places:
            yield place.name, kind, place.latitude_deg, place.longitude_deg
