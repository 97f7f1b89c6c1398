"""Kafka: its clients, the telemetry source, the sinks for anomalies and dead letters.

The source is one consumer a process over all its partitions; its unit of parallelism is
the process (ORBITWATCH_PARTITIONS). Offsets are part of Bytewax's snapshots, so samples
and detector states resume together. The sinks deliver at least once.
"""
