"""The places in the database are those of the file."""

import pytest
from psycopg.conninfo import make_conninfo

from connectors.database.connection import Connection
from connectors.database.place_table import store_places
from connectors.errors import DatabaseUnavailable
from connectors.messages.places import GroundStation, Place, Places

ROWS = """
    SELECT name, kind, latitude_deg, longitude_deg
    FROM place WHERE is_listed ORDER BY kind, name
"""
PARIS = Place("Paris", 48.8566, 2.3522)
REDU = GroundStation("Redu", 50.0, 5.1, 385.0, 5.0)


def test_places_and_stations_are_stored_with_where_they_are(
    store: str, reader: Connection
):
    store_places(store, Places((PARIS,), (REDU,)))
    assert reader.execute(ROWS).fetchall() == [
        ("Paris", "place", 48.8566, 2.3522),
        ("Redu", "station", 50.0, 5.1),
    ]


def test_a_place_may_have_the_name_of_a_station(store: str, reader: Connection):
    store_places(store, Places((Place("Redu", 50.0, 5.1),), (REDU,)))
    assert [row[1] for row in reader.execute(ROWS).fetchall()] == ["place", "station"]


def test_what_is_no_more_in_the_file_is_not_listed_until_it_is_again(
    store: str, reader: Connection
):
    store_places(store, Places((PARIS,), (REDU,)))
    store_places(store, Places((), (REDU,)))
    assert [row[0] for row in reader.execute(ROWS).fetchall()] == ["Redu"]
    store_places(store, Places((Place("Paris", 49.0, 2.0),), ()))
    assert reader.execute(ROWS).fetchall() == [("Paris", "place", 49.0, 2.0)]


def test_a_flow_needs_no_more_than_the_rights_of_a_writer(
    store: str, reader: Connection
):
    may = "SELECT has_table_privilege('orbitwatch_writer', 'place', %s)"
    rights = ("SELECT", "INSERT", "UPDATE", "DELETE")
    found = [reader.execute(may, (right,)).fetchone() for right in rights]
    assert found == [(True,), (True,), (True,), (False,)]
    as_writer = make_conninfo(store, options="-c role=orbitwatch_writer")
    store_places(as_writer, Places((PARIS,), ()))
    assert len(reader.execute(ROWS).fetchall()) == 1


def test_a_database_that_is_away_is_told():
    with pytest.raises(DatabaseUnavailable):
        store_places("postgresql://127.0.0.1:1/x", Places((PARIS,), ()))
