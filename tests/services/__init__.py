"""Real servers for the tests: Apache Kafka and PostgreSQL, started and stopped here."""
