"""What the end-to-end tests share: a stage with topics and schema, and real data."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from tests.end_to_end.flow_process import REPOSITORY, Flow, run_module
from tests.services.kafka import Kafka
from tests.services.waiting import HANG_S

TELEMANOM = REPOSITORY.parent / "shared" / "data" / "telemanom"


@dataclass
class Stage:
    """A broker with topics, a database with the schema, and the flows on them."""

    kafka: str
    database: str
    folder: Path
    flows: list[Flow] = field(default_factory=list)

    def flow(self, name: str = "flow", **options: Any) -> Flow:
        """A flow that is not left running, whatever becomes of the test."""
        return self.adopt(
            Flow(self.kafka, self.database, self.folder / name, **options)
        )

    def adopt(self, flow: Flow) -> Flow:
        self.flows.append(flow)
        return flow

    def produce(
        self,
        *values: bytes | None,
        key: bytes = b"SAT",
        topic: str = "telemetry.spacecraft",
    ) -> None:
        producer = Producer(
            {"bootstrap.servers": self.kafka, "message.max.bytes": 12_000_000}
        )
        for value in values:
            producer.produce(topic, value, key)
        assert producer.flush(HANG_S) == 0


@contextmanager
def adopted_stage(kafka: str, database: str, folder: Path) -> Iterator[Stage]:
    """A stage on given servers; no flow of it survives."""
    run_module("connectors.topics", ORBITWATCH_KAFKA=kafka)
    run_module("connectors.migrate", ORBITWATCH_DATABASE=database)
    stage = Stage(kafka, database, folder)
    yield stage
    for flow in stage.flows:
        if flow.is_running():
            flow.kill()


@pytest.fixture
def stage(own_kafka: Kafka, database: str, tmp_path: Path) -> Iterator[Stage]:
    """A stage of its own for one test."""
    with adopted_stage(own_kafka.bootstrap, database, tmp_path) as stage:
        yield stage


@pytest.fixture(scope="session")
def telemanom() -> Path:
    """The folder of real recordings from SMAP and MSL."""
    if not TELEMANOM.is_dir():
        pytest.skip("the recordings of SMAP and MSL are not beside the project")
    return TELEMANOM
