"""What a flow stands on is replaced: its database, its topic, its state folder."""

import time
from urllib.parse import urlsplit

import psycopg
import pytest
from confluent_kafka.admin import AdminClient, NewTopic
from pyarrow import dataset

from tests.end_to_end.conftest import Stage
from tests.end_to_end.flow_process import Flow
from tests.end_to_end.test_spacecraft import packet, rows, wait_for_samples
from tests.services.waiting import HANG_S, wait_until

pytestmark = pytest.mark.slow

TOPIC = "telemetry.spacecraft"
STORED_LESS = "less is stored than was read before"
ANOTHER = "the topic is another one"


def values(first: int, end: int) -> list[bytes]:
    return [packet(n, p=float(n % 7)) for n in range(first, end)]


def run_for(flow: Flow, stage: Stage, samples: int) -> None:
    """The flow runs until so many samples are stored."""
    flow.start()
    wait_for_samples(stage, samples)
    time.sleep(2 * flow.snapshot_s)  # so that a snapshot tells of them too
    flow.stop()


def on_server(stage: Stage, *statements: str) -> None:
    """Does something to databases, from which others are thrown out."""
    server = urlsplit(stage.database)._replace(path="/postgres").geturl()
    with psycopg.connect(server, autocommit=True) as connection:
        for statement in statements:
            wait_until(lambda: succeeds(connection, statement), statement)  # noqa: B023


def succeeds(connection: psycopg.Connection, statement: str) -> bool:
    connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname LIKE 'orbitwatch%' AND pid <> pg_backend_pid()"
    )
    try:
        connection.execute(statement)
    except psycopg.errors.ObjectInUse:
        return False
    return True


@pytest.mark.parametrize("is_new", [False, True])
def test_a_database_that_is_behind_gets_what_it_lacks(stage: Stage, is_new: bool):
    """As one that was restored from a backup, or begun anew after a loss."""
    name = urlsplit(stage.database).path[1:]
    flow = stage.flow()
    if is_new:
        on_server(stage, f"CREATE DATABASE {name}_backup TEMPLATE {name}")
    stage.produce(*values(0, 100))
    run_for(flow, stage, 100)
    if not is_new:
        on_server(stage, f"CREATE DATABASE {name}_backup TEMPLATE {name}")
    stage.produce(*values(100, 200))
    run_for(flow, stage, 200)
    before = rows(stage, "SELECT * FROM sample ORDER BY generation_time")
    on_server(
        stage,
        f"DROP DATABASE {name}",
        f"CREATE DATABASE {name} TEMPLATE {name}_backup",
        f"DROP DATABASE {name}_backup",
    )
    stage.produce(*values(200, 250))
    flow.log.unlink()
    flow.start()
    wait_for_samples(stage, 250)
    flow.stop()
    assert STORED_LESS in flow.log.read_text()
    after = rows(stage, "SELECT * FROM sample ORDER BY generation_time")
    kept = 0 if is_new else 100
    assert after[:kept] == before[:kept]
    # What is stored again is held against its limits only; what is new is judged.
    scores = rows(stage, "SELECT anomaly_score FROM sample ORDER BY generation_time")
    assert [score for (score,) in scores[kept:200]] == [None] * (200 - kept)
    assert None not in {score for (score,) in scores[200:]}
    # From then on there is nothing to be told of.
    flow.log.unlink()
    stage.produce(*values(250, 251))
    run_for(flow, stage, 251)
    assert STORED_LESS not in flow.log.read_text()


def test_a_topic_that_was_made_anew_is_stored_and_archived_from_its_beginning(
    stage: Stage,
):
    flow = stage.flow()
    folder = stage.folder / "kept"
    archiver = stage.flow(
        "archiver",
        module="dataflows.archive",
        settings={"ORBITWATCH_ARCHIVE": str(folder), "ORBITWATCH_ARCHIVE_SECONDS": "1"},
    )
    stage.produce(*values(0, 100))
    archiver.start()
    run_for(flow, stage, 100)
    wait_until(lambda: archived(folder) == 100, "an archive")
    archiver.stop()
    make_anew(stage)
    # More than were read of the old one: their offsets tell nothing.
    stage.produce(*values(1000, 1250))
    archiver.start()
    run_for(flow, stage, 350)
    wait_until(lambda: archived(folder) == 350, "an archive of both")
    archiver.stop()
    for each in (flow, archiver):
        assert ANOTHER in each.log.read_text()


def archived(folder: object) -> int:
    return int(dataset.dataset(folder, partitioning="hive").count_rows())


def make_anew(stage: Stage) -> None:
    admin = AdminClient({"bootstrap.servers": stage.kafka})
    admin.delete_topics([TOPIC])[TOPIC].result(HANG_S)
    wait_until(lambda: TOPIC not in admin.list_topics(timeout=HANG_S).topics, "gone")
    admin.create_topics([NewTopic(TOPIC, 8)])[TOPIC].result(HANG_S)
    wait_until(lambda: TOPIC in admin.list_topics(timeout=HANG_S).topics, "made")


def test_a_second_flow_is_kept_out_of_a_state_folder_and_harms_nothing(stage: Stage):
    first = stage.flow()
    first.start()
    stage.produce(*values(0, 100))
    wait_for_samples(stage, 100)
    second = stage.flow("second", module="dataflows.rocket_launch", snapshot_s=30)
    second.recovery = first.recovery
    for state in ("uses it", "it has the state of the flow spacecraft"):
        second.start()
        assert second.process is not None
        assert second.process.wait(HANG_S) == 1
        assert state in second.log.read_text().splitlines()[-1]
        if first.is_running():
            time.sleep(2 * first.snapshot_s)
            first.stop()
    first.start()
    stage.produce(*values(100, 101))
    wait_for_samples(stage, 101)
    # All that came before was learnt, and is not read again.
    samples = 'orbitwatch_telemetry_samples_total{spacecraft="SAT"} 1.0'
    first.wait_for_figures(samples)
    first.stop()
