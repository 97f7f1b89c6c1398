"""What people ask first of what the flows stored: how much, what happened, and where.

Every function raises what psycopg raises.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from connectors.database.connection import Connection


@dataclass(frozen=True, slots=True)
class StoredParameter:
    """How many samples of a parameter are stored, sent and derived ones alike."""

    system: str
    qualified_name: str
    samples: int


@dataclass(frozen=True, slots=True)
class LatestAnomaly:
    """An anomaly as people want to read it."""

    parameter: str
    severity: str
    peak_score: float
    started_at: datetime
    ended_at: datetime | None
    text: str


@dataclass(frozen=True, slots=True)
class FlightEvent:
    """Something that happened in a flight, and when: `uncertainty_s` it may be off."""

    spacecraft: str
    event: str
    happened_at: datetime
    uncertainty_s: float
    altitude_km: float
    velocity_m_s: float


@dataclass(frozen=True, slots=True)
class OrbitPosition:
    """Where a satellite is: degrees (WGS84), km over the ellipsoid (None: not told)."""

    spacecraft: str
    generation_time: datetime
    latitude_deg: float
    longitude_deg: float
    altitude_km: float | None


@dataclass(frozen=True, slots=True)
class ExpectedPass:
    """A pass over a ground station as it is predicted."""

    spacecraft: str
    station: str
    predicted_aos: datetime
    predicted_los: datetime
    predicted_elevation_deg: float


def stored_parameters(connection: Connection) -> Sequence[StoredParameter]:
    """How much is stored of each parameter; looks at all samples."""
    query = """
        SELECT system, qualified_name, samples
        FROM (
            SELECT parameter_id, count(*) AS samples FROM sample GROUP BY parameter_id
        ) AS counted
        JOIN parameter ON parameter.id = parameter_id
        ORDER BY system, qualified_name
    """
    with connection.cursor(row_factory=class_row(StoredParameter)) as cursor:
        return cursor.execute(query).fetchall()


def latest_anomalies(connection: Connection, limit: int) -> Sequence[LatestAnomaly]:
    """The anomalies that started last, the latest first."""
    query = """
        SELECT qualified_name AS parameter, severity, peak_score, started_at, ended_at,
            text
        FROM anomaly_named
        ORDER BY started_at DESC, qualified_name
        LIMIT %(limit)s
    """
    with connection.cursor(row_factory=class_row(LatestAnomaly)) as cursor:
        return cursor.execute(query, {"limit": limit}).fetchall()


def flight_events(connection: Connection) -> Sequence[FlightEvent]:
    """What happened in all flights, in order of time."""
    query = """
        SELECT spacecraft, event, happened_at, uncertainty_s, altitude_km, velocity_m_s
        FROM launch_event
        ORDER BY happened_at, spacecraft, event
    """
    with connection.cursor(row_factory=class_row(FlightEvent)) as cursor:
        return cursor.execute(query).fetchall()


def latest_position(connection: Connection, spacecraft: str) -> OrbitPosition | None:
    """Where a satellite was last; None if it never told."""
    query = """
        SELECT spacecraft, generation_time, latitude_deg, longitude_deg, altitude_km
        FROM orbit_state
        WHERE spacecraft = %s
        ORDER BY generation_time DESC
        LIMIT 1
    """
    with connection.cursor(row_factory=class_row(OrbitPosition)) as cursor:
        return cursor.execute(query, (spacecraft,)).fetchone()


def next_pass(
    connection: Connection, spacecraft: str, now: datetime
) -> ExpectedPass | None:
    """The predicted pass over any station that is under way, or else the next one."""
    query = """
        SELECT spacecraft, station, predicted_aos, predicted_los,
            predicted_elevation_deg
        FROM satellite_pass
        WHERE spacecraft = %s AND state IN ('PREDICTED', 'IN_VIEW')
            AND predicted_los > %s
        ORDER BY predicted_aos, station
        LIMIT 1
    """
    with connection.cursor(row_factory=class_row(ExpectedPass)) as cursor:
        return cursor.execute(query, (spacecraft, now)).fetchone()
