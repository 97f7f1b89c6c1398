"""The stage of a trial: telemetry, broker, database and flows, all supervised."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Container, Set
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import LiteralString, Self
from urllib.parse import urlsplit

import psycopg
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, NewTopic
from psycopg import sql

from connectors import topics
from connectors.embedded.watchdog import Watchdog
from connectors.errors import ArchiveUnavailable
from connectors.migrate import migrate
from connectors.settings import Settings
from tests.end_to_end.flow_process import Flow, run_module
from tests.faults.disk import Disk
from tests.faults.feed import Feed
from tests.faults.ledger import Ledger
from tests.faults.stored import archived_in, count_in, stored_in
from tests.faults.supervised import Exit, Startable, Supervised
from tests.faults.telemetry import Sample, describe, streams_of
from tests.faults.units import BrokerUnit, DatabaseUnit, FlowUnit
from tests.services.clock import MovedClock
from tests.services.kafka import Kafka, kafka_jars
from tests.services.postgres import Postgres
from tests.services.waiting import HANG_S

TOPIC = topics.SPACECRAFT.name
FIRST_PARTITIONS = 4
DATABASE = "orbitwatch"
# Several times what lies between two snapshots, and the start of a flow.
SETTLED_S = 8.0
STATE_MB, ARCHIVE_MB, DATABASE_MB = 32, 256, 1024
# Small, so that a full disk is a matter of data and not of segments made ahead.
POSTGRES_OPTIONS = {"max_wal_size": "96MB", "min_wal_size": "32MB"}


@dataclass(frozen=True, slots=True)
class Means:
    """What this machine can do; without disks and clock, their faults are left out."""

    disks: bool
    clock: bool


@dataclass
class World:
    """Everything that is disturbed, and what is known of it.

    `explained` says what may have cost messages, so that a flow may say so and be told
    to go on. `judged_anew` are samples that a restored database lacked: detectors had
    learnt from them, so they are held against limits only. From the life of the topic
    `unlearnt_from` on, detectors may lack what was stored, but is in no snapshot.
    """

    folder: Path
    seed: int
    means: Means
    say: Callable[[str], None]
    ledger: Ledger = field(default_factory=Ledger)
    exits: list[Exit] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    choices: list[str] = field(default_factory=list)
    explained: list[str] = field(default_factory=list)
    judged_anew: set[Sample] = field(default_factory=set)
    unlearnt_from: int | None = None
    partitions: int = FIRST_PARTITIONS
    moved_s: int = 0
    disks: dict[str, Disk] = field(default_factory=dict)

    def __enter__(self) -> Self:
        with ExitStack() as exits:
            self._set_up(exits)
            self._exits = exits.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._exits.close()

    def _set_up(self, exits: ExitStack) -> None:
        self.begun_s = self._idle_since_s = self._flow_ended_s = time.monotonic()
        # Topics and databases are replaced by one disturbance at a time.
        self.replacing = threading.Lock()
        self._later: list[threading.Thread] = []
        self.kafka = exits.enter_context(Kafka(kafka_jars()))
        self.postgres = Postgres()
        self.postgres.options |= POSTGRES_OPTIONS
        self._mount("database", self.postgres.data, DATABASE_MB)
        exits.enter_context(self.postgres)
        # Before the server's own folder can be removed.
        exits.callback(self._unmount, "database")
        self.admin = AdminClient(
            {"bootstrap.servers": self.kafka.bootstrap, "log_level": 0}
        )
        self.create_topic()
        topics.create_missing(Settings(kafka=self.kafka.bootstrap))
        self.on_server("CREATE DATABASE {}", DATABASE)
        for _ in migrate(self.database):
            pass
        self._prepare_flows(exits)
        self.feed = Feed(self.kafka.bootstrap, TOPIC, self.seed, self.ledger)
        for number in range(FIRST_PARTITIONS):
            self.feed.add(*streams_of(f"SAT-{number}", number))

    def _prepare_flows(self, exits: ExitStack) -> None:
        self.clock = MovedClock(self.folder) if self.means.clock else None
        state, self.archived = self.folder / "flow" / "recovery", self.folder / "files"
        state.mkdir(parents=True)
        self.archived.mkdir()
        for name, place, size in (
            ("flow", state, STATE_MB),
            ("archive", self.archived, ARCHIVE_MB),
        ):
            self._mount(name, place, size)
            exits.callback(self._unmount, name)
        run_module("bytewax.recovery", str(state), "1")
        settings = {"ORBITWATCH_PARAMETERS": str(describe(self.folder / "parameters"))}
        settings |= self.clock.environment if self.clock else {}
        archive = {
            "ORBITWATCH_ARCHIVE": str(self.archived),
            "ORBITWATCH_ARCHIVE_SECONDS": "2",
        }
        self.flow = Flow(*self._place("flow"), settings=dict(settings))
        self.archiver = Flow(
            *self._place("archive"),
            settings=settings | archive,
            module="dataflows.archive",
        )
        watchdog = exits.enter_context(Watchdog())
        self.units = {
            "broker": self._supervised("broker", BrokerUnit(self.kafka)),
            "database": self._supervised("database", DatabaseUnit(self.postgres)),
            "flow": self._supervised("flow", self._unit(self.flow, watchdog)),
            "archive": self._supervised("archive", self._unit(self.archiver, watchdog)),
        }

    def _place(self, name: str) -> tuple[str, str, Path]:
        return self.kafka.bootstrap, self.database, self.folder / name

    def _unit(self, flow: Flow, watchdog: Watchdog) -> FlowUnit:
        return FlowUnit(flow, watchdog, self._note_choice)

    def _supervised(self, name: str, what: Startable) -> Supervised:
        return Supervised(name, what, self._note_exit)

    def _mount(self, name: str, folder: Path, megabytes: int) -> None:
        if self.means.disks:
            self.disks[name] = Disk(folder, megabytes)

    def _unmount(self, name: str) -> None:
        if name in self.disks:
            self.disks[name].close()

    @property
    def database(self) -> str:
        """The address of the database that is written to."""
        return self.database_named(DATABASE)

    def database_named(self, name: str) -> str:
        """The address of a database of the server."""
        return urlsplit(self.postgres.uri)._replace(path=f"/{name}").geturl()

    def note(self, line: str) -> None:
        """Tells when something happens."""
        self.say(f"{time.monotonic() - self.begun_s:6.1f} s {line}")

    def _note_exit(self, end: Exit) -> None:
        if end.name == "flow":
            self._flow_ended_s = time.monotonic()
        self.exits.append(end)

    def _note_choice(self, line: str) -> None:
        self.choices.append(line)
        self.note(f"it is told to go on, as it says: {line}")
        if not self.explained:
            self.problems.append(f"nothing was lost, but it says: {line}")

    def on_server(self, statement: LiteralString, *names: str) -> None:
        """Runs a statement about databases, which are named; waits for the server."""
        composed = sql.SQL(statement).format(*map(sql.Identifier, names))

        def execute() -> None:
            with psycopg.connect(self.postgres.uri, autocommit=True) as connection:
                connection.execute(composed)

        self.ask_database(execute)

    def ask_database(self, request: Callable[[], None]) -> None:
        """Repeats it until it does not fail."""
        deadline_s = time.monotonic() + HANG_S
        while True:
            try:
                request()
            except psycopg.Error:
                if time.monotonic() > deadline_s:
                    raise
                time.sleep(0.1)
            else:
                return

    def create_topic(self) -> None:
        """Creates the topic of telemetry with the partitions that it has by now."""
        largest = {"max.message.bytes": str(topics.SPACECRAFT.largest_message_bytes)}
        new = NewTopic(TOPIC, num_partitions=self.partitions, config=largest)
        self.ask_kafka(lambda: self.admin.create_topics([new])[TOPIC].result(HANG_S))
        self.wait_for(lambda: TOPIC in self.known_topics(), "the topic")

    def known_topics(self) -> set[str]:
        """The topics that the broker tells of; none while it does not answer."""
        try:
            return {*self.admin.list_topics(timeout=2).topics}
        except KafkaException:
            return set()

    def ask_kafka(self, request: Callable[[], object]) -> None:
        """Repeats it until the broker takes it; it may have been taken before."""
        done = {
            KafkaError.TOPIC_ALREADY_EXISTS,
            KafkaError.INVALID_PARTITIONS,
            KafkaError.UNKNOWN_TOPIC_OR_PART,
        }
        deadline_s = time.monotonic() + HANG_S
        while True:
            try:
                request()
                return
            except KafkaException as error:
                if error.args[0].code() in done:
                    return
                if time.monotonic() > deadline_s:
                    raise
                time.sleep(0.2)

    def is_begun(self) -> bool:
        """Whether both flows have stored something."""
        return count_in(self.database) > 0 and bool(archived_in(self.archived))

    def all_is_there(self) -> bool:
        """Whether all that Kafka has confirmed is stored and archived."""
        return self.has_stored() and self._lacks_nothing(
            lambda: archived_in(self.archived)
        )

    def all_is_learnt(self) -> bool:
        """Whether the state folder knows of all that is stored, as far as we can tell.

        That is so once the flow has lived for a few snapshots with nothing to read.
        """
        now_s = time.monotonic()
        if not self.all_is_there() or not self.units["flow"].is_up():
            self._idle_since_s = now_s
        since_s = max(self._idle_since_s, self._flow_ended_s)
        return now_s > since_s + SETTLED_S

    def has_stored(self, sent: Set[Sample] | None = None) -> bool:
        """Whether `sent`, or all that Kafka has confirmed, is in the database."""
        return self._lacks_nothing(lambda: stored_in(self.database).samples, sent)

    def _lacks_nothing(
        self, read: Callable[[], Container[Sample]], sent: Set[Sample] | None = None
    ) -> bool:
        """Whether there is everything but what may have been given up."""
        try:
            found = read()
        except (
            psycopg.Error,
            ArchiveUnavailable,
        ):  # not up, or merged while it is read
            return False
        kept = self.ledger.kept(found.__contains__)
        return all(
            sample in found for sample in kept.samples if sent is None or sample in sent
        )

    def later(self, after_s: float, act: Callable[[], None]) -> None:
        """Has it happen after a while."""

        def run() -> None:
            time.sleep(after_s)
            try:
                act()
            except Exception as error:
                self.problems.append(f"the trial itself failed: {error!r}")

        thread = threading.Thread(target=run, daemon=True)
        self._later.append(thread)
        thread.start()

    def wait_for_later(self) -> None:
        """Returns when all of that has happened."""
        for thread in self._later:
            thread.join(4 * HANG_S)
            if thread.is_alive():
                self.problems.append("the trial itself hangs in a disturbance")

    def keep_logs(self) -> list[Path]:
        """The logs of all four, those of the servers copied to the others."""
        logs = [self.flow.log, self.archiver.log]
        for name, log in (("broker", self.kafka.log), ("database", self.postgres.log)):
            logs.append(self.folder / f"{name}.log")
            shutil.copyfile(log, logs[-1])
        return [log for log in logs if log.exists()]

    def end_flows(self) -> None:
        """Nothing is started any more; flows that still run are killed."""
        for unit in self.units.values():
            unit.close()
            self.problems += unit.problems
        for flow in (self.flow, self.archiver):
            if flow.is_running():
                flow.kill()

    def wait_for(self, done: Callable[[], bool], what: str, s: float = HANG_S) -> None:
        """Returns once it is so; raises TimeoutError if that never comes."""
        deadline_s = time.monotonic() + s
        while not done():
            if time.monotonic() > deadline_s:
                raise TimeoutError(f"never came: {what}")
            time.sleep(0.2)
