"""Real telemetry through a flow that is killed: stored once, with the same scores.

All test parts of the recordings go through Apache Kafka. What an undisturbed flow
stores is the reference; a disturbed one has to store the same, bit for bit.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import psycopg
import pytest

from tests.end_to_end.conftest import Stage, adopted_stage
from tests.end_to_end.flow_process import Flow, run_module
from tests.services.postgres import fresh_database
from tests.services.waiting import wait_until

pytestmark = pytest.mark.slow

SAMPLES = """
    SELECT p.spacecraft, p.subsystem, p.name, s.generation_time,
        float8send(s.value), float8send(s.anomaly_score), s.severity
    FROM sample s JOIN parameter p ON p.id = s.parameter_id
    ORDER BY p.spacecraft, p.subsystem, p.name, s.generation_time
"""
ANOMALIES = """
    SELECT id, started_at, ended_at, severity, peak_score, samples, revision,
        explanation
    FROM anomaly ORDER BY id
"""
EXPECTED = """
    SELECT p.spacecraft, p.subsystem, p.name, e.since, e.lower, e.upper
    FROM expected_range e JOIN parameter p ON p.id = e.parameter_id
    ORDER BY p.spacecraft, p.subsystem, p.name, e.since
"""


@dataclass(frozen=True)
class Stored:
    """Everything a flow stored, in an order of its own."""

    samples: list[tuple[object, ...]]
    anomalies: list[tuple[object, ...]]
    expected: list[tuple[object, ...]]


def stored_in(database: str) -> Stored:
    with psycopg.connect(database) as connection:
        return Stored(
            connection.execute(SAMPLES).fetchall(),
            connection.execute(ANOMALIES).fetchall(),
            connection.execute(EXPECTED).fetchall(),
        )


def count_in(database: str) -> int:
    with psycopg.connect(database) as connection:
        row = connection.execute("SELECT count(*) FROM sample").fetchone()
        assert row is not None
        return int(row[0])


def has_samples(database: str, count: int) -> bool:
    return count_in(database) >= count


@dataclass(frozen=True)
class Reference:
    """The recordings in Kafka, and what an undisturbed flow makes of them."""

    kafka: str
    database_server: str
    samples: int
    stored: Stored

    def is_met_by(self, database: str) -> bool:
        return count_in(database) == self.samples


@pytest.fixture(scope="module")
def reference(telemanom: Path, module_kafka, database_server: str, tmp_path_factory):
    kafka = module_kafka.bootstrap
    run_module("connectors.topics", ORBITWATCH_KAFKA=kafka)
    replayed = run_module(
        *("simulators", "spacecraft", "--data", str(telemanom), "--part", "test"),
        ORBITWATCH_KAFKA=kafka,
    )
    samples = samples_in(telemanom)
    with fresh_database(database_server) as database:
        run_module("connectors.migrate", ORBITWATCH_DATABASE=database)
        flow = Flow(kafka, database, tmp_path_factory.mktemp("undisturbed"))
        flow.start()
        try:
            wait_until(lambda: count_in(database) >= samples, replayed)
            flow.stop()
        finally:
            if flow.is_running():
                flow.kill()
        yield Reference(kafka, database_server, samples, stored_in(database))


def samples_in(telemanom: Path) -> int:
    files = (telemanom / "test").glob("*.npy")
    return sum(len(np.load(file, mmap_mode="r")) for file in files)


@pytest.fixture
def disturbed(reference: Reference, database: str, tmp_path: Path) -> Iterator[Stage]:
    """A stage with the recordings in Kafka and an empty database."""
    with adopted_stage(reference.kafka, database, tmp_path) as stage:
        yield stage


def moments(reference: Reference, seed: int, count: int) -> list[int]:
    """Random numbers of stored samples at which something happens.

    Not in the last third: by the time it does happen, more are stored.
    """
    chance = random.Random(seed)
    return sorted(chance.sample(range(1, reference.samples * 2 // 3), count))


def disturb(
    stage: Stage,
    reference: Reference,
    flow: Flow,
    at_samples: list[int],
    end: Callable[[Flow], None],
) -> list[int]:
    """Starts the flow anew after every end, which comes at those numbers of samples.

    Or later, where the flow was too fast, but at the latest when all are stored.
    Returns how many samples were stored by then.
    """
    reached = []
    for samples in at_samples:
        stored = count_in(stage.database)
        flow.start()
        flow.wait_ready()
        goal = min(max(samples, stored + 1), reference.samples)
        wait_until(
            partial(has_samples, stage.database, goal),
            f"{goal} samples: {flow.log.read_text()[-2000:]}",
        )
        end(flow)
        reached.append(count_in(stage.database))
    return reached


def finish(stage: Stage, reference: Reference, *flows: Flow) -> None:
    for flow in flows:
        flow.start()
        flow.wait_ready()
    wait_until(
        lambda: reference.is_met_by(stage.database),
        f"all samples: {flows[0].log.read_text()[-2000:]}",
    )
    for flow in flows:
        flow.stop()


def assert_same(stage: Stage, reference: Reference) -> None:
    stored = stored_in(stage.database)
    assert len(stored.samples) == reference.samples
    assert stored.samples == reference.stored.samples
    assert stored.anomalies == reference.stored.anomalies
    assert stored.expected == reference.stored.expected


def test_the_recordings_are_stored_whole_and_have_anomalies(reference):
    assert len(reference.stored.samples) == reference.samples
    assert len(reference.stored.anomalies) > 10
    assert len(reference.stored.expected) > 100


@pytest.mark.parametrize("seed", [1])
def test_five_kills_change_nothing(disturbed, reference, seed):
    flow = disturbed.flow()
    reached = disturb(
        disturbed, reference, flow, moments(reference, seed, 5), Flow.kill
    )
    assert reached[0] < reference.samples, "it was over before it was disturbed"
    finish(disturbed, reference, flow)
    assert_same(disturbed, reference)


def test_being_told_to_stop_changes_nothing(disturbed, reference):
    flow = disturbed.flow()
    disturb(disturbed, reference, flow, moments(reference, 2, 3), Flow.stop)
    finish(disturbed, reference, flow)
    assert_same(disturbed, reference)
    # After an orderly stop nothing is read twice.
    assert "were stored before the restart" not in flow.log.read_text()


def test_one_process_goes_on_as_two_with_a_share_each(disturbed, reference):
    one = disturbed.flow("one")
    [first, second] = moments(reference, 3, 2)
    disturb(disturbed, reference, one, [first], Flow.kill)
    low = disturbed.adopt(
        one.copy(disturbed.folder / "low", settings={"ORBITWATCH_PARTITIONS": "0-3"})
    )
    high = disturbed.adopt(
        one.copy(disturbed.folder / "high", settings={"ORBITWATCH_PARTITIONS": "4-7"})
    )
    high.start()
    disturb(disturbed, reference, low, [second], Flow.kill)
    high.kill()
    finish(disturbed, reference, low, high)
    assert_same(disturbed, reference)


def test_a_cluster_of_two_workers_stores_the_same(disturbed, reference):
    flow = disturbed.flow(engine=("-w", "2"))
    disturb(disturbed, reference, flow, moments(reference, 4, 2), Flow.kill)
    disturb(disturbed, reference, flow, moments(reference, 5, 1), Flow.stop)
    finish(disturbed, reference, flow)
    assert_same(disturbed, reference)


def test_one_worker_goes_on_as_two_and_back(disturbed, reference):
    flow = disturbed.flow()
    [first, second] = moments(reference, 6, 2)
    disturb(disturbed, reference, flow, [first], Flow.kill)
    flow.engine = ("-w", "2")
    disturb(disturbed, reference, flow, [second], Flow.stop)
    flow.engine = ()
    finish(disturbed, reference, flow)
    assert_same(disturbed, reference)
