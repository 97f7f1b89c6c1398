"""The demo shows what it promises, and leaves no process, whatever ends it."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from simulators.demo.__main__ import main
from tests.services.waiting import HANG_S, wait_until
from tests.simulators.conftest import PROJECT, Start

# In each line that says how far it is.
RUNNING = "samples stored:"


def processes_of(folder: Path) -> dict[int, str]:
    """The command lines of living processes that name the folder, or work in it."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            place = str((process / "cwd").readlink())
        except OSError:
            continue
        if str(folder) in command or place.startswith(str(folder)):
            found[int(process.name)] = command
    return found


def wait_for_nothing(folder: Path) -> dict[int, str]:
    deadline = time.monotonic() + HANG_S
    while (found := processes_of(folder)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return found


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where demos put what they need; a short path, for sockets."""
    short = Path(tempfile.mkdtemp(prefix="ow"))
    short.chmod(0o711)  # for root's PostgreSQL, which runs as somebody else
    yield short
    shutil.rmtree(short, ignore_errors=True)


@pytest.mark.parametrize("seconds", ["0", "-1", "soon", "1e9"])
def test_a_wrong_duration_is_refused(seconds: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as error:
        main(["--seconds", seconds])
    assert error.value.code == 2
    err = capsys.readouterr().err
    assert "--seconds" in err
    assert len(err.splitlines()) == 1


@pytest.mark.slow
def test_it_reports_what_the_database_has_and_how_to_look_at_it(
    start: Start, folder: Path
):
    process = start(
        "simulators.demo", "--seconds", "15", TMPDIR=str(folder), ORBITWATCH_KAFKA="x"
    )
    out, err = process.communicate(timeout=200)
    assert process.returncode == 0, out + err
    number = r"([\d,]+)"
    match = re.search(
        rf"Sent {number} samples in \d+ s, {number} are stored and {number} archived",
        out,
    )
    assert match
    assert match[1] == match[2] == match[3]
    assert f"The archive holds {match[1]} samples" in out
    for system in ("spacecraft", "rocket_launch", "iss_tracking"):
        assert re.search(rf"[(,] ?{system} [1-9]", out), out
    assert "Injected faults, and what was detected" in out
    assert re.search(r"LAUNCHER +liftoff +12:00:0", out), out
    assert re.search(r"ISS at 2026-06-2\d .* km up", out), out
    assert re.search(r"(Present|Next) pass: over \w+, ", out), out
    assert wait_for_nothing(folder) == {}
    assert len(list(folder.iterdir())) == 1
    assert "LAUNCHER" in run(command(out, "pyarrow"))
    assert "spacecraft" in run(
        [*command(out, "connectors.embedded"), "-c", "TABLE stream_position"]
    )
    assert wait_for_nothing(folder) == {}


def command(out: str, part: str) -> list[str]:
    """The first command in the report that has such a part."""
    return shlex.split(next(line for line in out.splitlines() if part in line))


def run(words: Sequence[str]) -> str:
    done = subprocess.run(words, cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "after", "codes"),
    [
        (signal.SIGKILL, "Creating the tables", [-9]),
        (signal.SIGKILL, RUNNING, [-9]),
        (signal.SIGTERM, "Starting the flows", [143]),
        (signal.SIGHUP, RUNNING, [129]),
        (signal.SIGINT, "Starting the flows", [130]),
        (signal.SIGINT, RUNNING, [0]),
    ],
)
def test_whatever_ends_it_no_process_is_left(
    start: Start,
    folder: Path,
    number: signal.Signals,
    after: str,
    codes: Sequence[int],
):
    process = start("simulators.demo", "--seconds", "60", TMPDIR=str(folder))
    assert process.stdout is not None
    for line in process.stdout:
        if after in line:
            break
    process.send_signal(number)
    out, err = process.communicate(timeout=HANG_S)
    assert process.returncode in codes, out + err
    assert wait_for_nothing(folder) == {}
    kept = 1 if process.returncode == 0 else 0
    wait_until(lambda: len(list(folder.iterdir())) <= kept, "no folder left")
    assert len(list(folder.iterdir())) == kept


@pytest.mark.slow
@pytest.mark.parametrize("name", ["spacecraft", "archive"])
def test_a_flow_that_dies_ends_the_demo_with_its_last_words(
    start: Start, folder: Path, name: str
):
    process = start("simulators.demo", "--seconds", "60", TMPDIR=str(folder))
    assert process.stdout is not None
    for line in process.stdout:
        if RUNNING in line:
            break
    flows = {
        pid: command
        for pid, command in processes_of(folder).items()
        if "bytewax.run" in command
    }
    assert len(flows) == 4
    for pid, command in flows.items():
        if f"dataflows.{name}:" in command:
            os.kill(pid, signal.SIGKILL)
    _, err = process.communicate(timeout=HANG_S)
    assert process.returncode == 1
    assert f"the flow {name} ended by itself" in err
    assert "Traceback" not in err
    assert wait_for_nothing(folder) == {}
    assert list(folder.iterdir()) == []
