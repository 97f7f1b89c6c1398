"""The servers and processes of the demo, all on this machine, in one folder."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from connectors import topics
from connectors.embedded import EmbeddedBroker, EmbeddedPostgres, Watchdog
from connectors.errors import OrbitwatchError
from connectors.settings import Settings, child_environment
from connectors.stopping import StopRequest
from simulators.replay import wait

PROJECT = Path(__file__).resolve().parents[1]
FLOW = "dataflows.spacecraft:flow"
PREPARE_S = 60.0
# The first start on a machine compiles the detectors.
READY_S = 180.0
STOP_S = 30.0
LAST_LINES = 15


class Interrupted(Exception):
    """The demo was told to stop before it had anything to show."""


class DemoServices:
    """PostgreSQL, a Kafka broker and the flow; whatever ends us ends them all.

    Everything is in `folder`, which is removed unless `keep` is called.
    """

    def __init__(self, stop: StopRequest, say: Callable[[str], None]) -> None:
        self._stop, self._say = stop, say
        self._exits = ExitStack()
        self._watchdog = self._exits.enter_context(Watchdog())
        self.folder = Path(tempfile.mkdtemp(prefix="orbitwatch-demo-"))
        self._watchdog.guard_folder(self.folder)
        # Nobody needs this data after a power failure.
        self.postgres = EmbeddedPostgres(
            self.folder / "postgres", {"fsync": "off"}, self._watchdog
        )
        self._broker = EmbeddedBroker(topic.name for topic in topics.ALL)
        self._flow: subprocess.Popen[bytes] | None = None
        self.metrics_port, self._health_port = _free_ports(2)

    @property
    def settings(self) -> Settings:
        """The settings with which one gets at these servers."""
        return Settings(kafka=self._broker.address, database=self.postgres.address)

    def start(self) -> None:
        """Returns when the flow lives.

        Raises OrbitwatchError when something does not start, and Interrupted.
        """
        self._say("Starting PostgreSQL")
        self._exits.callback(self.postgres.stop)
        self.postgres.start()
        self._say("Starting a Kafka broker in memory")
        self._exits.callback(self._broker.stop)
        self._broker.start()
        self._say("Creating the tables")
        self._run("connectors.migrate")
        recovery = self.folder / "recovery"
        recovery.mkdir()
        self._run("bytewax.recovery", str(recovery), "1")
        self._say("Starting the flow (the first time it compiles the detectors)")
        flow = ["bytewax.run", FLOW, "-r", str(recovery), "-s", "2", "-b", "0"]
        self._flow = self._child("flow", flow)
        self._wait_for("/healthz")

    def wait_until_ready(self) -> None:
        """Returns when the flow reads telemetry and stores it.

        It opens the database only at the first telemetry, so there has to be some.
        Raises OrbitwatchError when that takes too long, and Interrupted.
        """
        self._wait_for("/readyz")

    def check(self) -> None:
        """Raises OrbitwatchError, with what the flow last said, if it has ended."""
        if self._flow is not None and (code := self._flow.poll()) is not None:
            raise OrbitwatchError(
                f"the flow ended by itself (exit code {code}); its last words:\n"
                + self._tail("flow")
            )

    def stop_flow(self) -> None:
        """Has the flow finish and store what it has read.

        Raises OrbitwatchError if it does not end well.
        """
        flow, self._flow = self._flow, None
        if flow is None:
            return
        flow.terminate()
        try:
            code = flow.wait(STOP_S)
        except subprocess.TimeoutExpired:
            raise OrbitwatchError(
                f"the flow did not stop within {STOP_S:.0f} s; its last words:\n"
                + self._tail("flow")
            ) from None
        self._watchdog.forget_process(flow.pid)
        if code != 0:
            raise OrbitwatchError(
                f"the flow stopped with exit code {code}; its last words:\n"
                + self._tail("flow")
            )

    def keep(self) -> None:
        """The folder is to outlive us."""
        self._watchdog.forget_folder(self.folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        # The watchdog comes last, and ends what is left then.
        self._exits.close()

    def _wait_for(self, path: str) -> None:
        deadline = time.monotonic() + READY_S
        while not _answers_ok(self._health_port, path):
            self.check()
            self._check_stop()
            if time.monotonic() > deadline:
                raise OrbitwatchError(
                    f"the flow was not ready after {READY_S:.0f} s; its last words:\n"
                    + self._tail("flow")
                )
            wait(0.2, self._stop)

    def _run(self, module: str, *arguments: str) -> None:
        """Runs a module of Python to its end."""
        child = self._child(module, [module, *arguments])
        deadline = time.monotonic() + PREPARE_S
        while child.poll() is None and time.monotonic() < deadline:
            self._check_stop()
            wait(0.05, self._stop)
        if child.returncode != 0:
            raise OrbitwatchError(f"{module} failed:\n{self._tail(module)}")
        self._watchdog.forget_process(child.pid)

    def _child(self, name: str, module: Sequence[str]) -> subprocess.Popen[bytes]:
        with self._log(name).open("wb") as log:
            child = subprocess.Popen(  # noqa: S603 - our own modules
                [sys.executable, "-m", *module],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=self._environment(),
                # Ctrl-C in the terminal is for us; we stop the others in due course.
                start_new_session=True,
            )
        self._watchdog.guard_process(child.pid)
        return child

    def _environment(self) -> dict[str, str]:
        inherited = child_environment({}).get("PYTHONPATH", "")
        return child_environment(
            {
                "ORBITWATCH_KAFKA": self._broker.address,
                "ORBITWATCH_DATABASE": self.postgres.address,
                "ORBITWATCH_METRICS_PORT": str(self.metrics_port),
                "ORBITWATCH_HEALTH_PORT": str(self._health_port),
                "ORBITWATCH_PARAMETERS": str(PROJECT / "provisioning" / "parameters"),
                "PYTHONPATH": os.pathsep.join(filter(None, [str(PROJECT), inherited])),
                # So that nothing is left elsewhere, even by a process that was killed.
                "TMPDIR": str(self.folder),
            }
        )

    def _check_stop(self) -> None:
        if self._stop():
            raise Interrupted

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def _tail(self, name: str) -> str:
        lines = self._log(name).read_text(errors="replace").splitlines()
        return "\n".join(f"  {line}" for line in lines[-LAST_LINES:]) or "  (nothing)"


def _answers_ok(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _free_ports(count: int) -> list[int]:
    """Ports nobody listens on just now."""
    with ExitStack() as sockets:
        found = [sockets.enter_context(socket.socket()) for _ in range(count)]
        for each in found:
            each.bind(("", 0))
        return [each.getsockname()[1] for each in found]
