"""An error of ours is told as it leaves for the engine, which then says nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

from connectors.errors import TopicMissing
from connectors.process.last_words import says_last_words
from tests.services.waiting import HANG_S

ROOT = Path(__file__).parents[3]
PROGRAM = """
import os, sys
from connectors.errors import TopicMissing
from connectors.process import logs
from connectors.process.last_words import LAST_WORDS, says_last_words

LAST_WORDS.take_own_way()
sys.excepthook = logs.log_last_words
logs.configure("text", "INFO")

@says_last_words
class Partition:
    def write_batch(self, items):
        raise {error}

try:
    Partition().write_batch([])
except Exception as error:
    os.write(2, b"thread panicked\\n")
    raise RuntimeError("as the engine wraps it") from error
"""


def said_at_the_end(error: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(error=error)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=HANG_S,
    )
    assert done.returncode == 1
    return done.stderr.splitlines()


def test_nothing_is_said_but_one_line():
    [line] = said_at_the_end("TopicMissing('telemetry.x')")
    assert " CRITICAL orbitwatch topic telemetry.x does not exist; create" in line


def test_of_what_nobody_has_foreseen_all_is_shown():
    first, last = said_at_the_end("ZeroDivisionError('odd')")
    assert first == "thread panicked"
    assert "unexpected RuntimeError" in last
    assert "ZeroDivisionError: odd" in last


@says_last_words
class Partition:
    """A part of a flow in another program, such as these tests."""

    def next_batch(self) -> list[int]:
        raise TopicMissing("telemetry.x")

    def close(self) -> str:
        return "closed"


def test_another_program_is_left_its_standard_error(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
):
    with pytest.raises(TopicMissing):
        Partition().next_batch()
    assert Partition().close() == "closed"
    assert not caplog.records
    sys.stderr.write("still here")
    assert capfd.readouterr().err == "still here"
