"""Ends what a process leaves behind, whatever ends that process.

A `Watchdog` is a second process, in a session of its own, that holds one end of a pipe.
When the pipe closes (the owner called `close`, or died, even by SIGKILL) it ends the
processes and removes the folders it was told of, the latest first.

The file is run by its path, so it imports the standard library only.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Self

GRACE_S = 10.0
LONGEST_END_S = 60.0


class Watchdog:
    """Guards processes and folders until they are forgotten, or until `close`."""

    def __init__(self) -> None:
        # Isolated and without site packages: it starts in a few milliseconds.
        self._process = subprocess.Popen(  # noqa: S603 - this very file
            [sys.executable, "-I", "-S", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            text=True,
            start_new_session=True,
        )

    def guard_process(self, pid: int, number: signal.Signals = signal.SIGKILL) -> None:
        """Has the process sent `number`, and SIGKILL if it then takes too long."""
        self._tell(f"process {pid} {number.value}")

    def forget_process(self, pid: int) -> None:
        """The process is gone: its id may soon belong to another one."""
        self._tell(f"forget-process {pid}")

    def guard_folder(self, folder: Path) -> None:
        """Has the folder removed with all that is in it."""
        self._tell(f"folder {folder}")

    def forget_folder(self, folder: Path) -> None:
        """The folder stays."""
        self._tell(f"forget-folder {folder}")

    def close(self) -> None:
        """Ends and removes what is still guarded, and the watchdog itself."""
        pipe = self._process.stdin
        if pipe is not None and not pipe.closed:
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
        # It gives each process some time to end.
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(LONGEST_END_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _tell(self, line: str) -> None:
        pipe = self._process.stdin
        if pipe is None or pipe.closed:
            return
        with contextlib.suppress(BrokenPipeError):
            pipe.write(line + "\n")
            pipe.flush()


def watch(lines: Iterable[str]) -> None:
    """Follows `lines` to their end, then ends and removes what is still guarded."""
    guarded: dict[tuple[str, str], int] = {}
    for line in lines:
        word, _, rest = line.rstrip("\n").partition(" ")
        if word == "process":
            pid, _, signal_number = rest.partition(" ")
            guarded[word, pid] = int(signal_number)
        elif word == "folder":
            guarded[word, rest] = 0
        else:
            guarded.pop((word.removeprefix("forget-"), rest), None)
    for (word, what), number in reversed(guarded.items()):
        if word == "process":
            end(int(what), number)
        else:
            shutil.rmtree(what, ignore_errors=True)


def end(pid: int, number: int, grace_s: float = GRACE_S) -> None:
    """Sends the signal, waits, and kills what is still there."""
    for chosen in (number, signal.SIGKILL):
        try:
            os.kill(pid, chosen)
            deadline = time.monotonic() + grace_s
            while time.monotonic() < deadline:
                time.sleep(0.02)
                os.kill(pid, 0)
                if _is_zombie(pid):
                    return
        except (ProcessLookupError, PermissionError):
            return


def _is_zombie(pid: int) -> bool:
    """Whether it has ended, but nobody asked how (a container without an init)."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] == "Z"


if __name__ == "__main__":
    # Ctrl-C and a closed terminal are for the owner; the pipe says when it is over.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    watch(sys.stdin)
