"""Telemetry from Kafka for the archive: each poll as it came, from where that ends."""

from __future__ import annotations

import time
from collections.abc import Mapping

import numpy as np
from bytewax.inputs import FixedPartitionedSource
from numpy.typing import NDArray
from typing_extensions import override

from connectors.decode.decoder import Decoder
from connectors.kafka.fields import content_types, place
from connectors.kafka.topic_partitions import (
    Messages,
    Offsets,
    Taken,
    TopicPartitions,
)
from connectors.messages.polls import Position
from connectors.parquet.columns import Batch, Columns
from connectors.process.flow_process import FlowProcess
from connectors.process.last_words import says_last_words
from connectors.topics import Topic

# What is collected is stored in time also when nothing comes.
TICK_S = 1.0


@says_last_words
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
        positions: Mapping[tuple[str, int], Position],
    ) -> None:
        self._run, self._topic = run, topic
        self._positions = {
            at.partition: (at.next_offset, at.newest_message_us)
            for at in positions.values()
            if at.topic == topic.name
        }

    @override
    def list_parts(self) -> list[str]:
        return [self._topic.name]

    @override
    def build_part(
        self, step_id: str, for_part: str, resume_state: Offsets | None
    ) -> _ArchivePartition:
        stored = {"version": 1, "topic": for_part, "positions": self._positions}
        return _ArchivePartition(self._run, for_part, stored)


class _ArchivePartition(TopicPartitions[Batch]):
    # Nobody waits for what is stored every few minutes.
    IDLE_PAUSE_S = GATHER_PAUSE_S = 0.2

    def __init__(self, run: FlowProcess, topic: str, stored: Offsets) -> None:
        super().__init__(run, topic, stored)
        settings = run.settings
        self._decoder = Decoder(settings.future_seconds, most_names=settings.most_names)
        self._next_tick_s = 0.0

    @override
    def _take(self, polled: Messages) -> Taken[Batch]:
        messages, times_us = polled.messages, polled.times_us
        rows, names = self._decoder.rows(
            [m.value() for m in messages], content_types(messages), times_us
        )
        live = np.array([not name.is_replayed for name in names], np.bool_)
        kept: slice | NDArray[np.bool_] = slice(None)
        if not live.all():
            kept = live[rows.parameters]
        partitions, offsets = np.array([place(m) for m in messages], np.int64).T
        columns = Columns(names, rows.parameters, rows.times_us, rows.values)
        batch = Batch(
            self._topic,
            columns.rows(kept),
            rows.messages[kept],
            partitions,
            offsets,
            times_us,
        )
        return Taken([batch], len(rows.values))

    @override
    def _idle(self) -> list[Batch]:
        now_s = time.monotonic()
        if now_s < self._next_tick_s:
            return []
        self._next_tick_s = now_s + TICK_S
        none, nothing = np.empty(0, np.int64), np.empty(0)
        columns = Columns((), none, none, nothing)
        return [Batch(self._topic, columns, none, none, none, none)]
