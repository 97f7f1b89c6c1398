"""A server as a child process that does not outlive the tests, whatever ends them."""

import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from signal import Signals

from connectors.embedded.watchdog import Watchdog
from tests.services.waiting import HANG_S


class UnavailableError(Exception):
    """This machine lacks what a service is started with; the text says what."""


class ServerProcess:
    """A running server: its output in a log file, a watchdog beside it.

    When this process ends, even by SIGKILL, the watchdog ends the server with
    `last_signal`. Both get a session of their own, so that Ctrl-C reaches only the
    tests, which then stop the server in order.
    """

    def __init__(
        self,
        command: Sequence[str],
        log: Path,
        last_signal: Signals,
    ) -> None:
        self._name = str(command[0])
        self._log = log
        with log.open("ab") as output:
            self._server = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.pid = self._server.pid
        self._watchdog = Watchdog()
        self._watchdog.guard_process(self.pid, last_signal)

    def wait_until(self, ready: Callable[[], bool], timeout_s: float = HANG_S) -> None:
        """Return once `ready()` holds; raise with the log's end if that never comes."""
        deadline = time.monotonic() + timeout_s
        while not ready():
            if self._server.poll() is not None or time.monotonic() > deadline:
                tail = self._log.read_text(errors="replace")[-3000:]
                raise RuntimeError(f"{self._name} did not start:\n{tail}")
            time.sleep(0.05)

    def stop(self, signal: Signals, timeout_s: float = 20) -> None:
        """Send the signal and wait for the end, which SIGKILL brings if need be."""
        # First, as the pid may be somebody else's once the server is gone.
        self._watchdog.forget_process(self.pid)
        self._watchdog.close()
        self._server.send_signal(signal)
        try:
            self._server.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()
