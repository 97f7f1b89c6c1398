-- requires: timescaledb

-- A launch takes minutes, with a state and three predictions a second: a chunk is to
-- hold many launches. Events are few, and stay an ordinary table.
SELECT create_hypertable(
    'launch_state', 'generation_time',
    chunk_time_interval => INTERVAL '30 days',
    create_default_indexes => false,
    migrate_data => true
);

SELECT create_hypertable(
    'launch_prediction', 'made_at',
    chunk_time_interval => INTERVAL '30 days',
    create_default_indexes => false,
    migrate_data => true
);

SELECT create_hypertable(
    'launch_prediction_score', 'made_at',
    chunk_time_interval => INTERVAL '30 days',
    create_default_indexes => false,
    migrate_data => true
);
