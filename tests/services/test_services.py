"""The servers that other tests stand on: they start, keep what they got, and end."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaException,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, NewTopic

from tests.services.clock import MovedClock
from tests.services.kafka import Kafka
from tests.services.ports import free_port
from tests.services.postgres import Postgres
from tests.services.waiting import HANG_S, wait_until

ROOT = Path(__file__).parents[2]


def round_trip(bootstrap: str, topic: str, value: bytes) -> list[bytes | None]:
    """Produce the value and return all that the topic then holds."""
    producer = Producer({"bootstrap.servers": bootstrap, "message.max.bytes": 16 << 20})
    producer.produce(topic, value)
    assert producer.flush(HANG_S) == 0
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "unused",
            "enable.partition.eof": True,
        }
    )
    consumer.assign([TopicPartition(topic, 0, OFFSET_BEGINNING)])
    values = []
    while (message := consumer.poll(HANG_S)) and not message.error():
        values.append(message.value())
    consumer.close()
    return values


def create_topic(bootstrap: str) -> str:
    topic = f"test.{uuid4().hex}"
    client = AdminClient({"bootstrap.servers": bootstrap})
    client.create_topics([NewTopic(topic, 1, 1)])[topic].result(HANG_S)
    return topic


def test_kafka_takes_a_message_of_ten_megabytes_and_gives_it_back(kafka: str):
    value = os.urandom(10_000_000)
    assert round_trip(kafka, create_topic(kafka), value) == [value]


def test_kafka_makes_no_topic_unasked(kafka: str):
    client = AdminClient({"bootstrap.servers": kafka})
    assert "never.created" not in client.list_topics(timeout=HANG_S).topics
    metadata = client.list_topics("never.created", timeout=HANG_S)
    assert metadata.topics["never.created"].error is not None


def test_a_stopped_kafka_is_gone_and_comes_back_with_its_messages(own_kafka: Kafka):
    topic = create_topic(own_kafka.bootstrap)
    assert round_trip(own_kafka.bootstrap, topic, b"before") == [b"before"]
    own_kafka.stop()
    client = AdminClient({"bootstrap.servers": own_kafka.bootstrap, "log_level": 0})
    with pytest.raises(KafkaException):
        client.list_topics(timeout=1)
    own_kafka.start()
    assert round_trip(own_kafka.bootstrap, topic, b"after") == [b"before", b"after"]


def test_a_database_keeps_rows(database: str):
    with psycopg.connect(database) as connection:
        connection.execute("CREATE TABLE sample (value float8)")
        connection.execute("INSERT INTO sample VALUES (1.5)")
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT value FROM sample").fetchall() == [(1.5,)]


@pytest.mark.parametrize("turn", ["first", "second"])
def test_each_test_gets_an_empty_database(database: str, turn: str):
    query = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
    with psycopg.connect(database) as connection:
        assert connection.execute(query).fetchall() == [(0,)], turn
        connection.execute("CREATE TABLE left_behind (value float8)")


def test_a_timescale_database_takes_a_hypertable(timescale_database: str):
    with psycopg.connect(timescale_database) as connection:
        connection.execute("CREATE EXTENSION timescaledb")
        connection.execute("CREATE TABLE sample (at timestamptz NOT NULL)")
        connection.execute("SELECT create_hypertable('sample', 'at')")


def test_a_stopped_postgres_is_gone_and_comes_back_with_its_rows(
    own_postgres: Postgres,
):
    with psycopg.connect(own_postgres.uri, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS value")
        own_postgres.stop()
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(own_postgres.uri)
    own_postgres.start()
    with psycopg.connect(own_postgres.uri) as connection:
        assert connection.execute("SELECT value FROM kept").fetchall() == [(1,)]


def test_promtool_runs(promtool: str):
    subprocess.run([promtool, "--version"], check=True, capture_output=True)


def test_grafanas_libraries_are_of_the_version_that_is_run(grafana_libraries: Path):
    services = (ROOT / "docker-compose.yml").read_text("utf-8")
    for package in ("data", "schema"):
        file = grafana_libraries / "@grafana" / package / "package.json"
        version = json.loads(file.read_text("utf-8"))["version"]
        assert f"image: grafana/grafana:{version}\n" in services


ASK_NOBODY = """
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
try:
    AdminClient({"bootstrap.servers": "127.0.0.1:1"}).list_topics(timeout=1)
except KafkaException:
    print("gave up")
"""


@pytest.mark.parametrize("moved_s", [-5000, 5000])
def test_a_moved_clock_moves_what_is_waited_for_too(
    moved_clock: MovedClock, moved_s: int
):
    moved_clock.move(moved_s)
    done = subprocess.run(
        [sys.executable, "-c", ASK_NOBODY],
        env={**os.environ, **moved_clock.environment},
        stdout=subprocess.PIPE,
        text=True,
        timeout=HANG_S,
    )
    assert done.stdout == "gave up\n"


GIVE_PORTS = """
from tests.services.ports import free_port
print(*(free_port() for _ in range(20)))
"""


def test_processes_of_the_tests_get_different_ports():
    ours = [free_port() for _ in range(20)]
    command = [sys.executable, "-c", GIVE_PORTS]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    ports = [*ours, *map(int, done.stdout.split())]
    assert len(set(ports)) == 40
    for port in ours:
        socket.create_server(("127.0.0.1", port)).close()


HOLD_A_SERVER = """
import sys, time
from pathlib import Path
from signal import Signals
from tests.services.process import ServerProcess
server = ServerProcess(["sleep", "600"], Path(sys.argv[1]), Signals.SIGKILL)
print(server.pid, flush=True)
time.sleep(600)
"""


def test_a_server_ends_with_the_tests_even_when_they_are_killed(tmp_path: Path):
    command = [sys.executable, "-c", HOLD_A_SERVER, str(tmp_path / "log")]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as tests:
        assert tests.stdout
        pid = int(tests.stdout.readline())
        assert is_running(pid)
        tests.send_signal(signal.SIGKILL)
    wait_until(lambda: not is_running(pid), "the server's end")


def is_running(pid: int) -> bool:
    """Return whether the process runs; a zombie nobody waited for does not."""
    state = subprocess.run(
        ["ps", "-o", "state=", "-p", str(pid)], capture_output=True, text=True
    ).stdout.strip()
    return bool(state) and not state.startswith("Z")
