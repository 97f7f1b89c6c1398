"""What the dashboard of one parameter asks."""

from __future__ import annotations

from provisioning.grafana.queries import IN_RANGE, by_range, rounded


def _explained(number: str) -> str:
    """A number of an anomaly's explanation."""
    return rounded(_number(number), 6)


def _bound(end: str) -> str:
    """One of the ends of a band, where there are both and the expected value is inside.

    One end alone may be that of another quantity, such as an error.
    """
    lower, upper, expected = map(_number, ("lower", "upper", "expected"))
    inside = f"coalesce({expected}, {lower}) BETWEEN {lower} AND {upper}"
    return f"CASE WHEN {inside} THEN {_explained(end)} END"


def _number(name: str) -> str:
    return f"(explanation ->> '{name}')::float8"


THIS = "parameter_id = (SELECT id FROM parameter WHERE qualified_name = '$parameter')"

# Sums of squares beyond overflow, which fails the query: there is no mean then, as in
# the view sample_minute.
_MEAN = (
    "CASE WHEN max(abs(value)) < 1e150"
    " THEN avg(value) FILTER (WHERE abs(value) < 1e150) END"
)

# Minutes count by their samples, as those of a burst do among others.
VALUES = by_range(
    f"""
    SELECT $__timeGroup(generation_time, $__interval) AS time,
        min(value) AS lowest, {_MEAN} AS mean, max(value) AS highest
    FROM sample
    WHERE {THIS} AND $__timeFilter(generation_time)
    """,
    f"""
    SELECT $__timeGroup(minute, $__interval) AS time,
        min(lowest) AS lowest,
        sum(mean * samples) / sum(samples) FILTER (WHERE mean IS NOT NULL) AS mean,
        max(highest) AS highest
    FROM sample_minute
    WHERE {THIS} AND $__timeFilter(minute)
    """,
)
LIMITS = """
    SELECT ends.time, soft_low AS "soft low", soft_high AS "soft high",
        hard_low AS "hard low", hard_high AS "hard high"
    FROM parameter_limit_named
    CROSS JOIN (
        VALUES ($__timeFrom()::timestamptz), ($__timeTo()::timestamptz)
    ) AS ends (time)
    WHERE qualified_name = '$parameter'
    ORDER BY 1
"""
# A range holds until the next is told, which is within a day. The first one drawn was
# told before the time that is shown, and the last one holds to the end of it.
EXPECTED = f"""
    WITH told AS (
        (
            SELECT $__timeFrom()::timestamptz AS since, lower, upper
            FROM expected_range
            WHERE {THIS}
                AND since <= $__timeFrom()::timestamptz
                AND since > $__timeFrom()::timestamptz - INTERVAL '25 hours'
            ORDER BY expected_range.since DESC
            LIMIT 1
        )
        UNION ALL
        SELECT since, lower, upper
        FROM expected_range
        WHERE {THIS} AND $__timeFilter(since)
    ), drawn AS (
        SELECT since, lower, upper FROM told
        UNION ALL
        (
            SELECT $__timeTo()::timestamptz, lower, upper
            FROM told
            WHERE since > $__timeTo()::timestamptz - INTERVAL '25 hours'
            ORDER BY told.since DESC
            LIMIT 1
        )
    )
    SELECT $__timeGroup(since, $__interval) AS time,
        min(lower) AS "expected low", max(upper) AS "expected high"
    FROM drawn
    GROUP BY 1
    ORDER BY 1
"""
SCORES = by_range(
    f"""
    SELECT $__timeGroup(generation_time, $__interval) AS time,
        max(anomaly_score) AS score
    FROM sample
    WHERE {THIS} AND $__timeFilter(generation_time)
    """,
    f"""
    SELECT $__timeGroup(minute, $__interval) AS time, max(peak_score) AS score
    FROM sample_minute
    WHERE {THIS} AND $__timeFilter(minute)
    """,
)
SEVERITIES = by_range(
    f"""
    SELECT $__timeGroup(generation_time, $__interval) AS time,
        max(severity) AS severity
    FROM sample
    WHERE {THIS} AND $__timeFilter(generation_time)
    """,
    f"""
    SELECT $__timeGroup(minute, $__interval) AS time, max(severity) AS severity
    FROM sample_minute
    WHERE {THIS} AND $__timeFilter(minute)
    """,
)
FACTS = f"""
    SELECT parameter.system, parameter.unit,
        {rounded("newest.value", 9)} AS value,
        newest.generation_time AS "last contact", severity.name AS severity,
        {rounded("soft_low", 9)} AS "soft low",
        {rounded("soft_high", 9)} AS "soft high",
        {rounded("hard_low", 9)} AS "hard low",
        {rounded("hard_high", 9)} AS "hard high"
    FROM parameter
    LEFT JOIN parameter_limit_named USING (qualified_name)
    LEFT JOIN LATERAL (
        SELECT value, generation_time, severity
        FROM sample
        WHERE parameter_id = parameter.id
        ORDER BY generation_time DESC
        LIMIT 1
    ) AS newest ON true
    LEFT JOIN severity ON severity.level = newest.severity
    WHERE qualified_name = '$parameter'
"""
DETECTORS = f"""
    SELECT said.key AS detector, max(said.value::float8) AS score,
        count(*) FILTER (WHERE said.value::float8 >= 1) AS seen,
        count(*) FILTER (WHERE said.key = detector) AS explained
    FROM anomaly
    CROSS JOIN LATERAL jsonb_each_text(explanation -> 'contributions') AS said
    WHERE {THIS} AND {IN_RANGE}
    GROUP BY said.key
    ORDER BY 2 DESC
"""
EXPLANATIONS = f"""
    SELECT anomaly.started_at AS started,
        extract(epoch FROM anomaly.ended_at - anomaly.started_at)::float8 AS lasted,
        severity.name AS severity, anomaly.detector, anomaly.peak_score AS score,
        {_explained("observed")} AS observed,
        {_explained("expected")} AS expected,
        {_bound("lower")} AS "at least",
        {_bound("upper")} AS "at most",
        explanation ->> 'text' AS explanation
    FROM anomaly
    JOIN severity ON severity.level = anomaly.severity
    WHERE {THIS} AND {IN_RANGE}
    ORDER BY anomaly.started_at DESC
    LIMIT 200
"""
NEIGHBOURS = f"""
    WITH mine AS (
        SELECT started_at - INTERVAL '5 minutes' AS since,
            coalesce(ended_at, $__timeTo()::timestamptz) + INTERVAL '5 minutes' AS until
        FROM anomaly
        WHERE {THIS} AND {IN_RANGE}
    )
    SELECT neighbour.qualified_name AS parameter, neighbour.spacecraft,
        neighbour.severity, neighbour.peak_score AS score,
        neighbour.started_at AS started, neighbour.text AS explanation
    FROM anomaly_named AS neighbour
    WHERE neighbour.spacecraft = '$spacecraft'
        AND neighbour.qualified_name <> '$parameter'
        AND EXISTS (
            SELECT FROM mine
            WHERE neighbour.started_at <= mine.until
                AND coalesce(neighbour.ended_at, 'infinity') >= mine.since
        )
    ORDER BY neighbour.started_at DESC
    LIMIT 200
"""
ANOMALY_MARKS = f"""
    SELECT started_at AS time, coalesce(ended_at, $__timeTo()::timestamptz) AS timeend,
        explanation ->> 'text' AS text, severity.name || ',' || detector AS tags
    FROM anomaly
    JOIN severity ON severity.level = anomaly.severity
    WHERE {THIS} AND {IN_RANGE}
    ORDER BY started_at DESC
    LIMIT 500
"""
DRIFT_MARKS = f"""
    SELECT detected_at AS time, text, detector AS tags
    FROM drift_event
    WHERE {THIS} AND $__timeFilter(detected_at)
    LIMIT 500
"""
