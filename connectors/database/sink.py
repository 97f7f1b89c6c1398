"""The flows' database: what follows from each poll is stored, exactly once."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from bytewax.outputs import FixedPartitionedSink, StatefulSinkPartition
from typing_extensions import override

from connectors.database.parameter_ids import ParameterIds
from connectors.database.session import Session, Written
from connectors.database.whole_polls import Batch, WholePolls
from connectors.database.writer import DatabaseWriter
from connectors.messages.findings import Anomaly
from connectors.messages.polls import ToStore
from connectors.messages.samples import ParameterName
from connectors.process.flow_process import FlowProcess
from connectors.process.last_words import ends_in_one_line

Tell = Callable[[Sequence[Anomaly]], None]
UnitOf = Callable[[ParameterName], str]

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

    The flow waits when it has made the next, and for all at the end of an epoch.
    """

    def __init__(self, run: FlowProcess, open_session: Callable[[], Session]) -> None:
        self._metrics, self._health = run.metrics, run.health
        settings = run.settings
        self._polls = WholePolls()
        self._thread = ThreadPoolExecutor(1, "database")
        self._storing: Future[None] | None = None
        self._writer = DatabaseWriter(
            settings.database,
            open_session,
            settings.retry_seconds,
            run.should_stop,
            self._report,
        )
        self._writer.open()

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
        self._thread.shutdown()
        self._writer.close()

    def _begin_to_store(self, batch: Batch) -> None:
        if batch:
            self._wait()
            self._storing = self._thread.submit(self._store, batch)

    def _wait(self) -> None:
        """Returns once all is stored that was begun; raises what went wrong."""
        storing, self._storing = self._storing, None
        if storing is not None:
            storing.result()

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
        if written.replayed:
            _log.info("%d polls were stored before the restart", written.replayed)
