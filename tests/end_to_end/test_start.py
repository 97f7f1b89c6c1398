"""A flow that cannot work says so in one line, soon, and leaves with an error."""

import re
import socket

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from connectors.settings import ALL_INTERFACES, LOOPBACK
from tests.connectors.process.test_recovery import epochs, leave
from tests.end_to_end.conftest import Stage, adopted_stage
from tests.end_to_end.flow_process import Flow
from tests.end_to_end.test_spacecraft import rows, wait_for_samples
from tests.services.postgres import fresh_database
from tests.services.waiting import HANG_S

# What waited for better times would wait for ever.
NEVER = {"ORBITWATCH_RETRY_SECONDS": "86400"}
PACKET = b'{"spacecraft":"S","generation_time":"2026-01-01T00:00:00Z","values":{"a":1}}'


@pytest.fixture(scope="module")
def ready(module_kafka, database_server, tmp_path_factory):
    """A stage on which a flow could start."""
    folder = tmp_path_factory.mktemp("start")
    with (
        fresh_database(database_server) as database,
        adopted_stage(module_kafka.bootstrap, database, folder) as stage,
    ):
        yield stage


def last_words(flow: Flow) -> str:
    """What a flow that does not start says, which is one line."""
    flow.start()
    assert flow.process is not None
    assert flow.process.wait(HANG_S) == 1
    log = flow.log.read_text()
    assert "Traceback" not in log
    lines = [line for line in log.splitlines() if " CRITICAL " in line]
    assert len(lines) == 1, log
    assert log.splitlines()[-1] == lines[0]
    return lines[0]


def flow_with(ready: Stage, request, **settings: str) -> Flow:
    """A flow with other settings than would work."""
    flow = Flow(ready.kafka, ready.database, ready.folder / request.node.name[:40])
    flow.settings = {f"ORBITWATCH_{key}": text for key, text in settings.items()}
    flow.settings |= NEVER
    return flow


def test_kafka_that_does_not_answer(ready, request):
    flow = flow_with(ready, request, KAFKA="127.0.0.1:1")
    words = last_words(flow)
    assert "ORBITWATCH_KAFKA=127.0.0.1:1: " in words
    assert "Connection refused" in words
    assert flow.log.read_text().splitlines() == [words]


def test_a_database_that_does_not_answer(ready, request):
    address = "postgresql://someone:secret@127.0.0.1:1/orbitwatch"
    words = last_words(flow_with(ready, request, DATABASE=address))
    assert "ORBITWATCH_DATABASE=" in words
    assert "127.0.0.1:1" in words
    assert "secret" not in words


def test_a_topic_that_is_missing(own_kafka, ready, request):
    flow = flow_with(ready, request, KAFKA=own_kafka.bootstrap)
    assert "`python -m connectors.topics`" in last_words(flow)


def test_migrations_that_are_missing(database, ready, request):
    words = last_words(flow_with(ready, request, DATABASE=database))
    assert "0001_shared_tables" in words
    assert "`python -m connectors.migrate`" in words


def test_a_setting_that_does_not_exist(ready, request):
    words = last_words(flow_with(ready, request, LOG_LEVLE="INFO"))
    assert "ORBITWATCH_LOG_LEVLE" in words
    assert "ORBITWATCH_LOG_LEVEL?" in words


def test_a_kafka_property_that_does_not_exist(ready, request):
    words = last_words(flow_with(ready, request, KAFKA_SASL_MECHANICS="PLAIN"))
    assert "ORBITWATCH_KAFKA_SASL_MECHANICS" in words


def test_partitions_that_do_not_exist(ready, request):
    words = last_words(flow_with(ready, request, PARTITIONS="6-9"))
    assert "ORBITWATCH_PARTITIONS" in words
    assert "[8, 9]" in words


@pytest.mark.parametrize("setting", ["METRICS_PORT", "HEALTH_PORT"])
@pytest.mark.parametrize("address", [LOOPBACK, ALL_INTERFACES])
def test_a_port_that_is_taken(ready, request, setting, address):
    with socket.socket() as taken:
        taken.bind(("", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        settings = {setting: port, "LISTEN": address}
        words = last_words(flow_with(ready, request, **settings))
    assert f"ORBITWATCH_{setting}: cannot listen on port {port}" in words


@pytest.mark.parametrize("address", ["192.0.2.1", "no-such-name.invalid"])
def test_a_strange_address(ready, request, address):
    words = last_words(flow_with(ready, request, LISTEN=address))
    assert f"ORBITWATCH_LISTEN: cannot listen on {address}: " in words


def test_a_parameter_file_that_is_wrong(ready, request, tmp_path):
    (tmp_path / "sat.yaml").write_text("spacecraft: SAT\nparameters: {v: {units: V}}")
    words = last_words(flow_with(ready, request, PARAMETERS=str(tmp_path)))
    assert "ORBITWATCH_PARAMETERS" in words
    assert "sat.yaml" in words


def test_detector_settings_that_are_wrong(ready, request, tmp_path):
    text = "spacecraft: SAT\nparameters: {v: {detectors: {zscore: {}}}}"
    (tmp_path / "sat.yaml").write_text(text)
    words = last_words(flow_with(ready, request, PARAMETERS=str(tmp_path)))
    assert "sat.yaml" in words
    assert "'zscore'" in words
    assert "rolling_z_score" in words


def test_a_folder_for_snapshots_that_is_missing_or_empty(ready, request, tmp_path):
    flow = flow_with(ready, request)
    flow.recovery = tmp_path / "nowhere"
    assert "there is no folder as given with -r" in last_words(flow)
    flow.recovery.mkdir()
    flow.log.unlink()
    assert "`python -m bytewax.recovery FOLDER 1`" in last_words(flow)


def test_a_folder_for_snapshots_that_is_damaged(ready, request):
    flow = flow_with(ready, request)
    (flow.recovery / "part-0.sqlite3").write_bytes(b"rubbish" * 1_000)
    words = last_words(flow)
    assert "part-0.sqlite3 of the recovery folder (-r)" in words
    assert "start with an empty folder" in words


def test_what_a_killed_flow_left_of_an_epoch_is_gone_when_the_next_one_is_ready(stage):
    flow = stage.flow(settings={**NEVER})
    flow.start()
    flow.wait_ready()
    flow.stop()
    file = flow.recovery / "part-0.sqlite3"
    leave(file, "shard 00", 1_000_000)
    flow.start()
    flow.wait_ready()
    assert "1 snapshots are deleted" in flow.log.read_text()
    assert 1_000_000 not in epochs(file)
    flow.stop()


def test_a_flow_says_where_it_goes_on_what_it_knows_and_where_it_is_seen(stage):
    flow = stage.flow(settings={**NEVER})
    flow.start()
    stage.produce(PACKET)
    wait_for_samples(stage, 1)
    flow.stop()
    flow.start()
    flow.wait_ready()
    first, second = [line for line in log_of(flow) if "reading telemetry." in line]
    assert "from the beginning of partitions 0, 1, 2, 3, 4, 5, 6, 7 " in first
    assert re.search(r"from partition .*\b[0-7] offset 1\b", second)
    for line in (first, second):
        assert f"(state folder {flow.recovery}); " in line
        assert " parameters are described; " in line
        assert f":{flow.metrics_port}/metrics" in line
        assert f":{flow.health_port}/readyz" in line
    assert "(-r)" not in flow.log.read_text()
    flow.stop()


def log_of(flow: Flow) -> list[str]:
    return flow.log.read_text().splitlines()


def test_an_offset_that_kafka_lost(stage):
    flow = stage.flow(settings={**NEVER})
    flow.start()
    flow.wait_ready()
    stage.produce(PACKET)
    wait_for_samples(stage, 1)
    flow.stop()
    [(partition,)] = rows(
        stage, "SELECT partition FROM stream_position WHERE next_offset > 0"
    )
    stage.produce(PACKET, PACKET)
    admin = AdminClient({"bootstrap.servers": stage.kafka})
    place = TopicPartition("telemetry.spacecraft", partition, 2)
    [deleted] = admin.delete_records([place]).values()
    deleted.result(HANG_S)
    words = last_words(flow)
    assert "offset 1" in words
    assert "ORBITWATCH_LOST_OFFSET=earliest" in words
    flow.settings["ORBITWATCH_LOST_OFFSET"] = "earliest"
    flow.start()
    flow.wait_ready()
    flow.stop()
