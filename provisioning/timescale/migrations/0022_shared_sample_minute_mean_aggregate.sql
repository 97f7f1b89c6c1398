-- requires: timescaledb community

-- As in the migration before this one, minutes with a value beyond 1e150 have no mean. A
-- definition cannot be changed, so all minutes are aggregated anew: when asked for at
-- first, and for good by the first run of the policy, within five minutes.

DROP VIEW sample_minute_named;
DROP MATERIALIZED VIEW sample_minute;

-- The columns of the plain view. What is newer than the last refresh is aggregated when
-- asked for (materialized_only = false).
CREATE MATERIALIZED VIEW sample_minute
WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT
    parameter_id,
    time_bucket('1 minute', generation_time) AS minute,
    count(*) AS samples,
    min(value) AS lowest,
    max(value) AS highest,
    CASE
        WHEN max(abs(value)) < 1e150 THEN avg(value) FILTER (WHERE abs(value) < 1e150)
    END AS mean,
    last(value, generation_time) FILTER (WHERE value IS NOT NULL) AS last_value,
    max(anomaly_score) AS peak_score,
    max(severity) AS severity
FROM sample
GROUP BY 1, 2
WITH NO DATA;

-- No start: a replay of old telemetry is refreshed like late telemetry, and only minutes
-- that got samples are computed again. The minutes of samples that retention dropped go
-- with them.
SELECT add_continuous_aggregate_policy(
    'sample_minute',
    start_offset => NULL,
    end_offset => INTERVAL '5 minutes',
    schedule_interval => INTERVAL '5 minutes'
);

CREATE VIEW sample_minute_named AS
SELECT
    sample_minute.minute,
    parameter.spacecraft,
    parameter.subsystem,
    parameter.name AS parameter,
    parameter.qualified_name,
    parameter.unit,
    sample_minute.samples,
    sample_minute.lowest,
    sample_minute.highest,
    sample_minute.mean,
    sample_minute.last_value,
    sample_minute.peak_score,
    severity.name AS severity
FROM sample_minute
JOIN parameter ON parameter.id = sample_minute.parameter_id
JOIN severity ON severity.level = sample_minute.severity;
