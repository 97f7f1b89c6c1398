"""Apache Kafka and PostgreSQL, both our own: topics and databases are filled up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Self

import psycopg
from confluent_kafka.admin import AdminClient, NewTopic

from connectors import topics
from connectors.migrate import migrate
from connectors.settings import Settings
from tests.benchmarks.backlog import Place
from tests.services.kafka import Kafka, kafka_jars
from tests.services.postgres import Postgres, fresh_database

# Backlogs lie side by side in the flow's topic: the flow reads a share of partitions.
PLACES = 40
PARTITIONS_A_PLACE = 8
PEERS = Place("benchmark.peers", 0, PARTITIONS_A_PLACE)
OPTIONS = {
    # As in earnest: commits are flushed.
    "fsync": "on",
    # Tells when a row was committed.
    "track_commit_timestamp": "on",
    # No checkpoint in the middle of a measurement, if that can be helped.
    "max_wal_size": "4GB",
    "shared_buffers": "512MB",
}


class Servers:
    """A broker and a database server that end with this context, data included.

    Raises UnavailableError for what this machine lacks.
    """

    def __init__(self) -> None:
        self._exits = ExitStack()
        self._broker = Kafka(kafka_jars())
        self._postgres = Postgres()
        self._postgres.options |= OPTIONS
        self._places = 0

    def __enter__(self) -> Self:
        with ExitStack() as exits:
            exits.enter_context(self._broker)
            exits.enter_context(self._postgres)
            self._create_topics()
            self._exits = exits.pop_all()
        return self

    def __exit__(self, *exception: object) -> None:
        self._exits.close()

    @property
    def kafka(self) -> str:
        """The broker's address."""
        return self._broker.bootstrap

    def new_place(self) -> Place:
        """Partitions of the flow's topic in which nothing is yet."""
        if self._places == PLACES:
            raise RuntimeError(f"no more than {PLACES} backlogs: raise PLACES")
        first = self._places * PARTITIONS_A_PLACE
        self._places += 1
        return Place(topics.SPACECRAFT.name, first, PARTITIONS_A_PLACE)

    @contextmanager
    def database(self) -> Iterator[str]:
        """An empty database with the schema."""
        with fresh_database(self._postgres.uri) as uri:
            for _ in migrate(uri):
                pass
            yield uri

    def stop_database(self) -> None:
        """Stops the server; its data stays."""
        self._postgres.stop()

    def start_database(self) -> None:
        """Has the server back, at the same address."""
        self._postgres.start()

    def versions(self) -> dict[str, str]:
        """What the servers are."""
        query = """
            SELECT current_setting('server_version'), (
                SELECT default_version
                FROM pg_available_extensions
                WHERE name = 'timescaledb'
            )
        """
        with psycopg.connect(self._postgres.uri) as connection:
            found = connection.execute(query).fetchone() or ("", None)
        return {
            "Apache Kafka": kafka_jars().name.removeprefix("kafka-"),
            "PostgreSQL": found[0],
            "TimescaleDB": found[1] or "not offered",
        }

    def _create_topics(self) -> None:
        largest = {"max.message.bytes": str(topics.SPACECRAFT.largest_message_bytes)}
        many = PLACES * PARTITIONS_A_PLACE
        new = [
            NewTopic(topics.SPACECRAFT.name, num_partitions=many, config=largest),
            NewTopic(PEERS.topic, num_partitions=PEERS.count, config=largest),
        ]
        admin = AdminClient({"bootstrap.servers": self.kafka})
        for done in admin.create_topics(new).values():
            done.result()
        topics.create_missing(Settings(kafka=self.kafka))
