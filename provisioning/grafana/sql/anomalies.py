"""What the dashboard of all anomalies asks."""

from __future__ import annotations

from provisioning.grafana.queries import IN_RANGE

CHOSEN = f"""spacecraft IN ($some_spacecraft)
    AND severity IN ($severity)
    AND detector IN ($detector)
    AND {IN_RANGE}"""

# The fifty parameters with the most anomalies; more lines are none on a screen.
TIMELINE = f"""
    WITH chosen AS (
        SELECT qualified_name, severity, started_at, ended_at
        FROM anomaly_named
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
        VALUES (greatest(started_at, $__timeFrom()::timestamptz), severity),
            (least(ended_at, $__timeTo()::timestamptz), 'IN_LIMITS')
    ) AS edge (time, severity)
    ORDER BY edge.time, edge.severity = 'IN_LIMITS'
"""
BY_SEVERITY = f"""
    SELECT $__timeGroup(started_at, $__interval) AS time, severity AS metric,
        count(*) AS anomalies
    FROM anomaly_named
    WHERE {CHOSEN} AND $__timeFilter(started_at)
    GROUP BY 1, 2
    ORDER BY 1
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
    SELECT started_at AS started, ended_at AS ended, severity, spacecraft,
        qualified_name AS parameter, peak_score AS score, samples, detector,
        text AS explanation
    FROM anomaly_named
    WHERE {CHOSEN}
    ORDER BY started_at DESC
    LIMIT 500
"""
DRIFTS = """
    SELECT detected_at AS detected, spacecraft, qualified_name AS parameter, detector,
        mean_before AS "mean before", mean_after AS "mean after", text AS explanation
    FROM drift_event_named
    WHERE spacecraft IN ($some_spacecraft) AND $__timeFilter(detected_at)
    ORDER BY detected_at DESC
    LIMIT 200
"""
