"""The end of the archive flow: batches into an `ArchiveWriter`."""

from __future__ import annotations

import logging

from bytewax.outputs import FixedPartitionedSink, StatefulSinkPartition
from typing_extensions import override

from connectors.errors import ArchiveUnavailable
from connectors.parquet.columns import Batch
from connectors.parquet.storage import Storage
from connectors.parquet.writer import ArchiveWriter, Roll, Stored
from connectors.process.flow_process import FlowProcess
from connectors.process.last_words import ends_in_one_line

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
    def __init__(self, run: FlowProcess, writer: ArchiveWriter) -> None:
        self._metrics, self._writer = run.metrics, writer

    @override
    @ends_in_one_line
    def write_batch(self, values: list[Batch]) -> None:
        for batch in values:
            self._count(self._writer.write(batch))

    @override
    def snapshot(self) -> None:
        """Keeps nothing: the archive knows itself how far it goes."""

    @override
    def close(self) -> None:
        """Stores the rest.

        Bytewax also closes what has just failed; an error here would then abort the
        process before it can say what went wrong first.
        """
        try:
            self._count(self._writer.commit())
        except ArchiveUnavailable as error:
            _log.error("%s (what came last is stored at the next start)", error)

    def _count(self, stored: Stored | None) -> None:
        if stored is not None:
            self._metrics.archive.samples.inc(stored.samples)
            self._metrics.archive.files.inc(stored.files)
            self._metrics.archive.write.observe(stored.seconds)


def open_archive(run: FlowProcess) -> ArchiveWriter:
    """The writer of this process, with what was begun before finished.

    Raises ArchiveUnavailable when the archive cannot be read or written.
    """
    settings = run.settings
    share = ",".join(map(str, settings.partitions)) or "all"
    storage = Storage.at(settings.archive)
    writer = ArchiveWriter(
        storage,
        f"partitions {share}",
        Roll(settings.archive_megabytes, settings.archive_seconds),
    )
    writer.open()
    if storage.local_root is not None:
        run.metrics.archive.disk(storage.local_root)
    return writer
