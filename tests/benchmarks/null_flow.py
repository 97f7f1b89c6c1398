"""The flow `spacecraft` with sinks that store nothing: the first one counts.

python -m bytewax.run tests.benchmarks.null_flow:flow

Beside the recovery folder, it says that it is READY, begins when told to GO, and writes
MARKS: samples counted, wall clock and processor time (seconds).
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from bytewax.dataflow import Dataflow
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from typing_extensions import override

from connectors import topics
from connectors.files.parameters import read_definitions
from connectors.kafka.source import TelemetrySource
from connectors.messages.polls import ToStore
from connectors.messages.writes import ScoredSamples
from connectors.start import start_flow
from dataflows.spacecraft import NAME
from dataflows.wiring import build

READY, GO, MARKS = "ready", "go", "marks"


class CountingSink(DynamicSink[tuple[str, ToStore]]):
    """Counts samples and notes the time."""

    def __init__(self, marks: Path) -> None:
        self._marks = marks

    @override
    def build(
        self, step_id: str, worker_index: int, worker_count: int
    ) -> CountingPartition:
        return CountingPartition(self._marks)


class CountingPartition(StatelessSinkPartition[tuple[str, ToStore]]):
    def __init__(self, marks: Path) -> None:
        # Line by line: who reads it must not see half a line's worth of samples.
        self._file = marks.open("w", buffering=1)
        self._counted = 0

    @override
    def write_batch(self, items: list[tuple[str, ToStore]]) -> None:
        self._counted += sum(
            len(write.samples)
            for _, piece in items
            for write in piece.writes
            if isinstance(write, ScoredSamples)
        )
        self._file.write(f"{self._counted} {time.monotonic()} {time.process_time()}\n")

    @override
    def close(self) -> None:
        self._file.close()


class NullSink(DynamicSink[Any]):
    """Takes everything and does nothing."""

    @override
    def build(
        self, step_id: str, worker_index: int, worker_count: int
    ) -> NullPartition:
        return NullPartition()


class NullPartition(StatelessSinkPartition[Any]):
    @override
    def write_batch(self, items: list[Any]) -> None:
        pass


def folder() -> Path:
    """The flow's folder: the one that holds the recovery folder (`-r`)."""
    return Path(sys.argv[sys.argv.index("-r") + 1]).parent


def flow() -> Dataflow:
    """The flow, once it is told to begin."""
    run = start_flow(
        "null", [topics.SPACECRAFT], [topics.ANOMALIES, topics.DEAD_LETTERS]
    )
    definitions = read_definitions(run.settings.parameters)
    place = folder()
    (place / READY).touch()
    while not (place / GO).exists():
        time.sleep(0.005)
    return build(
        NAME,
        TelemetrySource(run, topics.SPACECRAFT, lambda _: (), definitions.identify),
        CountingSink(place / MARKS),
        NullSink(),
        NullSink(),
        definitions,
        run.metrics,
    )
