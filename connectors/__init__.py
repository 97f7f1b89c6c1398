"""Every byte in or out: settings, Kafka, the database, metrics. No algorithms."""
