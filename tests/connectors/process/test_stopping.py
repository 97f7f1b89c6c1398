"""What ends a process, and what does not."""

import signal
import subprocess
import sys
from collections.abc import Sequence

import pytest

# Says when it listens and what signal asked for an end, and waits for another one.
PROGRAM = """
import signal, time
from connectors.process.stopping import StopRequest
should_stop = StopRequest()
should_stop.listen()
print("listens", flush=True)
until_s = time.monotonic() + 30
while not should_stop() and time.monotonic() < until_s:
    time.sleep(0.01)
print(should_stop.signal.name, flush=True)
time.sleep(60)
"""
HANG_S = 30


def ended_by(words: Sequence[str], *signals: signal.Signals) -> tuple[str, int]:
    """The signal that asked for an end, and the exit code after a last SIGTERM."""
    with subprocess.Popen(
        [*words, sys.executable, "-c", PROGRAM],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "listens\n"
        for number in signals:
            process.send_signal(number)
        asked = process.stdout.readline().strip()
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGTERM)
        return asked, process.wait(HANG_S)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_asks_for_an_end_and_a_second_one_is_the_end(number: signal.Signals):
    asked, code = ended_by((), number)
    assert asked == number.name
    assert code in (-signal.SIGHUP, -signal.SIGTERM)


def test_under_nohup_a_hangup_is_none():
    asked, code = ended_by(("nohup",), signal.SIGHUP, signal.SIGTERM)
    assert (asked, code) == ("SIGTERM", -signal.SIGTERM)
