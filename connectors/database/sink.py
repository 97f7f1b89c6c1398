"""The flows' database: what follows from each poll is stored, exactly once."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence

from bytewax.outputs import FixedPartitionedSink, StatefulSinkPartition
from typing_extensions import override

from connectors.database.parameter_ids import ParameterIds
from connectors.database.session import Session, Written
from connectors.database.whole_polls import Batch, WholePolls
from connectors.database.writer import DatabaseWriter
from connectors.messages.findings import Anomaly
from connectors.messages.polls import Position, ToStore
from connectors.messages.samples import ParameterName
from connectors.process.flow_process import FlowProcess
from connectors.process.last_words import ends_in_one_line
from connectors.process.side_task import Bound, SideTask, wait_for

Tell = Callable[[Sequence[Anomaly]], None]
UnitOf = Callable[[ParameterName], str]

# However short the time for trying again is, a server may take this long to store.
_LEAST_S = 10.0
# An attempt that begins in the last moment has some time, too.
_LAST_ATTEMPT_S = 5.0
# How long is waited once the server was asked to end it, and then once it is cut off.
_CANCELLED_S = _SEVERED_S = 1.0

_log = logging.getLogger("orbitwatch.database")


def tell_nobody(_: Sequence[Anomaly]) -> None:
    """Keeps what was closed to the database."""


class DatabaseSink(FixedPartitionedSink[ToStore, None]):
    """Stores what follows from polls, each exactly once, whatever is killed.

    Whole polls are stored with their positions in one transaction, in the order in
    which they were read. After a restart, polls that were stored before are dropped;
    what slips through (polls are cut in other places then) meets its own keys: the
    first value of a sample and the highest revision of an anomaly stay. What was closed
    on behalf of the flow gives way to the same revision of the flow's own.

    An anomaly that the database has as open, and that does not go on when its parameter
    is first heard, is closed: what was known of it was lost. `tell` hears of it.
    `unit_of` tells the unit of a parameter, for the table of them.

    There is one partition, so in a cluster one worker stores everything.
    """

    def __init__(
        self,
        run: FlowProcess,
        flow: str,
        unit_of: UnitOf,
        tell: Tell = tell_nobody,
    ) -> None:
        self._run, self._flow = run, flow
        self._unit_of, self._tell = unit_of, tell

    @override
    def list_parts(self) -> list[str]:
        return ["database"]

    @override
    @ends_in_one_line
    def build_part(
        self, step_id: str, for_part: str, resume_state: None
    ) -> _DatabasePartition:
        address, most = self._run.settings.database, self._run.settings.most_names

        def open_session() -> Session:
            parameters = ParameterIds(self._flow, self._unit_of, most)
            return Session(address, self._flow, parameters, self._tell)

        return _DatabasePartition(self._run, open_session)


class _DatabasePartition(StatefulSinkPartition[ToStore, None]):
    """Stores one batch in a thread of its own while the flow makes the next.

    The flow waits when it has made the next, and for all at the end of an epoch: but no
    longer than the database is tried again, or some seconds when it is to stop. Then
    what is being stored is cancelled, and counts as not stored, however it ends: a
    COMMIT that waits for a standby comes back as done here, but may be lost with this
    server. What was stored after all, the next start finds with its positions.
    """

    def __init__(self, run: FlowProcess, open_session: Callable[[], Session]) -> None:
        self._metrics, self._health = run.metrics, run.health
        settings = run.settings
        self._polls = WholePolls()
        self._storing: SideTask[None] | None = None
        self._told_of_another = False
        self._writer = DatabaseWriter(
            settings.database,
            open_session,
            settings.retry_seconds,
            run.should_stop,
            self._report,
        )
        longest_s = max(settings.retry_seconds, _LEAST_S) + _LAST_ATTEMPT_S
        self._bound = Bound(
            "the database to answer", longest_s, run.should_stop, self._is_waiting
        )
        self._begin(self._writer.open)
        self._wait()

    @override
    @ends_in_one_line
    def write_batch(self, values: list[ToStore]) -> None:
        self._polls.add(values)
        self._begin_to_store(self._polls.take())

    @override
    @ends_in_one_line
    def snapshot(self) -> None:
        """Leaves nothing behind: at the end of an epoch every poll of it is whole."""
        self._begin_to_store(self._polls.take_all())
        self._wait()

    @override
    def close(self) -> None:
        """Ends the connection, unless something is still being stored through it."""
        storing, self._storing = self._storing, None
        if storing is None or self._comes_back(storing):
            self._writer.close()

    def _begin_to_store(self, batch: Batch) -> None:
        if batch:
            self._wait()
            self._begin(lambda: self._store(batch))

    def _begin(self, work: Callable[[], None]) -> None:
        self._storing = SideTask("database", work)

    def _wait(self) -> None:
        """Returns once all is stored that was begun; raises what went wrong."""
        storing, self._storing = self._storing, None
        if storing is None:
            return
        began_s = time.monotonic()
        if wait_for(storing, self._bound):
            return storing.result()
        self._end(storing)
        self._report(False)
        waited_s = time.monotonic() - began_s
        raise self._writer.no_answer("the database does not answer", waited_s)

    def _comes_back(self, storing: SideTask[None]) -> bool:
        return storing.is_done(_CANCELLED_S) or self._end(storing)

    def _end(self, storing: SideTask[None]) -> bool:
        """Has it end, whatever it waits for; whether it did."""
        self._writer.cancel()
        if storing.is_done(_CANCELLED_S):
            return True
        self._writer.sever()
        return storing.is_done(_SEVERED_S)

    def _is_waiting(self, late: bool) -> None:
        """The flow lives while it waits; if that takes long, it is not ready."""
        if late:
            self._health.database(works=False)
        else:
            self._health.turned()

    def _store(self, batch: Batch) -> None:
        self._count(self._writer.store(batch))

    def _report(self, works: bool) -> None:
        self._health.database(works)
        if not works:
            self._metrics.database.failures.inc()

    def _count(self, written: Written) -> None:
        metrics = self._metrics
        metrics.database.write.observe(written.seconds)
        metrics.database.samples.inc(written.samples)
        metrics.database.repeated.inc(written.repeated)
        metrics.database.contradicted.inc(written.contradicted)
        metrics.database.retries.inc(written.retries)
        for anomaly in written.forgotten:
            metrics.anomalies.told(anomaly)
            _log.warning("%s: an anomaly was left open, and is closed", anomaly.name)
        now_s = time.time()
        for poll in written.polls:
            metrics.database.latency.observe(now_s - poll.oldest_message_us / 1e6)
        if written.overtaken:
            self._tell_of_another(written.overtaken[0])
        if written.replayed:
            _log.info("%d polls were stored before the restart", written.replayed)

    def _tell_of_another(self, at: Position) -> None:
        """Counts what another process stores of our partitions; says so once."""
        self._metrics.database.overtaken.inc()
        if not self._told_of_another:
            self._told_of_another = True
            _log.warning(
                "another process stores %s[%d] for the same flow: its samples are "
                "judged twice; stop one, or give each its own ORBITWATCH_PARTITIONS",
                *(at.topic, at.partition),
            )
