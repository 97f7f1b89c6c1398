"""The demo shows what it promises, and leaves no process, whatever ends it."""

import fcntl
import os
import re
import select
import shlex
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from connectors.settings import child_environment
from simulators.demo.__main__ import main
from simulators.demo.earlier import PREFIX, marked
from tests.services.waiting import HANG_S, wait_until
from tests.simulators.conftest import PROJECT, Start

# In each line that says how far it is.
RUNNING = "samples stored:"
QUESTION = "Remove? [y/N]"


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
    result = out.rpartition("\n\n")[2]
    assert re.match(r"Found \d+ of [1-9]\d* injected faults", result), out
    assert re.search(r"False anomalies, .*: \d+ of [1-9]\d*\.$", result, re.M), out
    match = re.search(r"Samples sent = stored = archived: ([\d,]+)\.\n", result)
    assert match, out
    assert f"The archive holds {match[1]} samples" in out
    for system in ("spacecraft", "rocket_launch", "iss_tracking"):
        assert re.search(rf"[(,] ?{system} [1-9]", out), out
    assert "Injected faults, and what was detected" in out
    assert re.search(r"LAUNCHER +liftoff +2024-01-01 12:00:0", out), out
    assert re.search(r"ISS at 2026-06-2\d .* km up", out), out
    assert re.search(r"(Present|Next) pass: over \w+, ", out), out
    assert wait_for_nothing(folder) == {}
    assert len(list(folder.iterdir())) == 1
    assert "LAUNCHER" in run(command(out, "pyarrow"))
    assert "spacecraft" in run(
        [*command(result, "connectors.embedded"), "-c", "TABLE stream_position"]
    )
    assert wait_for_nothing(folder) == {}


@pytest.mark.slow
def test_on_a_terminal_it_shows_a_picture_and_asks_about_earlier_folders(
    folder: Path,
):
    earlier = folder / f"{PREFIX}earlier"
    earlier.mkdir()
    with marked(earlier):
        pass
    user, program = os.openpty()
    fcntl.ioctl(program, termios.TIOCSWINSZ, struct.pack("4H", 30, 100, 0, 0))
    owner = "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); " + (
        "from simulators.demo.__main__ import main; raise SystemExit(main())"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", owner, "--seconds", "20"],
        stdin=program,
        stdout=program,
        stderr=program,
        cwd=PROJECT,
        env=child_environment({"TMPDIR": str(folder), "TERM": "xterm-256color"}),
        start_new_session=True,
    )
    os.close(program)
    try:
        out = read(user, QUESTION)
        os.write(user, b"y\n")
        out += read(user)
        assert process.wait(HANG_S) == 0, out
    finally:
        process.kill()
        process.wait()
        os.close(user)
    assert "A folder of an earlier demo takes 0 MB" in out
    assert "to go" in out
    told = " ".join(re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", out).split())
    assert re.search(r"injected \d\d:\d\d:\d\d, found after \d", told), out
    assert not earlier.exists()
    assert len(list(folder.iterdir())) == 1
    assert wait_for_nothing(folder) == {}


def read(terminal: int, until: str | None = None) -> str:
    """What a program writes up to these words, or else to its end."""
    out = b""
    while until is None or until.encode() not in out:
        assert select.select([terminal], [], [], HANG_S)[0], out
        try:
            text = os.read(terminal, 65_536)
        except OSError:
            break
        if not text:
            break
        out += text
    return out.decode(errors="replace")


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
