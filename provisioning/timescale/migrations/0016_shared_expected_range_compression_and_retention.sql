-- requires: timescaledb community

-- As long as samples: each range is told again within a day.
ALTER TABLE expected_range SET (
    timescaledb.compress,
    timescaledb.compress_segmentby = 'parameter_id',
    timescaledb.compress_orderby = 'since'
);

SELECT add_compression_policy(
    'expected_range', compress_created_before => INTERVAL '60 days'
);

SELECT add_retention_policy('expected_range', drop_created_before => INTERVAL '1 year');
