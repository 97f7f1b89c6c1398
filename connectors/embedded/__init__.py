"""Stand-ins for PostgreSQL and Kafka: what the demo and tests run on."""

from __future__ import annotations

from connectors.embedded.broker import EmbeddedBroker
from connectors.embedded.postgres import EmbeddedPostgres
from connectors.embedded.watchdog import Watchdog

__all__ = ["EmbeddedBroker", "EmbeddedPostgres", "Watchdog"]
