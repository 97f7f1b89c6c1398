-- requires: timescaledb community

-- Both policies go by when a chunk was made, not by the times in it. For live telemetry
-- that is the same; an archive of old telemetry that is replayed today is compressed
-- and dropped as late as if it were live.
ALTER TABLE sample SET (
    timescaledb.compress,
    timescaledb.compress_segmentby = 'parameter_id',
    timescaledb.compress_orderby = 'generation_time'
);

-- Late samples are welcome in compressed chunks too, but cheaper in others: seven days
-- cover what a spacecraft keeps on board between two passes.
SELECT add_compression_policy('sample', compress_created_before => INTERVAL '7 days');

-- Another period:
--     SELECT remove_retention_policy('sample');
--     SELECT add_retention_policy('sample', drop_created_before => INTERVAL '5 years');
-- Anomalies are few, and kept for good.
SELECT add_retention_policy('sample', drop_created_before => INTERVAL '1 year');
