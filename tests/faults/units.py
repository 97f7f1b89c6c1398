"""What is supervised: flows, the broker and the database."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGKILL

from connectors.embedded.watchdog import Watchdog
from tests.end_to_end.flow_process import Flow
from tests.services.kafka import Kafka
from tests.services.postgres import Postgres

# How an error names the setting with which an operator has a flow go on.
CHOICE = re.compile(r"start once with (ORBITWATCH_[A-Z_]+)=(\w+)")


@dataclass
class FlowUnit:
    """A flow. What its last line says to start it with once, it is started with.

    `chosen` hears of that.
    """

    flow: Flow
    watchdog: Watchdog
    chosen: Callable[[str], None]
    _mark: int = 0
    _once: dict[str, str] = field(default_factory=dict)

    @property
    def pid(self) -> int | None:
        return self.flow.process.pid if self.flow.process else None

    def start(self) -> None:
        usual = self.flow.settings
        log = self.flow.log
        self._mark = log.stat().st_size if log.exists() else 0
        try:
            self.flow.settings = usual | self._once
            self.flow.start()
        finally:
            self.flow.settings, self._once = usual, {}
        assert self.pid is not None
        self.watchdog.guard_process(self.pid, SIGKILL)

    def reap(self) -> tuple[int | None, str]:
        assert self.flow.process is not None
        self.watchdog.forget_process(self.flow.process.pid)
        code = self.flow.process.wait()
        line = _last_line(self.flow.log, self._mark)
        if found := CHOICE.search(line):
            self._once = {found[1]: found[2]}
            self.chosen(line)
        return code, line


@dataclass
class BrokerUnit:
    """The broker."""

    kafka: Kafka

    @property
    def pid(self) -> int | None:
        return self.kafka.pid

    def start(self) -> None:
        self.kafka.start()

    def reap(self) -> tuple[int | None, str]:
        self.kafka.stop(SIGKILL)
        return None, _last_line(self.kafka.log, 0)


@dataclass
class DatabaseUnit:
    """The database server."""

    postgres: Postgres

    @property
    def pid(self) -> int | None:
        return self.postgres.pid

    def start(self) -> None:
        self.postgres.start()

    def reap(self) -> tuple[int | None, str]:
        self.postgres.stop()
        return None, _last_line(self.postgres.log, 0)


def _last_line(log: Path, mark: int) -> str:
    with log.open("rb") as file:
        file.seek(max(mark, log.stat().st_size - 20_000))
        lines = file.read().decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else ""
