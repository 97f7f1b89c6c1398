"""An orbit and a launch, stored row by row as the migrations describe them.

The orbit is what the real tracker tells of positions from SGP4; the launch is made up.
"""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from connectors.messages import microseconds, moment
from connectors.orbital_elements import read_elements
from connectors.places import read_places
from dataflows.orbit.propagation import Ephemeris
from dataflows.orbit.tracker import SatelliteTracker
from tests.end_to_end.flow_process import REPOSITORY
from tests.provisioning.grafana.filled import LIFTOFF, SAMPLES, START

TIME_NAMES = {"time_us": "generation_time", "minute_us": "minute", "made_us": "made_at"}


def fill_the_rest(database: str) -> None:
    """Stores an orbit and a launch."""
    with psycopg.connect(database) as connection:
        _store_orbit(connection)
        for statement in LAUNCH:
            connection.execute(statement, {"liftoff": LIFTOFF})


def _store_orbit(connection: psycopg.Connection) -> None:
    elements = read_elements(REPOSITORY / "provisioning/orbits/satellites.tle")[0]
    places = read_places(REPOSITORY / "provisioning/places.yaml")
    ephemeris = Ephemeris(elements.line1, elements.line2)
    times_us = microseconds(START) + 10_000_000 * np.arange(SAMPLES)
    latitude, longitude, altitude_km = ephemeris.geodetic(times_us)
    values = {"latitude": latitude, "longitude": longitude, "altitude": altitude_km}
    tracker = SatelliteTracker(places.places, places.stations, ephemeris)
    told = tracker.update(times_us, values)
    names = [place.name for place in places.places]
    for state in told.states:
        distances = dict(zip(names, state.distances_km, strict=True))
        _store(connection, "orbit_state", state, Jsonb(distances))
    for table, rows in (
        ("orbit_minute", told.minutes),
        ("orbit_prediction", told.predictions),
        (
            "satellite_pass",
            {(p.station, p.announced_us): p for p in told.passes}.values(),
        ),
    ):
        for row in rows:
            _store(connection, table, row)


def _store(
    connection: psycopg.Connection, table: str, row: object, distances: object = None
) -> None:
    columns: dict[str, object] = {"spacecraft": "ISS"}
    for each in fields(row):  # type: ignore[arg-type]
        value = getattr(row, each.name)
        name = each.name
        if name.endswith("_us"):
            value = None if value is None else moment(value)
            name = TIME_NAMES.get(name) or name.removesuffix("_us")
        columns[name] = value
    if table == "orbit_prediction":
        columns["predicted_time"] = columns.pop("generation_time")
    if table == "satellite_pass":
        columns["announced_at"] = columns.pop("announced")
    if distances is not None:
        columns["distances_km"] = distances
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.SQL(", ").join(sql.Placeholder() * len(columns)),
    )
    connection.execute(statement, list(columns.values()))


# A vehicle that flies straight up at 30 degrees with 20 m/s2, in air that thins out by
# e every 8.5 km.
LAUNCH = (
    """
    INSERT INTO launch_state
    SELECT %(liftoff)s + second * INTERVAL '1 second', 'FALCON',
        CASE WHEN second < 0 THEN 0 WHEN second < 145 THEN 1
            WHEN second < 155 THEN 2 ELSE 3 END,
        0.005 * t * t, 20 * t, 10 * t,
        CASE WHEN second < 0 THEN 9.8 ELSE 24.9 END,
        0.6 * power(20 * t, 2) * exp(-5 * t * t / 8500) / 1000,
        30, 0.00866 * t * t, 0.0102 * t * t, t
    FROM generate_series(-30, 300) AS second,
        LATERAL (SELECT greatest(second, 0)::float8 AS t) AS flown
    """,
    """
    INSERT INTO launch_event
    SELECT 'FALCON', event, generation_time, 0.5,
        generation_time + INTERVAL '2 seconds', altitude_km, velocity_m_s
    FROM launch_state
    JOIN (VALUES ('liftoff', 0), ('max_q', 41), ('meco', 145), ('ses1', 155))
        AS happened (event, met_s)
        ON generation_time = %(liftoff)s + met_s * INTERVAL '1 second'
    """,
    """
    INSERT INTO launch_prediction
    SELECT generation_time, spacecraft, ahead,
        path.altitude_km, path.altitude_km - path.off, path.altitude_km + path.off,
        velocity_m_s + 20 * ahead, velocity_m_s + 17 * ahead, velocity_m_s + 23 * ahead
    FROM launch_state
    CROSS JOIN unnest('{10, 30, 60}'::float8[]) AS ahead
    CROSS JOIN LATERAL (
        SELECT launch_state.altitude_km + vertical_velocity_m_s * ahead / 1000
                + 0.005 * ahead * ahead AS altitude_km,
            0.004 * ahead * ahead AS off
    ) AS path
    WHERE phase > 0
    """,
    """
    INSERT INTO launch_prediction_score
    SELECT prediction.made_at, prediction.spacecraft, horizon_s, state.altitude_km,
        state.velocity_m_s, NULL,
        state.altitude_km BETWEEN altitude_low_km AND altitude_high_km,
        state.velocity_m_s BETWEEN velocity_low_m_s AND velocity_high_m_s, NULL, false
    FROM launch_prediction AS prediction
    JOIN launch_state AS state ON state.generation_time
        = prediction.made_at + horizon_s * INTERVAL '1 second'
    """,
    """
    INSERT INTO parameter (spacecraft, subsystem, name, unit, system)
    VALUES ('FALCON', 'ascent', 'velocity', 'm/s', 'rocket_launch')
    """,
    """
    INSERT INTO anomaly
    SELECT gen_random_uuid(), id, %(liftoff)s + INTERVAL '100 seconds',
        %(liftoff)s + INTERVAL '110 seconds', 2, 1.7, 10, 'flight_limits',
        '{"text": "Velocity is above what this phase allows."}', 1
    FROM parameter WHERE spacecraft = 'FALCON'
    """,
)
