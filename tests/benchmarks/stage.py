"""Where it all happens: a folder, servers, backlogs, and the processes measured."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Self

from connectors.embedded import Watchdog
from tests.benchmarks.backlog import Backlog, Place, produce
from tests.benchmarks.servers import Servers
from tests.benchmarks.telemetry import Shape
from tests.end_to_end.flow_process import Flow

SNAPSHOT_S = 5


class Stage:
    """Whatever ends us ends all that was started here, and removes its data.

    Servers start when they are first needed; UnavailableError says what they lack.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say = say
        self._exits = ExitStack()
        self._servers: Servers | None = None
        self._backlogs: dict[tuple[Shape, int, Place | None], Backlog] = {}
        self._flows = 0

    def __enter__(self) -> Self:
        self._watchdog = self._exits.enter_context(Watchdog())
        self.folder = Path(tempfile.mkdtemp(prefix="orbitwatch-bench-"))
        self._watchdog.guard_folder(self.folder)
        # So that servers and flows leave nothing elsewhere, even if killed.
        self._exits.enter_context(temporary_files_in(self.folder))
        return self

    def __exit__(self, *exception: object) -> None:
        self._exits.close()

    @property
    def servers(self) -> Servers:
        """The servers, which then run to the end."""
        if self._servers is None:
            self.say("Starting Apache Kafka and PostgreSQL")
            self._servers = self._exits.enter_context(Servers())
        return self._servers

    @property
    def kafka(self) -> str:
        """The broker's address."""
        return self.servers.kafka

    def backlog(
        self, shape: Shape, samples: int, place: Place | None = None
    ) -> Backlog:
        """Telemetry that lies in Kafka, produced when it is first asked for."""
        key = (shape, samples, place)
        if key not in self._backlogs:
            self.say(f"  producing {samples:,} samples, {shape}")
            found = place or self.servers.new_place()
            self._backlogs[key] = produce(self.kafka, found, shape, samples)
        return self._backlogs[key]

    @contextmanager
    def flow(
        self,
        database: str,
        place: Place,
        module: str = "dataflows.spacecraft",
        parameters: Path | None = None,
    ) -> Iterator[Flow]:
        """A flow that reads a place, with recovery on; it is gone afterwards.

        `parameters` is the folder of their definitions; by default nothing is defined.
        """
        self._flows += 1
        undefined = self.folder / "no_definitions"
        undefined.mkdir(exist_ok=True)
        flow = Flow(
            self.kafka,
            database,
            self.folder / f"flow_{self._flows}",
            settings={
                "ORBITWATCH_PARTITIONS": place.setting,
                "ORBITWATCH_PARAMETERS": str(parameters or undefined),
            },
            module=module,
            snapshot_s=SNAPSHOT_S,
        )
        try:
            yield flow
        finally:
            if flow.process is not None:
                if flow.is_running():
                    flow.kill()
                self.forget(flow.process.pid)

    def start(self, flow: Flow) -> int:
        """Starts the flow and has it guarded; its process."""
        flow.start()
        assert flow.process is not None
        self.guard(flow.process.pid)
        return flow.process.pid

    def guard(self, pid: int) -> None:
        """Has a process ended with us."""
        self._watchdog.guard_process(pid)

    def forget(self, pid: int) -> None:
        """The process has ended."""
        self._watchdog.forget_process(pid)

    def versions(self) -> dict[str, str]:
        """What the servers are, if they were needed."""
        return self._servers.versions() if self._servers else {}


@contextmanager
def temporary_files_in(folder: Path) -> Iterator[None]:
    """Has us and our children put temporary files there."""
    before, tempfile.tempdir = tempfile.tempdir, str(folder)
    inherited = os.environ.get("TMPDIR")
    os.environ["TMPDIR"] = str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = before
        if inherited is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = inherited
