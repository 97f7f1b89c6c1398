-- requires: timescaledb

SELECT create_hypertable(
    'expected_range', 'since',
    chunk_time_interval => INTERVAL '30 days',
    create_default_indexes => false,
    migrate_data => true
);
