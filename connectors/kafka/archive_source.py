"""Telemetry from Kafka for the archive: each poll as it came, from where that ends."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
from bytewax.inputs import FixedPartitionedSource
from numpy.typing import NDArray
from typing_extensions import override

from connectors.decode.decoder import Decoder
from connectors.kafka.fields import content_types, place_and_epoch
from connectors.kafka.partition_progress import Offsets
from connectors.kafka.topic_partitions import Messages, Taken, TopicPartitions
from connectors.kafka.unread_partitions import StoredIn
from connectors.messages.polls import UNNAMED, Position
from connectors.parquet.columns import Batch, Columns
from connectors.process.flow_process import FlowProcess
from connectors.topics import Topic

# What is collected is stored in time also when nothing comes.
TICK_S = 1.0


class ArchiveSource(FixedPartitionedSource[Batch, Offsets]):
    """Reads a telemetry topic from where the archive ends, whatever Bytewax knows.

    Snapshots are not needed: what was not stored is read again. What cannot be decoded
    is left out, as the topic's own flow puts it with the dead letters; so is what was
    replayed from an archive.
    """

    def __init__(
        self,
        run: FlowProcess,
        topic: Topic,
        stored: StoredIn,
    ) -> None:
        self._run, self._topic, self._stored = run, topic, stored

    @override
    def list_parts(self) -> list[str]:
        return [self._topic.name]

    @override
    def build_part(
        self, step_id: str, for_part: str, resume_state: Offsets | None
    ) -> _ArchivePartition:
        return _ArchivePartition(self._run, for_part, self._stored)


class _ArchivePartition(TopicPartitions[Batch]):
    # Nobody waits for what is stored every few minutes.
    IDLE_PAUSE_S = GATHER_PAUSE_S = 0.2
    IF_CUT = "move the archive away and begin a new one"

    def __init__(self, run: FlowProcess, topic: str, stored: StoredIn) -> None:
        # What is stored is what is known: there is no state besides.
        super().__init__(run, topic, [*stored(UNNAMED)], stored)
        settings = run.settings
        self._decoder = Decoder(settings.future_seconds, most_names=settings.most_names)
        self._next_tick_s = 0.0

    @override
    def _take(self, polled: Messages) -> Taken[Batch]:
        messages, times_us = polled.messages, polled.times_us
        if not messages:
            return Taken([self._nothing(polled.positions)], 0)
        rows, names = self._decoder.rows(
            [m.value() for m in messages], content_types(messages), times_us
        )
        live = np.array([not name.is_replayed for name in names], np.bool_)
        kept: slice | NDArray[np.bool_] = slice(None)
        if not live.all():
            kept = live[rows.parameters]
        places = np.array([place_and_epoch(m) for m in messages], np.int64)
        partitions, offsets, epochs = places.T
        columns = Columns(names, rows.parameters, rows.times_us, rows.values)
        batch = Batch(
            self._topic,
            columns.rows(kept),
            rows.messages[kept],
            partitions,
            offsets,
            epochs,
            times_us,
            self._log.log,
        )
        return Taken([batch], len(rows.values))

    @override
    def _idle(self) -> list[Batch]:
        now_s = time.monotonic()
        if now_s < self._next_tick_s:
            return []
        self._next_tick_s = now_s + TICK_S
        return [self._nothing()]

    def _nothing(self, passed: Sequence[Position] = ()) -> Batch:
        none, nothing = np.empty(0, np.int64), np.empty(0)
        columns = Columns((), none, none, nothing)
        return Batch(
            self._topic, columns, *(none,) * 5, log=self._log.log, passed=passed
        )
