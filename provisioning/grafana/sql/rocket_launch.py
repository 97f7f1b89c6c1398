"""What the dashboard of a launch asks: a flight, by its seconds since liftoff.

A flight is chosen by its liftoff, not by the range of time that is shown: it lasts
minutes, and may be years back.
"""

from __future__ import annotations

# Where there is no flight to choose, the variable is empty.
LIFTOFF = "nullif('$liftoff', '')::timestamptz"
BEGAN = f"""coalesce((
            SELECT max(began_at) FROM launch_flight
            WHERE launch_flight.spacecraft = '$vehicle' AND began_at <= {LIFTOFF}
        ), '-infinity')"""
NEXT_BEGAN = f"""coalesce((
            SELECT min(began_at) FROM launch_flight
            WHERE launch_flight.spacecraft = '$vehicle' AND began_at > {LIFTOFF}
        ), 'infinity')"""


def in_flight(column: str) -> str:
    """That a time is one of the chosen flight, from the countdown on."""
    return f"""spacecraft = '$vehicle'
        AND {column} >= {LIFTOFF} - INTERVAL '2 minutes'
        AND {column} <= {LIFTOFF} + INTERVAL '2 hours'
        AND {column} >= {BEGAN}
        AND {column} < {NEXT_BEGAN}"""


def met_s(column: str) -> str:
    """Seconds since liftoff."""
    return f"extract(epoch FROM {column} - {LIFTOFF})::float8"


def over_met(quantity: str, name: str) -> str:
    """A quantity of the flight, with it where an event or an anomaly was."""
    return f"""
    WITH flight AS (
        SELECT generation_time, {met_s("generation_time")} AS met_s, {quantity} AS value
        FROM launch_state
        WHERE {in_flight("generation_time")}
    ), events AS (
        SELECT DISTINCT (
            SELECT min(generation_time) FROM flight WHERE generation_time >= happened_at
        ) AS generation_time
        FROM launch_event
        WHERE {in_flight("detected_at")}
    ), found AS (
        SELECT started_at, coalesce(ended_at, 'infinity') AS ended_at
        FROM anomaly
        JOIN parameter ON parameter.id = anomaly.parameter_id
        WHERE {in_flight("started_at")}
    )
    SELECT met_s, value AS "{name}",
        CASE WHEN generation_time IN (SELECT generation_time FROM events)
            THEN value END AS event,
        CASE WHEN EXISTS (
            SELECT FROM found WHERE generation_time BETWEEN started_at AND ended_at
        ) THEN value END AS anomaly
    FROM flight
    ORDER BY met_s
    """


ALTITUDE = over_met("altitude_km", "altitude")
VELOCITY = over_met("velocity_m_s", "velocity")
ACCELERATION = over_met("acceleration_m_s2", "acceleration")
DYNAMIC_PRESSURE = over_met("dynamic_pressure_kpa", "dynamic pressure")

LATEST = f"""
    SELECT {met_s("generation_time")} AS "T+", altitude_km AS altitude,
        velocity_m_s AS velocity, acceleration_m_s2 AS acceleration,
        dynamic_pressure_kpa AS "dynamic pressure",
        flight_path_angle_deg AS "flight path angle", downrange_km AS downrange,
        apogee_km AS apogee, phase
    FROM launch_state
    WHERE {in_flight("generation_time")}
    ORDER BY generation_time DESC
    LIMIT 1
"""
EVENTS = f"""
    SELECT {met_s("happened_at")} AS "T+", event, happened_at AS "happened at",
        uncertainty_s AS uncertainty,
        extract(epoch FROM detected_at - happened_at)::float8 AS "told after",
        altitude_km AS altitude, velocity_m_s AS velocity
    FROM launch_event
    WHERE {in_flight("detected_at")}
    ORDER BY happened_at
"""
ANOMALIES = f"""
    SELECT {met_s("started_at")} AS "T+", severity, qualified_name AS parameter,
        spacecraft, peak_score AS score, detector, text AS explanation
    FROM anomaly_named
    WHERE {in_flight("started_at")}
    ORDER BY started_at
    LIMIT 200
"""


def cone(quantity: str, unit: str) -> str:
    """The last two minutes of the flight, and where it was then expected to go."""
    flown, low, high = (f"{quantity}_{which}{unit}" for which in ("", "low_", "high_"))
    return f"""
    WITH latest AS (
        SELECT max(made_at) AS made_at
        FROM launch_prediction
        WHERE {in_flight("made_at")} AND made_at <= $__timeTo()::timestamptz
    ), flight AS (
        SELECT generation_time, {flown} AS flown,
            generation_time = max(generation_time) OVER () AS is_last
        FROM launch_state
        WHERE {in_flight("generation_time")}
            AND generation_time <= (SELECT made_at FROM latest)
            AND generation_time >= (SELECT made_at FROM latest) - INTERVAL '2 minutes'
    )
    SELECT {met_s("generation_time")} AS met_s, flown,
        CASE WHEN is_last THEN flown END AS expected,
        CASE WHEN is_last THEN flown END AS low,
        CASE WHEN is_last THEN flown END AS high
    FROM flight
    UNION ALL
    SELECT {met_s("made_at")} + horizon_s, NULL, {flown}, {low}, {high}
    FROM launch_prediction
    WHERE {in_flight("made_at")} AND made_at = (SELECT made_at FROM latest)
    ORDER BY met_s
    """


ALTITUDE_CONE = cone("altitude", "km")
VELOCITY_CONE = cone("velocity", "m_s")

# Bounds are to hold 90 % while engines go on as they are.
PREDICTIONS = f"""
    SELECT score.horizon_s AS ahead, count(*) AS predictions,
        avg(score.altitude_inside::int) AS "altitude inside",
        avg(score.velocity_inside::int) AS "velocity inside",
        1000 * avg(abs(score.altitude_km - prediction.altitude_km)) AS "altitude error",
        avg(abs(score.velocity_m_s - prediction.velocity_m_s)) AS "velocity error"
    FROM launch_prediction_score AS score
    JOIN launch_prediction AS prediction USING (spacecraft, made_at, horizon_s)
    WHERE {in_flight("made_at")} AND NOT score.phase_changed
    GROUP BY score.horizon_s
    ORDER BY score.horizon_s
"""
