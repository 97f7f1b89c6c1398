"""Kafka or the database goes away while a flow runs."""

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP, SIGTERM
from typing import Any

import psycopg
import pytest
from confluent_kafka.admin import AdminClient

from connectors.topics import DEAD_LETTERS
from tests.end_to_end.conftest import Stage, adopted_stage
from tests.end_to_end.flow_process import Flow
from tests.end_to_end.test_spacecraft import packet, rows, wait_for_samples
from tests.services.kafka import Kafka
from tests.services.postgres import Postgres
from tests.services.waiting import HANG_S, wait_until

pytestmark = pytest.mark.slow


@pytest.fixture
def fragile(own_kafka, own_postgres, tmp_path):
    """A stage whose servers are the test's own to stop and start."""
    with adopted_stage(own_kafka.bootstrap, own_postgres.uri, tmp_path) as stage:
        yield stage


def assert_all_stored_once(stage: Stage, count: int) -> None:
    values = rows(stage, "SELECT value FROM sample ORDER BY generation_time")
    assert [value for (value,) in values] == [float(n) for n in range(count)]


def test_a_database_that_comes_back_gets_everything(fragile, own_postgres):
    flow = fragile.flow(settings={"ORBITWATCH_RETRY_SECONDS": "3600"})
    flow.start()
    fragile.produce(*(packet(n, p=float(n)) for n in range(100)))
    wait_for_samples(fragile, 100)
    own_postgres.stop()
    fragile.produce(*(packet(n, p=float(n)) for n in range(100, 200)))
    wait_until(lambda: flow.get("readyz", flow.health_port)[0] == 503, "not ready")
    assert flow.get("healthz", flow.health_port)[0] == 200
    own_postgres.start()
    wait_for_samples(fragile, 200)
    wait_until(flow.is_ready, "readiness")
    assert_all_stored_once(fragile, 200)
    flow.stop()


def test_a_database_that_stays_away_stops_the_flow_and_a_new_start_resumes(
    fragile, own_postgres
):
    flow = fragile.flow(settings={"ORBITWATCH_RETRY_SECONDS": "3"})
    flow.start()
    fragile.produce(*(packet(n, p=float(n)) for n in range(100)))
    wait_for_samples(fragile, 100)
    own_postgres.stop()
    fragile.produce(*(packet(n, p=float(n)) for n in range(100, 200)))
    assert flow.process is not None
    assert flow.process.wait(HANG_S) == 1
    last_words = flow.log.read_text().splitlines()[-1]
    assert "CRITICAL orbitwatch ORBITWATCH_DATABASE=" in last_words
    own_postgres.start()
    flow.start()
    wait_for_samples(fragile, 200)
    assert_all_stored_once(fragile, 200)
    flow.stop()


def test_a_flow_told_to_stop_while_the_database_is_away_leaves_soon(
    fragile, own_postgres
):
    flow = fragile.flow(settings={"ORBITWATCH_RETRY_SECONDS": "3600"})
    flow.start()
    fragile.produce(packet(0, p=0.0))
    wait_for_samples(fragile, 1)
    own_postgres.stop()
    fragile.produce(packet(1, p=1.0))
    wait_until(lambda: flow.get("readyz", flow.health_port)[0] == 503, "not ready")
    flow.process.terminate()
    assert flow.process.wait(HANG_S) == 1
    own_postgres.start()
    flow.start()
    wait_for_samples(fragile, 2)
    flow.stop()


def test_a_broker_that_restarts_is_read_on(fragile, own_kafka):
    flow = fragile.flow()
    flow.start()
    fragile.produce(*(packet(n, p=float(n)) for n in range(100)))
    wait_for_samples(fragile, 100)
    own_kafka.stop()
    own_kafka.start()
    fragile.produce(*(packet(n, p=float(n)) for n in range(100, 200)), b"rubbish")
    wait_for_samples(fragile, 200)
    assert_all_stored_once(fragile, 200)
    flow.stop()


def told_of_kafka(flow: Flow) -> list[str]:
    """What the log says of Kafka, without times."""
    lines = flow.log.read_text().splitlines()
    return [line.partition(" orbitwatch.")[2] for line in lines if "afka" in line]


def test_a_broker_that_is_away_and_back_is_two_lines(fragile, own_kafka):
    flow = fragile.flow()
    flow.start()
    flow.wait_ready()
    own_kafka.stop()
    wait_until(lambda: flow.get("readyz", flow.health_port)[0] == 503, "not ready")
    own_kafka.start()
    wait_until(flow.is_ready, "readiness")
    away, back = told_of_kafka(flow)
    assert away.startswith("kafka Kafka does not answer, trying again: 127.0.0.1:")
    assert re.fullmatch(r"kafka Kafka answers again after \d+ s", back)
    flow.stop()


def test_a_flow_told_to_stop_before_a_dead_letter_is_confirmed_says_one_line(
    fragile, own_kafka
):
    flow = fragile.flow()
    flow.start()
    flow.wait_ready()
    # Without its topic the letter is tried again and again.
    admin = AdminClient({"bootstrap.servers": own_kafka.bootstrap})
    [deleted] = admin.delete_topics([DEAD_LETTERS.name]).values()
    deleted.result(HANG_S)
    wait_until(
        lambda: DEAD_LETTERS.name not in admin.list_topics(timeout=HANG_S).topics,
        "the end of the topic",
    )
    fragile.produce(b"rubbish")
    refused = 'orbitwatch_telemetry_dead_letter_total{reason="not_json"} 1.0'
    flow.wait_for_figures(refused)
    own_kafka.stop(SIGKILL)
    before = len(flow.log.read_text().splitlines())
    assert flow.end(SIGTERM) == 1
    said = flow.log.read_text().splitlines()[before:]
    assert "CRITICAL orbitwatch Kafka did not take a message" in said[-1]
    assert not [line for line in said if "panicked" in line or "dyn Any" in line]


def watching_for_silence(folder: Path, after_s: float) -> dict[str, str]:
    """Settings that have the parameter p of the packets watched for staleness."""
    folder.mkdir()
    detectors = f"{{staleness: {{after_seconds: {after_s}}}}}"
    (folder / "sat.yaml").write_text(
        "spacecraft: SAT\n"
        f"parameters: {{p: {{subsystem: power, detectors: {detectors}}}}}\n"
    )
    return {"ORBITWATCH_PARAMETERS": str(folder)}


def silences(stage: Stage) -> list[tuple[Any, ...]]:
    return rows(
        stage,
        "SELECT started_at, ended_at FROM anomaly_named WHERE detector = 'staleness'",
    )


def test_no_parameter_is_silent_because_kafka_is_away(fragile, own_kafka, tmp_path):
    settings = watching_for_silence(tmp_path / "parameters", 8)
    flow = fragile.flow(settings=settings)
    flow.start()
    fragile.produce(packet(0, p=0.0))
    wait_for_samples(fragile, 1)
    own_kafka.stop()
    wait_until(lambda: flow.get("readyz", flow.health_port)[0] == 503, "not ready")
    time.sleep(10)
    own_kafka.start()
    fragile.produce(packet(1, p=1.0))
    wait_for_samples(fragile, 2)
    assert silences(fragile) == []
    wait_until(lambda: len(silences(fragile)) == 1, "a silence of the spacecraft's own")
    flow.stop()


@pytest.mark.parametrize("moved_s", [-3600, 3600])
def test_a_clock_that_is_set_while_a_flow_runs_does_not_stop_it(
    stage, moved_clock, moved_s
):
    flow = stage.flow(settings=moved_clock.environment)
    flow.start()
    stage.produce(*(packet(n, p=float(n)) for n in range(50)))
    wait_for_samples(stage, 50)
    moved_clock.move(moved_s)
    # Nothing to read for a moment: it waits when it is idle, too.
    wait_until(lambda: flow.get("healthz", flow.health_port)[0] == 200, "health")
    stage.produce(*(packet(n, p=float(n)) for n in range(50, 100)))
    wait_for_samples(stage, 100)
    assert_all_stored_once(stage, 100)
    moved_clock.move(2 * moved_s)
    flow.stop()


def last_line(flow: Flow) -> str:
    """What the flow said in the end; nothing else says that it ended."""
    text = flow.log.read_text()
    assert "panicked" not in text
    assert "Traceback" not in text
    return text.splitlines()[-1]


@pytest.fixture
def lost_standby(own_postgres: Postgres) -> Iterator[Callable[[], None]]:
    """What makes COMMIT wait for a standby that is gone, until the test is over."""
    with psycopg.connect(own_postgres.uri, autocommit=True) as admin:
        admin.execute("SET synchronous_commit = local")

        def lose() -> None:
            admin.execute("ALTER SYSTEM SET synchronous_standby_names = 'gone'")
            admin.execute("SELECT pg_reload_conf()")
            # Each process of the server hears of it in its own time.
            time.sleep(1)

        yield lose
        admin.execute("ALTER SYSTEM RESET synchronous_standby_names")
        admin.execute("SELECT pg_reload_conf()")


def test_a_commit_that_never_returns_stops_the_flow_with_one_line(
    fragile, lost_standby
):
    flow = fragile.flow(settings={"ORBITWATCH_RETRY_SECONDS": "1"})
    flow.start()
    fragile.produce(packet(0, p=0.0))
    wait_for_samples(fragile, 1)
    lost_standby()
    fragile.produce(packet(1, p=1.0))
    assert flow.process.wait(HANG_S) == 1
    assert "ORBITWATCH_RETRY_SECONDS=1; nothing is lost" in last_line(flow)
    assert "waiting for the database to answer since" in flow.log.read_text()


def test_a_flow_that_waits_for_a_commit_obeys_a_request_to_stop(fragile, lost_standby):
    flow = fragile.flow()
    flow.start()
    fragile.produce(packet(0, p=0.0))
    wait_for_samples(fragile, 1)
    lost_standby()
    fragile.produce(packet(1, p=1.0))
    wait_until(lambda: "waiting for the data" in flow.log.read_text(), "a line")
    assert flow.end(SIGTERM) == 1
    assert "the flow was told to stop; nothing is lost" in last_line(flow)


def test_a_flow_obeys_a_request_to_stop_although_its_broker_stands_still(
    fragile, own_kafka
):
    flow = fragile.flow()
    flow.start()
    fragile.produce(packet(0, p=0.0), b"rubbish")
    wait_for_samples(fragile, 1)
    with frozen(own_kafka):
        assert flow.end(SIGTERM) in {0, 1}
        last_line(flow)


def test_a_dead_letter_that_is_not_taken_stops_the_flow_with_one_line(
    fragile, own_kafka
):
    flow = fragile.flow(settings={"ORBITWATCH_RETRY_SECONDS": "5"})
    flow.start()
    fragile.produce(packet(0, p=0.0))
    wait_for_samples(fragile, 1)
    with psycopg.connect(fragile.database) as other:
        # What comes now is fetched, but waits for its turn behind this.
        other.execute("LOCK TABLE sample IN EXCLUSIVE MODE")
        fragile.produce(packet(1, p=1.0))
        wait_until(lambda: waits_for_a_lock(fragile), "the flow to wait")
        fragile.produce(packet(2, p=2.0))
        fragile.produce(b"rubbish")
        time.sleep(1)
        with frozen(own_kafka):
            other.rollback()
            assert flow.process.wait(HANG_S) == 1
    assert "ORBITWATCH_RETRY_SECONDS" in last_line(flow)


@contextmanager
def frozen(kafka: Kafka) -> Iterator[None]:
    """A broker that keeps its connections, and does nothing."""
    assert kafka._process is not None
    os.kill(kafka._process.pid, SIGSTOP)
    try:
        yield
    finally:
        os.kill(kafka._process.pid, SIGCONT)


def waits_for_a_lock(stage: Stage) -> bool:
    query = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    return bool(rows(stage, query))
