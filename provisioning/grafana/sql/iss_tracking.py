"""What the dashboard of a satellite asks."""

from __future__ import annotations

STEP = "make_interval(secs => $__interval_ms / 1000.0)"

# The first state of each point: an average of places would be none that the satellite
# was at, and a look-up for each point costs the same for an hour and a month. The range
# stands in the look-up too: what is outside of it is then left out once, not for each
# point, of which a year of daily chunks makes seconds.
STATES = f"""
    SELECT state.generation_time AS time, state.latitude_deg AS latitude,
        state.longitude_deg AS longitude, state.altitude_km AS altitude,
        state.phase
    FROM generate_series(
        $__timeFrom()::timestamptz, $__timeTo()::timestamptz, {STEP}
    ) AS point (since)
    CROSS JOIN LATERAL (
        SELECT generation_time, latitude_deg, longitude_deg, altitude_km, phase
        FROM orbit_state
        WHERE spacecraft = '$satellite'
            AND generation_time >= point.since
            AND generation_time < point.since + {STEP}
            AND generation_time >= $__timeFrom()::timestamptz
            AND generation_time < $__timeTo()::timestamptz + {STEP}
        ORDER BY generation_time
        LIMIT 1
    ) AS state
    ORDER BY 1
"""
LATEST = """
    SELECT generation_time AS time, latitude_deg AS latitude,
        longitude_deg AS longitude, altitude_km AS altitude,
        ground_speed_km_s AS "ground speed", phase,
        latitude_hemisphere || longitude_hemisphere AS hemisphere
    FROM orbit_state
    WHERE spacecraft = '$satellite' AND $__timeFilter(generation_time)
    ORDER BY generation_time DESC
    LIMIT 1
"""


def listed(kind: str) -> str:
    """Where the places of a kind are."""
    return f"""
    SELECT name, latitude_deg AS latitude, longitude_deg AS longitude
    FROM place
    WHERE is_listed AND kind = '{kind}'
    ORDER BY name
    """


PLACES, STATIONS = listed("place"), listed("station")
DISTANCES = f"""
    SELECT state.generation_time AS time, distance.key AS metric,
        distance.value::float8 AS distance
    FROM generate_series(
        $__timeFrom()::timestamptz, $__timeTo()::timestamptz, {STEP}
    ) AS point (since)
    CROSS JOIN LATERAL (
        SELECT generation_time, distances_km
        FROM orbit_state
        WHERE spacecraft = '$satellite'
            AND generation_time >= point.since
            AND generation_time < point.since + {STEP}
            AND generation_time >= $__timeFrom()::timestamptz
            AND generation_time < $__timeTo()::timestamptz + {STEP}
        ORDER BY generation_time
        LIMIT 1
    ) AS state
    CROSS JOIN LATERAL jsonb_each_text(state.distances_km) AS distance
    ORDER BY 1
"""
SPEEDS = """
    SELECT $__timeGroup(minute, $__interval) AS time,
        min(lowest_speed_km_s) AS lowest, avg(mean_speed_km_s) AS mean,
        max(highest_speed_km_s) AS highest
    FROM orbit_minute
    WHERE spacecraft = '$satellite' AND $__timeFilter(minute)
    GROUP BY 1
    ORDER BY 1
"""
DEVIATIONS = """
    SELECT $__timeGroup(minute, $__interval) AS time,
        1000 * max(speed_deviation_km_s) AS "standard deviation"
    FROM orbit_minute
    WHERE spacecraft = '$satellite' AND $__timeFilter(minute)
    GROUP BY 1
    ORDER BY 1
"""
POSITIONS = """
    SELECT $__timeGroup(minute, $__interval) AS time, sum(count) AS positions
    FROM orbit_minute
    WHERE spacecraft = '$satellite' AND $__timeFilter(minute)
    GROUP BY 1
    ORDER BY 1
"""
FROM_ELEMENTS = """
    SELECT $__timeGroup(made_at, $__interval) AS time,
        max(from_elements_km) AS "from its elements"
    FROM orbit_prediction
    WHERE spacecraft = '$satellite' AND $__timeFilter(made_at)
    GROUP BY 1
    ORDER BY 1
"""
# A pass is named by the AOS that was told first, which the true one is near.
NEXT_PASSES = """
    SELECT coalesce(aos, predicted_aos) AS "AOS",
        coalesce(los, predicted_los) AS "LOS", station, state,
        coalesce(maximum_elevation_deg, predicted_elevation_deg) AS elevation
    FROM satellite_pass
    WHERE spacecraft = '$satellite'
        AND announced_at >= $__timeTo()::timestamptz - INTERVAL '1 day'
        AND state IN ('PREDICTED', 'IN_VIEW')
        AND coalesce(los, predicted_los, 'infinity') >= $__timeTo()::timestamptz
    ORDER BY 1
    LIMIT 20
"""
PASSES = """
    SELECT coalesce(aos, predicted_aos) AS "AOS", station, state,
        maximum_elevation_deg AS elevation,
        predicted_elevation_deg AS "predicted elevation",
        extract(epoch FROM aos - predicted_aos) AS "AOS later by",
        extract(epoch FROM los - predicted_los) AS "LOS later by"
    FROM satellite_pass
    WHERE spacecraft = '$satellite'
        AND announced_at >= $__timeFrom()::timestamptz - INTERVAL '1 day'
        AND announced_at <= $__timeTo()::timestamptz + INTERVAL '1 day'
        AND coalesce(aos, predicted_aos) >= $__timeFrom()::timestamptz
        AND coalesce(los, predicted_los) <= $__timeTo()::timestamptz
    ORDER BY 1 DESC
    LIMIT 200
"""
