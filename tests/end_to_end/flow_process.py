"""A flow as `python -m bytewax.run` runs it, for tests to start, stop and kill."""

import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass, field, replace
from pathlib import Path
from signal import SIGKILL, SIGTERM, Signals
from typing import Any

from tests.services.ports import free_port
from tests.services.waiting import HANG_S, wait_until

REPOSITORY = Path(__file__).parents[2]


def run_module(module: str, *arguments: str, **environment: str) -> str:
    """Runs `python -m module` to its end, which must be a good one; its output."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=REPOSITORY,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=HANG_S,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@dataclass
class Flow:
    """One flow process, its recovery folder and its settings.

    Args:
        kafka: bootstrap address.
        database: URI.
        folder: where recovery data and logs go.
        engine: more arguments for Bytewax, such as `-w 2`.
        settings: more ORBITWATCH_ settings.
    """

    kafka: str
    database: str
    folder: Path
    engine: tuple[str, ...] = ()
    settings: dict[str, str] = field(default_factory=dict)
    module: str = "dataflows.spacecraft"
    snapshot_s: int = 1

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        self.metrics_port, self.health_port = free_port(), free_port()
        self.log = self.folder / "flow.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.recovery = self.folder / "recovery"
        if not self.recovery.exists():
            self.recovery.mkdir()
            run_module("bytewax.recovery", str(self.recovery), "1")

    def copy(self, folder: Path, **changes: Any) -> "Flow":
        """Another process that goes on where this (stopped) one did."""
        shutil.copytree(self.folder, folder)
        return replace(self, folder=folder, **changes)

    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "ORBITWATCH_KAFKA": self.kafka,
            "ORBITWATCH_DATABASE": self.database,
            "ORBITWATCH_METRICS_PORT": str(self.metrics_port),
            "ORBITWATCH_HEALTH_PORT": str(self.health_port),
            **self.settings,
        }

    def start(self) -> None:
        recovery = ("-r", str(self.recovery), "-s", str(self.snapshot_s), "-b", "0")
        command = ["bytewax.run", f"{self.module}:flow", *recovery, *self.engine]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=REPOSITORY,
                env=self.environment(),
                stdout=log,
                stderr=log,
            )

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def wait_ready(self) -> None:
        wait_until(self.is_ready, f"readiness: {self.log.read_text()[-2000:]}")

    def is_ready(self) -> bool:
        assert self.is_running(), self.log.read_text()[-3000:]
        return self.get("readyz", self.health_port)[0] == 200

    def get(self, path: str, port: int | None = None) -> tuple[int, str]:
        """Status and body of one of the process's own pages; 0 if none answers."""
        url = f"http://127.0.0.1:{port or self.metrics_port}/{path}"
        try:
            with urllib.request.urlopen(url, timeout=HANG_S) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def wait_for_figures(self, *figures: str) -> None:
        """Returns once /metrics tells all of these: a name, labels, and the value.

        What was stored is counted only after it can be seen in the database.
        """

        def are_told() -> bool:
            lines = self.get("metrics")[1].splitlines()
            return {*figures} <= {*lines}

        wait_until(are_told, f"{figures}: {self.log.read_text()[-2000:]}")

    def end(self, signal: Signals) -> int:
        """Sends the signal and returns the exit code."""
        assert self.process is not None
        self.process.send_signal(signal)
        return self.process.wait(HANG_S)

    def stop(self) -> None:
        """Stops as an operator does; anything but exit 0 fails."""
        code = self.end(SIGTERM)
        assert code == 0, self.log.read_text()[-3000:]

    def kill(self) -> None:
        self.end(SIGKILL)
