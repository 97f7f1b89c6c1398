"""Places and ground stations, which maps show."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from connectors.database.connection import connect, plain_errors
from connectors.messages.places import Places

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


def store_places(database: str, where: Places) -> None:
    """Makes these the places and stations in the database; others are not listed.

    Raises DatabaseUnavailable.
    """
    with plain_errors(database), closing(connect(database, "places")) as connection:
        with connection.transaction(), connection.cursor() as cursor:
            cursor.execute(_LOCK)
            cursor.execute(_FORGET)
            cursor.executemany(_STORE, list(_rows(where)))


def _rows(where: Places) -> Iterator[tuple[str, str, float, float]]:
    for kind, places in (("place", where.places), ("station", where.stations)):
        for place in places:
            yield place.name, kind, place.latitude_deg, place.longitude_deg
