-- Sums of squares of values beyond 1e150 overflow, which fails every query that asks for
-- means, also those of other parameters. Minutes with such a value have no mean. Where a
-- continuous aggregate took this view's place, the next migration makes that anew.
DO $$
DECLARE
    is_plain_view boolean;
BEGIN
    SELECT pg_get_viewdef('sample_minute'::regclass) !~ '_timescaledb'
        INTO is_plain_view;
    IF is_plain_view THEN
        CREATE OR REPLACE VIEW sample_minute AS
        SELECT
            parameter_id,
            date_bin('1 minute', generation_time, '2000-01-01 00:00:00+00') AS minute,
            count(*) AS samples,
            min(value) AS lowest,
            max(value) AS highest,
            CASE
                WHEN max(abs(value)) < 1e150
                    THEN avg(value) FILTER (WHERE abs(value) < 1e150)
            END AS mean,
            (array_agg(value ORDER BY generation_time DESC)
                FILTER (WHERE value IS NOT NULL))[1] AS last_value,
            max(anomaly_score) AS peak_score,
            max(severity) AS severity
        FROM sample
        GROUP BY 1, 2;
    END IF;
END $$;
