"""Processes that are started again when they end, as systemd or Compose would."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP, SIGTERM, Signals
from typing import Protocol

from tests.services.waiting import HANG_S

LOOK_S = 0.05
RESTART_S = 0.2
CLEAR = re.compile(r"CRITICAL orbitwatch (?!unexpected )")


class Startable(Protocol):
    """What can be started, again and again."""

    @property
    def pid(self) -> int | None:
        """Its process, if it was started."""

    def start(self) -> None:
        """Starts it; raises if that fails, and may then be tried again."""

    def reap(self) -> tuple[int | None, str]:
        """Its exit code, if known, and its last line; it has ended."""


@dataclass(frozen=True, slots=True)
class Exit:
    """An end: `signal` is what it had been sent, if anything."""

    name: str
    at_s: float
    signal: Signals | None
    code: int | None
    last_line: str

    @property
    def is_clear(self) -> bool:
        """Whether it was killed, ended well, or said in its last line why it ended."""
        if self.code is not None and self.signal == -self.code:
            return True
        return self.code == 0 or bool(CLEAR.search(self.last_line))

    def __str__(self) -> str:
        after = f" after {self.signal.name}" if self.signal else ""
        said = f": {self.last_line[:300]}" if self.code != -SIGKILL else ""
        return f"{self.at_s:6.1f} s {self.name} ended with {self.code}{after}{said}"


class Supervised:
    """Starts `what`, and again whenever it has ended, until `close`."""

    def __init__(
        self, name: str, what: Startable, note: Callable[[Exit], None]
    ) -> None:
        self.name, self._what, self._note = name, what, note
        self._begun_s = time.monotonic()
        self._lock = threading.RLock()
        self._ended = threading.Event()
        self._sent: Signals | None = None
        self._sent_s = 0.0
        self._rest_s = 0.0
        self.problems: list[str] = []
        self._thread = threading.Thread(target=self._supervise, name=name, daemon=True)

    def start(self) -> None:
        """Starts it, unless it runs, and watches over it."""
        if not self.is_up():
            self._what.start()
        self._thread.start()

    def is_up(self) -> bool:
        """Whether it runs, or is stopped by SIGSTOP."""
        return is_alive(self._what.pid)

    def signal(self, number: Signals, rest_s: float = 0.0) -> None:
        """Sends it; should it end it, it is not started again for so long."""
        with self._lock:
            pid = self._wait_up()
            self._sent, self._sent_s, self._rest_s = number, time.monotonic(), rest_s
            os.kill(pid, number)

    def stall(self, seconds: float) -> None:
        """Stops it and its children for a while."""
        with self._lock:
            pid = self._wait_up()
            family = [pid, *children_of(pid)]
            _send_all(family, SIGSTOP)
        timer = threading.Timer(seconds, _send_all, [family, SIGCONT])
        timer.daemon = True
        timer.start()

    @contextmanager
    def down(self) -> Iterator[None]:
        """It is killed, and not started before this is left."""
        with self._lock:
            if is_alive(self._what.pid):
                self.signal(SIGKILL)
                _wait(lambda: not self.is_up(), f"the end of {self.name}")
            yield

    def close(self) -> None:
        """Leaves it as it is, and no longer starts it. May be repeated."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(HANG_S)

    def _wait_up(self) -> int:
        """Its process, once there is one. The lock is held, but lent meanwhile."""
        deadline_s = time.monotonic() + HANG_S
        while not self.is_up():
            self._lock.release()
            time.sleep(LOOK_S)
            self._lock.acquire()
            if time.monotonic() > deadline_s:
                raise TimeoutError(f"{self.name} did not come back in {HANG_S} s")
        pid = self._what.pid
        assert pid is not None
        return pid

    def _supervise(self) -> None:
        while not self._ended.wait(LOOK_S):
            with self._lock:
                if self.is_up():
                    self._end_what_hangs()
                    continue
                self._note_exit()
            self._ended.wait(self._rest_s + RESTART_S)
            with self._lock:
                if self._ended.is_set():
                    return
                self._try_start()

    def _note_exit(self) -> None:
        code, last_line = self._what.reap()
        at_s = time.monotonic() - self._begun_s
        self._note(Exit(self.name, at_s, self._sent, code, last_line))
        self._sent = None

    def _try_start(self) -> None:
        try:
            self._what.start()
        except Exception as error:  # a server whose disk is full, say: tried again
            at_s = time.monotonic() - self._begun_s
            self._note(Exit(self.name, at_s, self._sent, None, str(error)[-300:]))

    def _end_what_hangs(self) -> None:
        if self._sent is not SIGTERM or time.monotonic() < self._sent_s + HANG_S:
            return
        self.problems.append(f"{self.name} did not end {HANG_S} s after SIGTERM")
        self.signal(SIGKILL)


def is_alive(pid: int | None) -> bool:
    """Whether the process runs; a zombie does not."""
    return pid is not None and _stat(pid)[:1] not in (["Z"], ["X"], [])


def children_of(pid: int) -> list[int]:
    """The processes that it has started."""
    numbers = [int(path.name) for path in Path("/proc").glob("[0-9]*")]
    return [number for number in numbers if _stat(number)[1:2] == [str(pid)]]


def send(pid: int, number: Signals) -> None:
    """Sends a signal to what may have ended."""
    if is_alive(pid):
        os.kill(pid, number)


def _send_all(pids: list[int], number: Signals) -> None:
    for pid in pids:
        send(pid, number)


def _stat(pid: int) -> list[str]:
    """State, parent and so on; nothing if there is no such process."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return []
    return text.rpartition(")")[2].split()


def _wait(done: Callable[[], bool], what: str) -> None:
    deadline_s = time.monotonic() + HANG_S
    while not done():
        if time.monotonic() > deadline_s:
            raise TimeoutError(f"never came: {what}")
        time.sleep(LOOK_S)
