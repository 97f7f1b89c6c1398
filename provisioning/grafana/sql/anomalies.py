"""What the dashboard of all anomalies asks."""

from __future__ import annotations

from provisioning.grafana.queries import IN_RANGE, rounded

# All of them are none while there was no anomaly yet, which IN () takes for a mistake.
SPACECRAFT = "spacecraft = ANY (ARRAY[$some_spacecraft]::text[])"
CHOSEN = f"""{SPACECRAFT}
    AND severity = ANY (ARRAY[$severity]::text[])
    AND detector = ANY (ARRAY[$detector]::text[])
    AND {IN_RANGE}"""

# The fifty parameters with the most anomalies; more lines are none on a screen. Each
# anomaly is seen for a point of the screen at least, but where the next one begins, and
# nothing is drawn after it: whether its parameter was heard then is not known here.
TIMELINE = f"""
    WITH chosen AS (
        SELECT qualified_name, severity, began, greatest(
                least(ended_at, $__timeTo()::timestamptz),
                began + make_interval(secs => $__interval_ms / 1000.0)
            ) AS ended,
            lead(began) OVER (PARTITION BY qualified_name ORDER BY began) AS next_began
        FROM anomaly_named
        CROSS JOIN LATERAL (
            VALUES (greatest(started_at, $__timeFrom()::timestamptz))
        ) AS visible (began)
        WHERE {CHOSEN}
    ), busiest AS (
        SELECT qualified_name
        FROM chosen
        GROUP BY qualified_name
        ORDER BY count(*) DESC
        LIMIT 50
    )
    SELECT edge.time, qualified_name AS parameter, edge.severity
    FROM chosen
    JOIN busiest USING (qualified_name)
    CROSS JOIN LATERAL (
        VALUES (began, severity, true),
            (ended, NULL, next_began IS NULL OR next_began > ended)
    ) AS edge (time, severity, is_one)
    WHERE edge.is_one
    ORDER BY edge.time
"""
# Every point has a bar, if one of no height: bars are as wide as the least distance
# between two, so a few would seem to last for hours.
BY_SEVERITY = f"""
    WITH begun AS (
        SELECT $__timeGroup(started_at, $__interval) AS time, severity,
            count(*) AS anomalies
        FROM anomaly_named
        WHERE {CHOSEN} AND $__timeFilter(started_at)
        GROUP BY 1, 2
    ), points AS (
        SELECT $__timeGroup(point, $__interval) AS time
        FROM generate_series(
            $__timeFrom()::timestamptz, $__timeTo()::timestamptz,
            make_interval(secs => $__interval_ms / 1000.0)
        ) AS point
        UNION
        SELECT time FROM begun
    )
    SELECT points.time, known.severity AS metric,
        coalesce(begun.anomalies, 0) AS anomalies
    FROM points
    CROSS JOIN (SELECT DISTINCT severity FROM begun) AS known
    LEFT JOIN begun USING (time, severity)
    ORDER BY 1, 2
"""
BY_DETECTOR = f"""
    SELECT detector,
        count(*) FILTER (WHERE severity = 'WATCH') AS "WATCH",
        count(*) FILTER (WHERE severity = 'WARNING') AS "WARNING",
        count(*) FILTER (WHERE severity = 'DISTRESS') AS "DISTRESS",
        count(*) FILTER (WHERE severity = 'CRITICAL') AS "CRITICAL",
        count(*) FILTER (WHERE severity = 'SEVERE') AS "SEVERE"
    FROM anomaly_named
    WHERE {CHOSEN}
    GROUP BY detector
    ORDER BY count(*) DESC
"""
ANOMALIES = f"""
    SELECT started_at AS started,
        extract(epoch FROM ended_at - started_at)::float8 AS lasted, severity,
        spacecraft, qualified_name AS parameter, peak_score AS score, samples, detector,
        text AS explanation
    FROM anomaly_named
    WHERE {CHOSEN}
    ORDER BY started_at DESC
    LIMIT 500
"""
DRIFTS = f"""
    SELECT detected_at AS detected, spacecraft, qualified_name AS parameter, detector,
        {rounded("mean_before", 9)} AS "mean before",
        {rounded("mean_after", 9)} AS "mean after",
        text AS explanation
    FROM drift_event_named
    WHERE {SPACECRAFT} AND $__timeFilter(detected_at)
    ORDER BY detected_at DESC
    LIMIT 200
"""
