"""The program end to end: a quick part, and one that is interrupted."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.flow_process import REPOSITORY
from tests.services.fixtures import skip_or_fail
from tests.services.kafka import kafka_jars
from tests.services.waiting import HANG_S, wait_until

pytestmark = pytest.mark.slow

COMMAND = (sys.executable, "-m", "tests.benchmarks", "scaling", "--quick", "--out")


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder for temporary files that a server run as another user can reach."""
    with skip_or_fail():
        kafka_jars()
    # Short, for sockets, and not shared with other tests that run now.
    made = Path(tempfile.mkdtemp(prefix="ow"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made, ignore_errors=True)


def environment(place: Path, marker: str) -> dict[str, str]:
    return {**os.environ, "TMPDIR": str(place), "BENCHMARK_TEST": marker}


def processes(marker: str) -> list[str]:
    """The commands of all processes that have the marker in their environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (
                f"BENCHMARK_TEST={marker}".encode()
                in (process / "environ").read_bytes()
            ):
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found


def left_behind(place: Path) -> set[Path]:
    return set(place.glob("orbitwatch-*"))


def test_a_quick_part_measures_and_leaves_nothing_behind(place: Path, tmp_path: Path):
    done = subprocess.run(
        [*COMMAND, str(tmp_path)],
        cwd=REPOSITORY,
        env=environment(place, tmp_path.name),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    document = json.loads((tmp_path / "benchmark.json").read_text())
    (rounds,) = document["parts"]["scaling"]["tables"].values()
    assert all(rounds[case]["samples/s"][0] > 0 for case in rounds)
    assert set(rounds) == {"one process", "two processes"}
    assert document["machine"]["Apache Kafka"]
    assert (tmp_path / "benchmark.png").exists()
    assert processes(tmp_path.name) == []
    assert left_behind(place) == set()


def test_a_service_that_is_missing_is_named(tmp_path: Path):
    done = subprocess.run(
        [*COMMAND, str(tmp_path)],
        cwd=REPOSITORY,
        env={**os.environ, "PATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    missing = "orbitwatch: no benchmark: Apache Kafka needs Java: there is no `java`\n"
    assert done.stderr == missing
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_whatever_ends_it_nothing_is_left_behind(
    place: Path, tmp_path: Path, number: signal.Signals
):
    marker = f"{tmp_path.name}-{number.name}"
    program = subprocess.Popen(
        [*COMMAND, str(tmp_path)],
        cwd=REPOSITORY,
        env=environment(place, marker),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Not to be hit by what hits the tests, as a shell would have it.
        start_new_session=True,
    )
    with program:
        assert program.stdout
        for line in program.stdout:
            if "round 1" in line:
                break
        wait_for_a_flow(marker)
        program.send_signal(number)
        code = program.wait(HANG_S)
    assert code == (-number if number == signal.SIGKILL else 128 + number)
    assert not (tmp_path / "benchmark.json").exists()
    wait_until(lambda: not processes(marker), "no process left")
    wait_until(lambda: not left_behind(place), "no folder left")


def wait_for_a_flow(marker: str) -> None:
    def is_there() -> bool:
        return any("bytewax.run" in command for command in processes(marker))

    wait_until(is_there, "a flow")
