"""What is started again, and what is remembered of its end."""

import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGKILL, SIGTERM

import pytest

from tests.faults.supervised import Exit, Supervised, is_alive
from tests.services.waiting import wait_until


@dataclass
class Sleeper:
    """A process that does nothing, or ends at once."""

    code: str = "import time; time.sleep(600)"
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def pid(self) -> int | None:
        return self.started[-1].pid if self.started else None

    def start(self) -> None:
        self.started.append(subprocess.Popen([sys.executable, "-S", "-c", self.code]))

    def reap(self) -> tuple[int | None, str]:
        return self.started[-1].wait(), "its last line"

    def end(self) -> None:
        for process in self.started:
            process.kill()
            process.wait()


@pytest.fixture
def ends() -> list[Exit]:
    return []


@pytest.fixture
def sleeper(ends: list[Exit]):
    sleeper = Sleeper()
    supervised = Supervised("sleeper", sleeper, ends.append)
    supervised.start()
    yield sleeper, supervised
    supervised.close()
    sleeper.end()


def test_what_is_killed_is_started_again(sleeper, ends: list[Exit]):
    what, supervised = sleeper
    first = what.pid
    supervised.signal(SIGKILL)
    wait_until(lambda: is_alive(what.pid) and what.pid != first, "the next one")
    [end] = ends
    assert (end.signal, end.code, end.last_line) == (SIGKILL, -9, "its last line")
    assert end.is_clear


def test_what_is_to_be_down_is_not_started(sleeper, ends: list[Exit]):
    what, supervised = sleeper
    with supervised.down():
        assert not is_alive(what.pid)
        assert len(what.started) == 1
    wait_until(supervised.is_up, "the next one")
    assert len(what.started) == len(ends) + 1 == 2


def test_what_is_stalled_stands_still_and_goes_on(sleeper):
    what, supervised = sleeper
    supervised.stall(0.5)

    def state() -> str:
        return Path(f"/proc/{what.pid}/stat").read_text().rpartition(")")[2].split()[0]

    wait_until(lambda: state() == "T", "standing still")
    wait_until(lambda: state() != "T", "going on")
    assert len(what.started) == 1


@pytest.mark.parametrize(
    ("signal", "code", "line", "is_clear"),
    [
        (None, 1, "2026 CRITICAL orbitwatch ORBITWATCH_KAFKA=x: no broker", True),
        (None, 1, "note: run with `RUST_BACKTRACE=1`", False),
        (None, 1, "2026 CRITICAL orbitwatch unexpected KeyError | Traceback", False),
        (None, -9, "", False),
        (SIGTERM, 0, "anything", True),
        (SIGTERM, -15, "told before it listened", True),
        (SIGTERM, 1, "KeyError: 'a'", False),
        (SIGKILL, 1, "KeyError: 'a'", False),
    ],
)
def test_an_end_is_clear_if_it_was_asked_for_or_says_why(signal, code, line, is_clear):
    assert Exit("flow", 1.0, signal, code, line).is_clear == is_clear
