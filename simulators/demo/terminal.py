"""What is said to whoever started the demo, and asked, if a terminal is there."""

from __future__ import annotations

import os
import select
import sys
import termios
import time
from collections.abc import Callable

ANSWER_S = 60.0
LOOK_S = 0.2


def say(line: str) -> None:
    """Tells the user at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def can_ask() -> bool:
    """Whether somebody sees the question and can answer: not so in a pipe or a job."""
    try:
        on_terminal = sys.stdin.isatty() and sys.stdout.isatty()
        return on_terminal and os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except (OSError, ValueError):
        return False


def agrees(question: str, stop: Callable[[], bool], answer_s: float = ANSWER_S) -> bool:
    """Whether the answer is yes; none within `answer_s`, or a stop, is no."""
    # What was typed before was no answer.
    termios.tcflush(sys.stdin, termios.TCIFLUSH)
    sys.stdout.write(f"{question} [y/N] ")
    sys.stdout.flush()
    deadline_s = time.monotonic() + answer_s
    while not stop() and time.monotonic() < deadline_s:
        if select.select([sys.stdin], [], [], LOOK_S)[0]:
            return sys.stdin.readline().strip().lower() in {"y", "yes"}
    sys.stdout.write("no\n")
    return False
