"""The demo's child processes: modules of Python that work, and log, in one folder."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from connectors.embedded import Watchdog
from connectors.errors import OrbitwatchError
from connectors.process.stopping import StopRequest
from connectors.settings import child_environment
from simulators.replay import wait

PROJECT = Path(__file__).resolve().parents[2]
PREPARE_S = 60.0
LAST_LINES = 15


class Interrupted(Exception):
    """The demo was told to stop before it had anything to show."""


class Children:
    """Starts modules with the same settings, and guards them: they end with us."""

    def __init__(
        self,
        folder: Path,
        watchdog: Watchdog,
        settings: Mapping[str, str],
        stop: StopRequest,
    ) -> None:
        self._folder, self._watchdog, self._stop = folder, watchdog, stop
        inherited = child_environment({}).get("PYTHONPATH", "")
        self._settings = {
            **settings,
            "PYTHONPATH": os.pathsep.join(filter(None, [str(PROJECT), inherited])),
            # So that nothing is left elsewhere, even by a process that was killed.
            "TMPDIR": str(folder),
        }

    def start(
        self, name: str, module: Sequence[str], settings: Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        """Starts a module, given with its arguments; it logs to `<name>.log`."""
        with self._log(name).open("wb") as log:
            child = subprocess.Popen(  # noqa: S603 - our own modules
                [sys.executable, "-m", *module],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                env=child_environment({**self._settings, **settings}),
                # Ctrl-C in the terminal is for us; we stop the others in due course.
                start_new_session=True,
            )
        self._watchdog.guard_process(child.pid)
        return child

    def run(self, module: str, *arguments: str) -> None:
        """Runs a module to its end; raises OrbitwatchError if that is a bad one."""
        child = self.start(module, [module, *arguments], {})
        deadline = time.monotonic() + PREPARE_S
        while child.poll() is None and time.monotonic() < deadline:
            self.check_stop()
            wait(0.05, self._stop)
        if child.returncode != 0:
            raise OrbitwatchError(f"{module} failed:\n{self.last_words(module)}")
        self.forget(child)

    def forget(self, child: subprocess.Popen[bytes]) -> None:
        """A child has ended, and need not be guarded."""
        self._watchdog.forget_process(child.pid)

    def check_stop(self) -> None:
        """Raises Interrupted if we were told to stop."""
        if self._stop():
            raise Interrupted

    def last_words(self, name: str) -> str:
        """The last lines a child wrote."""
        lines = self._log(name).read_text(errors="replace").splitlines()
        return "\n".join(f"  {line}" for line in lines[-LAST_LINES:]) or "  (nothing)"

    def _log(self, name: str) -> Path:
        return self._folder / f"{name}.log"
