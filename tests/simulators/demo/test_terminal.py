"""Questions are asked on a terminal only, and no answer is no."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.demo.terminal import agrees, can_ask
from tests.services.waiting import HANG_S

PROJECT = Path(__file__).parents[3]
# A process that owns the terminal it was given.
OWNER = """
import fcntl, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from simulators.demo.terminal import agrees, can_ask
print(can_ask(), flush=True)
if can_ask():
    print(agrees("Remove?", lambda: False, answer_s=HANG_S), flush=True)
"""


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """Both ends of one: the user's, and the program's."""
    ends = os.openpty()
    yield ends
    for end in ends:
        os.close(end)


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        *(("y", True), ("Yes", True), ("n", False), ("", False)),
        *(("yesterday", False), ("sure", False)),
    ],
)
def test_only_yes_is_yes(terminal: tuple[int, int], typed: str, answer: bool):
    user, program = terminal
    with subprocess.Popen(
        [sys.executable, "-c", OWNER.replace("HANG_S", str(HANG_S))],
        cwd=PROJECT,
        stdin=program,
        stdout=program,
        start_new_session=True,
    ) as process:
        seen = b""
        while b"[y/N]" not in seen:
            assert process.poll() is None, seen
            seen += os.read(user, 1000)
        os.write(user, f"{typed}\n".encode())
        assert process.wait(HANG_S) == 0
    seen += os.read(user, 1000)
    assert seen.split()[0] == b"True"
    assert seen.split()[-1] == str(answer).encode()


def test_what_was_typed_before_the_question_is_no_answer(
    terminal: tuple[int, int], monkeypatch: pytest.MonkeyPatch
):
    user, program = terminal
    os.write(user, b"y\n")
    with open(program, closefd=False) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        assert not agrees("Remove?", lambda: False, answer_s=0.3)


def test_a_stop_is_no_answer(
    terminal: tuple[int, int], monkeypatch: pytest.MonkeyPatch
):
    with open(terminal[1], closefd=False) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        assert not agrees("Remove?", lambda: True, answer_s=HANG_S)


def test_nobody_is_asked_without_a_terminal(monkeypatch: pytest.MonkeyPatch):
    with open(os.devnull) as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        assert not can_ask()


def test_nobody_is_asked_from_another_session(
    terminal: tuple[int, int], monkeypatch: pytest.MonkeyPatch
):
    """As from a job in the background, which the terminal would stop."""
    with (
        open(terminal[1], closefd=False) as stdin,
        open(terminal[1], "w", closefd=False) as stdout,
    ):
        monkeypatch.setattr(sys, "stdin", stdin)
        monkeypatch.setattr(sys, "stdout", stdout)
        assert not can_ask()
