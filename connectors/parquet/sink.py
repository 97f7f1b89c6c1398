"""The end of the archive flow: batches into an `ArchiveWriter`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import partial
from uuid import uuid4

from bytewax.outputs import FixedPartitionedSink, StatefulSinkPartition
from typing_extensions import override

from connectors.errors import ArchiveUnavailable, TopicReplaced
from connectors.messages.polls import LogId
from connectors.parquet.columns import Batch
from connectors.parquet.layout import INCOMING
from connectors.parquet.storage import Storage
from connectors.parquet.writer import ArchiveWriter, Roll, Stored
from connectors.process.flow_process import FlowProcess
from connectors.process.last_words import ends_in_one_line
from connectors.process.side_task import Bound, SideTask, wait_for
from connectors.settings import Settings, variable

# However short the time for trying again is, files may take this long to write.
_LEAST_S = 30.0
# A last file may be a large one.
_AFTER_STOP_S = 12.0

_log = logging.getLogger("orbitwatch.archive")


class ArchiveSink(FixedPartitionedSink[Batch, None]):
    """Stores every sample once; there is one partition, so one worker stores all."""

    def __init__(self, run: FlowProcess, writer: ArchiveWriter) -> None:
        self._run, self._writer = run, writer

    @override
    def list_parts(self) -> list[str]:
        return ["archive"]

    @override
    def build_part(
        self, step_id: str, for_part: str, resume_state: None
    ) -> _ArchivePart:
        return _ArchivePart(self._run, self._writer)


class _ArchivePart(StatefulSinkPartition[Batch, None]):
    """Stores in a thread of its own: a folder on a server that is away would stop us.

    What does not come back in time is left, and the flow ends: what it left behind, the
    next start finishes or does again.
    """

    def __init__(self, run: FlowProcess, writer: ArchiveWriter) -> None:
        self._run, self._writer = run, writer
        self._bound = Bound(
            "the archive to answer",
            max(run.settings.retry_seconds, _LEAST_S),
            run.should_stop,
            lambda _: run.health.turned(),
            after_stop_s=_AFTER_STOP_S,
        )
        self._is_stuck = False

    @override
    @ends_in_one_line
    def write_batch(self, values: list[Batch]) -> None:
        for batch in values:
            self._in_time(partial(self._writer.write, batch))

    @override
    def snapshot(self) -> None:
        """Keeps nothing: the archive knows itself how far it goes."""

    @override
    def close(self) -> None:
        """Stores the rest.

        Bytewax also closes what has just failed; an error here would then abort the
        process before it can say what went wrong first.
        """
        if self._is_stuck:
            return
        try:
            self._in_time(self._writer.commit)
        except (ArchiveUnavailable, TopicReplaced) as error:
            _log.error("%s (what came last is stored at the next start)", error)

    def _in_time(self, store: Callable[[], Stored | None]) -> None:
        task = SideTask("archive", store)
        if not wait_for(task, self._bound):
            self._is_stuck = True
            raise _no_answer(self._run.settings)
        self._count(task.result())

    def _count(self, stored: Stored | None) -> None:
        if stored is not None:
            self._run.metrics.archive.samples.inc(stored.samples)
            self._run.metrics.archive.files.inc(stored.files)
            self._run.metrics.archive.write.observe(stored.seconds)


def _no_answer(settings: Settings) -> ArchiveUnavailable:
    setting = f"{variable('retry_seconds')}={settings.retry_seconds:g}"
    return ArchiveUnavailable(
        Storage.at(settings.archive).address,
        f"no answer (see {setting}); start again when there is one: nothing is lost",
    )


def open_archive(
    run: FlowProcess, check_logs: Callable[[Mapping[str, LogId]], None]
) -> ArchiveWriter:
    """The writer of this process, with what was begun before finished.

    `check_logs` raises TopicReplaced if a topic is another log by now.

    Raises ArchiveUnavailable when the archive cannot be read or written.
    """
    settings = run.settings
    share = ",".join(map(str, settings.partitions)) or "all"
    storage = Storage.at(settings.archive)
    writer = ArchiveWriter(
        storage,
        f"partitions {share}",
        Roll(settings.archive_megabytes, settings.archive_seconds),
        check_logs,
    )
    opening = SideTask("archive", writer.open)
    if not wait_for(opening, Bound("the archive to answer", _LEAST_S, run.should_stop)):
        raise _no_answer(settings)
    opening.result()
    if storage.local_root is not None:
        run.metrics.archive.disk(storage.local_root)
    return writer


def check_archive(settings: Settings) -> str:
    """Says where the archive is, once a file could be written and deleted there.

    Raises ArchiveUnavailable.
    """
    storage = Storage.at(settings.archive)

    def look() -> str:
        trial = f"{INCOMING}/check-{uuid4().hex[:8]}"
        storage.write(trial, b"")
        storage.delete(trial)
        return f"{storage.address} can be written"

    task = SideTask("archive", look)
    if not wait_for(task, Bound("the archive to answer", _LEAST_S)):
        raise _no_answer(settings)
    return task.result()
