-- requires: timescaledb

-- A satellite that tells its position every second gives 86,400 states a day.
SELECT create_hypertable(
    'orbit_state', 'generation_time',
    chunk_time_interval => INTERVAL '1 day',
    create_default_indexes => false,
    migrate_data => true
);

SELECT create_hypertable(
    'orbit_minute', 'minute',
    chunk_time_interval => INTERVAL '30 days',
    create_default_indexes => false,
    migrate_data => true
);

SELECT create_hypertable(
    'orbit_prediction', 'made_at',
    chunk_time_interval => INTERVAL '30 days',
    create_default_indexes => false,
    migrate_data => true
);

SELECT create_hypertable(
    'satellite_pass', 'announced_at',
    chunk_time_interval => INTERVAL '30 days',
    create_default_indexes => false,
    migrate_data => true
);
