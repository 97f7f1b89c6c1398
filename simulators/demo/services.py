"""The servers and flows of the demo, all on this machine, in one folder."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from connectors import systems, topics
from connectors.embedded import EmbeddedBroker, EmbeddedPostgres, Watchdog
from connectors.errors import OrbitwatchError
from connectors.process.stopping import StopRequest
from connectors.settings import Settings
from simulators.demo.children import PROJECT, Children
from simulators.demo.earlier import DATABASE, PREFIX, marked, place
from simulators.demo.flows import DemoFlow, demo_flows
from simulators.replay import wait

ARCHIVE = systems.ARCHIVE.stem
SYSTEMS = tuple(each.stem for each in systems.SYSTEMS if each.stem != ARCHIVE)
# The first start on a machine compiles the detectors.
READY_S = 180.0
# Often enough to be seen at work, seldom enough for files of some size.
ARCHIVE_SECONDS = 5


class DemoServices:
    """PostgreSQL, a Kafka broker and all flows; whatever ends us ends them all.

    Everything is in `folder`, which is removed unless `keep` is called.
    """

    def __init__(self, stop: StopRequest, say: Callable[[str], None]) -> None:
        self._stop, self._say = stop, say
        self._exits = ExitStack()
        self._watchdog = self._exits.enter_context(Watchdog())
        self.folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place()))
        self._watchdog.guard_folder(self.folder)
        self._exits.enter_context(marked(self.folder))
        # Nobody needs this data after a power failure.
        self.postgres = EmbeddedPostgres(
            self.folder / DATABASE, {"fsync": "off"}, self._watchdog
        )
        self._broker = EmbeddedBroker(topic.name for topic in topics.ALL)
        self.flows = demo_flows((*SYSTEMS, ARCHIVE), self.folder / "recovery")
        self._children: Children | None = None

    @property
    def settings(self) -> Settings:
        """The settings with which one gets at these servers."""
        provisioning = PROJECT / "provisioning"
        return Settings(
            kafka=self._broker.address,
            database=self.postgres.address,
            archive=str(self.folder / ARCHIVE),
            parameters=provisioning / "parameters",
            places=provisioning / "places.yaml",
            elements=provisioning / "orbits" / "satellites.tle",
        )

    def start(self) -> None:
        """Returns when all flows live.

        Raises OrbitwatchError when something does not start, and Interrupted.
        """
        self._say("Starting PostgreSQL")
        self._exits.callback(self.postgres.stop)
        self.postgres.start()
        self._say("Starting a Kafka broker in memory")
        self._exits.callback(self._broker.stop)
        self._broker.start()
        self._children = self._prepared()
        self._say("Creating the tables")
        self._children.run("connectors.migrate")
        names = ", ".join(flow.name for flow in self.flows)
        self._say(f"Starting the flows {names} (the first time they are compiled)")
        for flow in self.flows:
            flow.start(self._children)
        self._wait_for("/healthz", self._children)

    def wait_until_ready(self) -> None:
        """Returns when every flow reads telemetry and stores it.

        They open the database only at the first telemetry, so there has to be some.
        Raises OrbitwatchError when that takes too long, and Interrupted.
        """
        if self._children is not None:
            self._wait_for("/readyz", self._children)

    def check(self) -> None:
        """Raises OrbitwatchError, with its last words, if a flow has ended."""
        if self._children is not None:
            for flow in self.flows:
                flow.check(self._children)

    def count_archived(self) -> int | None:
        """How many samples the archiver says it has stored; None if it does not say."""
        return self.flows[-1].counted("orbitwatch_archive_samples")

    def stop_flows(self) -> None:
        """Has the flows finish and store what they have read.

        Raises OrbitwatchError if one does not end well.
        """
        children, self._children = self._children, None
        if children is None:
            return
        for flow in self.flows:
            flow.tell_to_stop()
        for flow in self.flows:
            flow.wait_for_end(children)

    def keep(self) -> None:
        """The folder is to outlive us."""
        self._watchdog.forget_folder(self.folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        # The watchdog comes last, and ends what is left then.
        self._exits.close()

    def _prepared(self) -> Children:
        """The settings of all children, now that the servers have addresses."""
        settings = self.settings
        environment = {
            "ORBITWATCH_KAFKA": settings.kafka,
            "ORBITWATCH_DATABASE": settings.database,
            "ORBITWATCH_ARCHIVE": settings.archive,
            "ORBITWATCH_ARCHIVE_SECONDS": str(ARCHIVE_SECONDS),
            "ORBITWATCH_PARAMETERS": str(settings.parameters),
            "ORBITWATCH_PLACES": str(settings.places),
            "ORBITWATCH_ELEMENTS": str(settings.elements),
        }
        return Children(self.folder, self._watchdog, environment, self._stop)

    def _wait_for(self, path: str, children: Children) -> None:
        deadline = time.monotonic() + READY_S
        while waiting := _silent(self.flows, path):
            self.check()
            children.check_stop()
            if time.monotonic() > deadline:
                name = waiting[0].name
                raise OrbitwatchError(
                    f"the flow {name} was not ready after {READY_S:.0f} s; its last "
                    f"words:\n{children.last_words(name)}"
                )
            wait(0.2, self._stop)


def _silent(flows: list[DemoFlow], path: str) -> list[DemoFlow]:
    return [flow for flow in flows if not flow.answers(path)]
