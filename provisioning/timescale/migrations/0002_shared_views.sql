-- For people and dashboards: names instead of ids and levels.
CREATE VIEW sample_named AS
SELECT
    sample.generation_time,
    parameter.spacecraft,
    parameter.subsystem,
    parameter.name AS parameter,
    parameter.qualified_name,
    sample.value,
    parameter.unit,
    sample.anomaly_score,
    severity.name AS severity
FROM sample
JOIN parameter ON parameter.id = sample.parameter_id
JOIN severity ON severity.level = sample.severity;

CREATE VIEW anomaly_named AS
SELECT
    anomaly.id,
    anomaly.started_at,
    anomaly.ended_at,
    parameter.spacecraft,
    parameter.subsystem,
    parameter.name AS parameter,
    parameter.qualified_name,
    parameter.unit,
    severity.name AS severity,
    anomaly.peak_score,
    anomaly.samples,
    anomaly.detector,
    anomaly.explanation ->> 'text' AS text,
    anomaly.explanation
FROM anomaly
JOIN parameter ON parameter.id = anomaly.parameter_id
JOIN severity ON severity.level = anomaly.severity;

-- On TimescaleDB a continuous aggregate with the same columns takes this one's place.
CREATE VIEW sample_minute AS
SELECT
    parameter_id,
    date_bin('1 minute', generation_time, '2000-01-01 00:00:00+00') AS minute,
    count(*) AS samples,
    min(value) AS lowest,
    max(value) AS highest,
    avg(value) AS mean,
    (array_agg(value ORDER BY generation_time DESC)
        FILTER (WHERE value IS NOT NULL))[1] AS last_value,
    max(anomaly_score) AS peak_score,
    max(severity) AS severity
FROM sample
GROUP BY 1, 2;

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
