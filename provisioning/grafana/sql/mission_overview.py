"""What the overview of all spacecraft asks."""

from __future__ import annotations

from provisioning.grafana.queries import IN_RANGE

SPACECRAFT = f"""
    WITH contact AS (
        SELECT parameter.spacecraft, max(parameter.system) AS system,
            count(*) AS parameters, max(newest.generation_time) AS last_contact
        FROM parameter
        LEFT JOIN LATERAL (
            SELECT generation_time
            FROM sample
            WHERE parameter_id = parameter.id
            ORDER BY generation_time DESC
            LIMIT 1
        ) AS newest ON true
        GROUP BY parameter.spacecraft
    ), found AS (
        SELECT parameter.spacecraft,
            max(anomaly.severity) FILTER (WHERE ended_at IS NULL) AS level,
            count(*) FILTER (WHERE ended_at IS NULL) AS open,
            count(*) AS anomalies,
            sum(extract(epoch FROM
                least(ended_at, $__timeTo()::timestamptz)
                - greatest(started_at, $__timeFrom()::timestamptz)
            )) AS seconds
        FROM anomaly
        JOIN parameter ON parameter.id = anomaly.parameter_id
        WHERE {IN_RANGE}
        GROUP BY parameter.spacecraft
    )
    SELECT contact.spacecraft, contact.system, severity.name AS severity,
        coalesce(found.open, 0) AS open, contact.last_contact AS "last contact",
        CASE WHEN contact.last_contact IS NOT NULL THEN greatest(
            extract(epoch FROM $__timeTo()::timestamptz - contact.last_contact), 0
        )::float8 END AS lag,
        coalesce(found.anomalies, 0) AS anomalies,
        coalesce(found.seconds, 0) / contact.parameters / extract(epoch FROM
            $__timeTo()::timestamptz - $__timeFrom()::timestamptz
        ) AS "anomaly rate",
        contact.parameters
    FROM contact
    LEFT JOIN found USING (spacecraft)
    JOIN severity ON severity.level = coalesce(found.level, 0)
    ORDER BY severity.level DESC, contact.spacecraft
"""
# Every point of every spacecraft gets a row, or a past severity would seem to last.
SEVERITIES = f"""
    WITH points AS (
        SELECT generate_series(
            date_bin(make_interval(secs => $__interval_ms / 1000.0),
                $__timeFrom()::timestamptz, TIMESTAMPTZ '2000-01-01 00:00:00+00'),
            $__timeTo()::timestamptz,
            make_interval(secs => $__interval_ms / 1000.0)
        ) AS time
    ), found AS (
        SELECT parameter.spacecraft, anomaly.severity,
            generate_series(
                date_bin(make_interval(secs => $__interval_ms / 1000.0),
                    greatest(started_at, $__timeFrom()::timestamptz),
                    TIMESTAMPTZ '2000-01-01 00:00:00+00'),
                least(ended_at, $__timeTo()::timestamptz),
                make_interval(secs => $__interval_ms / 1000.0)
            ) AS time
        FROM anomaly
        JOIN parameter ON parameter.id = anomaly.parameter_id
        WHERE {IN_RANGE}
    ), worst AS (
        SELECT spacecraft, time, max(severity) AS level
        FROM found
        GROUP BY spacecraft, time
    )
    SELECT points.time, known.spacecraft AS metric, coalesce(worst.level, 0) AS severity
    FROM points
    CROSS JOIN (SELECT DISTINCT spacecraft FROM parameter) AS known
    LEFT JOIN worst USING (time, spacecraft)
    ORDER BY points.time, metric
"""
OPEN = """
    SELECT severity, spacecraft, qualified_name AS parameter, started_at AS started,
        peak_score AS score, detector, text AS explanation
    FROM anomaly_named
    WHERE ended_at IS NULL AND started_at <= $__timeTo()::timestamptz
    ORDER BY (SELECT level FROM severity WHERE name = anomaly_named.severity) DESC,
        started_at DESC
    LIMIT 200
"""
BUSIEST = f"""
    WITH busy AS (
        SELECT parameter_id, count(*) AS anomalies, max(peak_score) AS score,
            max(severity) AS level, max(started_at) AS latest
        FROM anomaly
        WHERE {IN_RANGE}
        GROUP BY parameter_id
    )
    SELECT parameter.qualified_name AS parameter, parameter.spacecraft, busy.anomalies,
        busy.score AS "highest score", severity.name AS severity, busy.latest
    FROM busy
    JOIN parameter ON parameter.id = busy.parameter_id
    JOIN severity ON severity.level = busy.level
    ORDER BY busy.level DESC, busy.anomalies DESC, busy.score DESC,
        parameter.qualified_name
    LIMIT 20
"""
