-- requires: timescaledb community

-- As for samples, both policies go by when a chunk was made. Minutes, predictions and
-- passes are few, and kept for good.
ALTER TABLE orbit_state SET (
    timescaledb.compress,
    timescaledb.compress_segmentby = 'spacecraft',
    timescaledb.compress_orderby = 'generation_time'
);

SELECT add_compression_policy(
    'orbit_state', compress_created_before => INTERVAL '7 days'
);

SELECT add_retention_policy('orbit_state', drop_created_before => INTERVAL '1 year');
