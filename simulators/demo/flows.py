"""The flows of the demo: each a process with ports of its own."""

from __future__ import annotations

import http.client
import socket
import subprocess
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from bytewax.recovery import init_db_dir
from prometheus_client.parser import text_string_to_metric_families

from connectors.errors import OrbitwatchError
from connectors.settings import LOOPBACK
from simulators.demo.children import Children

STOP_S = 30.0
ANSWER_S = 2.0


class DemoFlow:
    """A flow of the folder `dataflows`; `recovery` is where it keeps its snapshots.

    The archive needs none: it knows itself how far it goes.
    """

    def __init__(
        self, name: str, ports: tuple[int, int], recovery: Path | None
    ) -> None:
        self.name = name
        self.metrics_port, self._health_port = ports
        self._recovery = recovery
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, children: Children) -> None:
        """Starts the process."""
        module = ["bytewax.run", f"dataflows.{self.name}:flow"]
        if self._recovery is not None:
            self._recovery.mkdir(parents=True)
            init_db_dir(self._recovery, 1)  # type: ignore[no-untyped-call]
            module += ["-r", str(self._recovery), "-s", "2", "-b", "0"]
        places = {
            "ORBITWATCH_LISTEN": LOOPBACK,
            "ORBITWATCH_METRICS_PORT": str(self.metrics_port),
            "ORBITWATCH_HEALTH_PORT": str(self._health_port),
        }
        self._process = children.start(self.name, module, places)

    def answers(self, path: str) -> bool:
        """Whether `/healthz` or `/readyz` says that all is well."""
        return _get(self._health_port, path) is not None

    def counted(self, counter: str) -> int | None:
        """The sum of a counter, named without `_total`; None without an answer."""
        text = _get(self.metrics_port, "/metrics")
        if text is None:
            return None
        return sum(
            int(sample.value)
            for family in text_string_to_metric_families(text)
            if family.name == counter
            for sample in family.samples
            if sample.name == f"{counter}_total"
        )

    def check(self, children: Children) -> None:
        """Raises OrbitwatchError, with what the flow last said, if it has ended."""
        process = self._process
        if process is not None and (code := process.poll()) is not None:
            self._fail(children, f"ended by itself (exit code {code})")

    def tell_to_stop(self) -> None:
        """Has the flow finish and store what it has read."""
        if self._process is not None:
            self._process.terminate()

    def wait_for_end(self, children: Children) -> None:
        """Returns when it has ended; raises OrbitwatchError if that was no good end."""
        process, self._process = self._process, None
        if process is None:
            return
        try:
            code = process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._fail(children, f"did not stop within {STOP_S:.0f} s")
        children.forget(process)
        if code != 0:
            self._fail(children, f"stopped with exit code {code}")

    def _fail(self, children: Children, problem: str) -> None:
        raise OrbitwatchError(
            f"the flow {self.name} {problem}; its last words:\n"
            + children.last_words(self.name)
        )


def demo_flows(names: Sequence[str], recovery: Path) -> list[DemoFlow]:
    """The flows by these names; all but the archive keep snapshots."""
    ports = _free_ports(2 * len(names))
    return [
        DemoFlow(name, pair, None if name == "archive" else recovery / name)
        for name, pair in zip(
            names, zip(ports[::2], ports[1::2], strict=True), strict=True
        )
    ]


def _get(port: int, path: str) -> str | None:
    """What is answered if it is in order, else None."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=ANSWER_S)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.read().decode() if answer.status == http.client.OK else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def _free_ports(count: int) -> list[int]:
    """Ports nobody listens on just now."""
    with ExitStack() as sockets:
        found = [sockets.enter_context(socket.socket()) for _ in range(count)]
        for each in found:
            each.bind((LOOPBACK, 0))
        return [each.getsockname()[1] for each in found]
