"""The tables of `iss_tracking` hold what a tracker tells, and repeats are harmless."""

from typing import Any

import pytest

from connectors.database.connection import Connection
from dataflows.orbit.findings import OrbitMinute, OrbitState, Pass, Prediction

COLUMNS = """
    SELECT column_name FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name = %s
"""
# What is told in microseconds is stored as a time.
TIMES = {
    "orbit_state": {"time_us": "generation_time"},
    "orbit_minute": {"minute_us": "minute"},
    "orbit_prediction": {"made_us": "made_at", "time_us": "predicted_time"},
    "satellite_pass": {
        "announced_us": "announced_at",
        **{f"{event}_us": event for event in ("aos", "culmination", "los")},
        **{
            f"predicted_{event}_us": f"predicted_{event}"
            for event in ("aos", "culmination", "los")
        },
    },
}
STORE_STATE = """
    INSERT INTO orbit_state (
        generation_time, latitude_deg, longitude_deg, spacecraft, phase,
        latitude_hemisphere, longitude_hemisphere, distances_km
    )
    VALUES (
        '2025-12-21T12:58:46Z', %s, 6.4226, 'ISS', 'UNKNOWN', 'S', 'E',
        '{"Paris": 7152.78, "New Norcia": 11801.5}'
    )
    ON CONFLICT DO NOTHING
"""
STORE_REVISION = """
    INSERT INTO satellite_pass AS stored (
        announced_at, spacecraft, station, revision, state
    )
    VALUES ('2025-12-21T13:00:00Z', 'ISS', 'Redu', %s, %s)
    ON CONFLICT (spacecraft, station, announced_at) DO UPDATE
    SET revision = excluded.revision, state = excluded.state
    WHERE stored.revision < excluded.revision
"""


@pytest.mark.parametrize(
    ("table", "kind"),
    [
        ("orbit_state", OrbitState),
        ("orbit_minute", OrbitMinute),
        ("satellite_pass", Pass),
        ("orbit_prediction", Prediction),
    ],
)
def test_there_is_a_column_for_everything_that_is_told(
    reader: Connection, table: str, kind: Any
):
    columns = {name for (name,) in reader.execute(COLUMNS, (table,)).fetchall()}
    told = {TIMES[table].get(name, name) for name in kind.__annotations__}
    assert columns == told | {"spacecraft"}


def test_a_repeated_state_changes_nothing(reader: Connection):
    reader.execute(STORE_STATE, (-15.3681,))
    reader.execute(STORE_STATE, (89.0,))
    stored = reader.execute("SELECT latitude_deg FROM orbit_state").fetchall()
    assert stored == [(-15.3681,)]


def test_distances_can_be_read_place_by_place(reader: Connection):
    reader.execute(STORE_STATE, (-15.3681,))
    query = "SELECT place, distance_km FROM place_distance ORDER BY place"
    told = reader.execute(query).fetchall()
    assert told == [("New Norcia", 11801.5), ("Paris", 7152.78)]


def test_of_a_pass_the_highest_revision_stays(reader: Connection):
    for revision, state in ((0, "PREDICTED"), (2, "OVER"), (1, "IN_VIEW")):
        reader.execute(STORE_REVISION, (revision, state))
    stored = reader.execute("SELECT revision, state FROM satellite_pass").fetchall()
    assert stored == [(2, "OVER")]
