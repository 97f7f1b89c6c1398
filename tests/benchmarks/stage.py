"""Where it all happens: servers, topics, backlogs, databases, one folder for all.

Servers are always our own: the benchmark fills topics and databases.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Self

import psycopg
from confluent_kafka.admin import AdminClient, NewTopic

from connectors import topics
from connectors.embedded import Watchdog
from connectors.migrate import migrate
from connectors.settings import Settings
from tests.benchmarks.backlog import Backlog, Place, produce
from tests.benchmarks.telemetry import Shape
from tests.end_to_end.flow_process import Flow
from tests.services.kafka import Kafka, kafka_jars
from tests.services.postgres import Postgres, fresh_database

# Backlogs lie side by side in the flow's topic: the flow reads a share of partitions.
PLACES = 40
PARTITIONS_A_PLACE = 8
SNAPSHOT_S = 5
PEERS_TOPIC = "benchmark.peers"


class Stage:
    """A broker and a database server; whatever ends us ends them and their data.

    Raises UnavailableError for what this machine lacks.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say = say
        self._exits = ExitStack()
        self._backlogs: dict[tuple[Shape, int, str], Backlog] = {}
        self._places = 0
        self._flows = 0

    def __enter__(self) -> Self:
        with self._exits as exits:
            self._watchdog = exits.enter_context(Watchdog())
            self.folder = Path(tempfile.mkdtemp(prefix="orbitwatch-bench-"))
            self._watchdog.guard_folder(self.folder)
            # So that servers and flows leave nothing elsewhere, even if killed.
            os.environ["TMPDIR"] = tempfile.tempdir = str(self.folder)
            exits.callback(_forget_temporary_folder)
            self.say("Starting Apache Kafka and PostgreSQL")
            broker, server = Kafka(kafka_jars()), Postgres()
            # A database in earnest: it flushes, and tells when a row was committed.
            server.options |= {"fsync": "on", "track_commit_timestamp": "on"}
            server.options |= {"max_wal_size": "4GB", "shared_buffers": "512MB"}
            exits.enter_context(broker)
            exits.enter_context(server)
            self.kafka, self._server, self._postgres = (
                broker.bootstrap,
                server.uri,
                server,
            )
            self._create_topics()
            self._exits = exits.pop_all()
        return self

    def __exit__(self, *exception: object) -> None:
        self._exits.close()

    def _create_topics(self) -> None:
        many = PLACES * PARTITIONS_A_PLACE
        largest = {"max.message.bytes": str(topics.SPACECRAFT.largest_message_bytes)}
        admin = AdminClient({"bootstrap.servers": self.kafka})
        new = [
            NewTopic(topics.SPACECRAFT.name, num_partitions=many, config=largest),
            NewTopic(PEERS_TOPIC, num_partitions=PARTITIONS_A_PLACE, config=largest),
        ]
        for done in admin.create_topics(new).values():
            done.result()
        topics.create_missing(Settings(kafka=self.kafka))

    def backlog(self, shape: Shape, samples: int, topic: str = "") -> Backlog:
        """Telemetry that lies in Kafka, produced when it is first asked for."""
        key = (shape, samples, topic)
        if key not in self._backlogs:
            self.say(f"  producing {samples:,} samples, {shape}")
            place = Place(topic, 0, PARTITIONS_A_PLACE) if topic else self._new_place()
            self._backlogs[key] = produce(self.kafka, place, shape, samples)
        return self._backlogs[key]

    def empty_place(self) -> Place:
        """Partitions of the flow's topic in which nothing is yet."""
        return self._new_place()

    def _new_place(self) -> Place:
        if self._places == PLACES:
            raise RuntimeError(f"no more than {PLACES} backlogs: raise PLACES")
        first = self._places * PARTITIONS_A_PLACE
        self._places += 1
        return Place(topics.SPACECRAFT.name, first, PARTITIONS_A_PLACE)

    @contextmanager
    def database(self) -> Iterator[str]:
        """An empty database with the schema."""
        with fresh_database(self._server) as uri:
            list(migrate(uri))
            yield uri

    @contextmanager
    def flow(
        self,
        database: str,
        partitions: str,
        module: str = "dataflows.spacecraft",
        **settings: str,
    ) -> Iterator[Flow]:
        """A flow ready to be started, with recovery on; it is gone afterwards."""
        self._flows += 1
        parameters = self.folder / "no_parameters"
        parameters.mkdir(exist_ok=True)
        flow = Flow(
            self.kafka,
            database,
            self.folder / f"flow_{self._flows}",
            settings={
                "ORBITWATCH_PARTITIONS": partitions,
                "ORBITWATCH_PARAMETERS": str(parameters),
                **settings,
            },
            module=module,
            snapshot_s=SNAPSHOT_S,
        )
        try:
            yield flow
        finally:
            if flow.process is not None:
                if flow.is_running():
                    flow.kill()
                self._watchdog.forget_process(flow.process.pid)

    def start(self, flow: Flow) -> int:
        """Starts the flow and has it guarded; its process."""
        flow.start()
        assert flow.process is not None
        self.guard(flow.process.pid)
        return flow.process.pid

    def guard(self, pid: int) -> None:
        """Has a process ended with us."""
        self._watchdog.guard_process(pid)

    def forget(self, pid: int) -> None:
        """The process has ended."""
        self._watchdog.forget_process(pid)

    def stop_database(self) -> None:
        """Stops the server; its data stays."""
        self._postgres.stop()

    def start_database(self) -> None:
        """Has the server back, at the same address."""
        self._postgres.start()

    def versions(self) -> dict[str, str]:
        """What the servers are."""
        with psycopg.connect(self._server) as connection:
            version = connection.execute("SHOW server_version").fetchone()
            timescale: Any = connection.execute(
                "SELECT default_version FROM pg_available_extensions "
                "WHERE name = 'timescaledb'"
            ).fetchone()
        return {
            "Apache Kafka": kafka_jars().name.removeprefix("kafka-"),
            "PostgreSQL": str(version[0]) if version else "",
            "TimescaleDB": timescale[0] if timescale else "not offered",
        }


def _forget_temporary_folder() -> None:
    tempfile.tempdir = None
    os.environ.pop("TMPDIR", None)
