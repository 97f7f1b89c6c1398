-- requires: timescaledb

-- A day of 1,000 samples/s is about 9 GB before compression. The primary key serves the
-- queries there are, so no index by time alone, which every sample would pay for.
SELECT create_hypertable(
    'sample', 'generation_time',
    chunk_time_interval => INTERVAL '1 day',
    create_default_indexes => false,
    migrate_data => true
);

SELECT create_hypertable(
    'anomaly', 'started_at',
    chunk_time_interval => INTERVAL '30 days',
    create_default_indexes => false,
    migrate_data => true
);
