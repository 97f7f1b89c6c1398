"""What is stored in the database, and how long that takes."""

from __future__ import annotations

from connectors.metrics.instruments import SECONDS, Instruments


class DatabaseMetrics:
    """Transactions, and the samples in them."""

    def __init__(self, make: Instruments) -> None:
        self.latency = make.histogram(
            "telemetry_latency_seconds",
            "From Kafka's timestamp of a poll's oldest message to the committed rows.",
            SECONDS,
        )
        self.write = make.histogram(
            "database_write_seconds", "Duration of a transaction.", SECONDS
        )
        self.samples = make.counter("database_samples", "Samples stored (new rows).")
        self.repeated = make.counter(
            "database_repeated_samples",
            "Samples that were stored before, such as retransmissions.",
        )
        self.contradicted = make.counter(
            "database_contradicted_samples",
            "Samples repeated with another value; the first value stays.",
        )
        self.retries = make.counter(
            "database_retries", "Transactions tried again after a failure."
        )
        self.failures = make.counter(
            "database_failures", "Transactions that failed, each time they were tried."
        )
        self.overtaken = make.counter(
            "database_overtaken_batches",
            "Batches whose partitions another process has stored meanwhile.",
        )
