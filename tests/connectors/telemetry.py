"""Scored samples, polls and sinks for tests of the database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import numpy as np
from prometheus_client import CollectorRegistry

from connectors.database.sink import DatabaseSink, _DatabasePartition
from connectors.messages.findings import (
    Anomaly,
    AnomalyChange,
    Explanation,
    Severity,
)
from connectors.messages.polls import (
    UNNAMED,
    UNTOLD_EPOCH,
    LogId,
    Poll,
    Position,
    ToStore,
)
from connectors.messages.samples import ParameterName, Runs, Samples
from connectors.messages.writes import Findings, ScoredSamples, Write
from connectors.metrics import FlowMetrics
from connectors.process.flow_process import FlowProcess
from connectors.settings import Settings

START_US = 1_700_000_000_000_000
SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
# Longer than any test waits: none fails because a server was slow to come back.
PATIENCE_S = 200


def name(parameter: str = "voltage") -> ParameterName:
    return ParameterName("ORBITER", "power", parameter)


def in_volts(_: ParameterName) -> str:
    """The unit of each parameter, where that does not matter."""
    return "V"


def poll(
    number: int,
    pieces: int = 1,
    offset: int | None = None,
    newest_us: int | None = None,
    partition: int = 0,
    log: LogId = UNNAMED,
    leader_epoch: int = UNTOLD_EPOCH,
) -> Poll:
    """A poll that ends at `offset`, by default ten messages after the one before."""
    at = Position(
        "telemetry.spacecraft",
        partition,
        10 * number if offset is None else offset,
        START_US + number if newest_us is None else newest_us,
        log,
        leader_epoch,
    )
    return Poll(number, pieces, (at,), START_US)


def scored(
    at: Poll | None,
    values: Sequence[float],
    *,
    parameter: str = "voltage",
    first_us: int = START_US,
    times_us: Iterable[int] | None = None,
    scores: Sequence[float] | None = None,
    anomalies: tuple[Anomaly, ...] = (),
    open_since_us: Mapping[ParameterName, int] | None = None,
) -> ToStore:
    """A value a second from `first_us` on, unless `times_us` are given.

    `anomalies` that do not end go on from then, unless `open_since_us` is given.
    """
    count = len(values)
    times = [first_us + n * SECOND_US for n in range(count)]
    samples = Samples(
        name(parameter),
        np.array(times if times_us is None else list(times_us), np.int64),
        np.array(values, np.float64),
    )
    if open_since_us is None:
        open_since_us = {
            one.name: one.change.started_us
            for one in anomalies
            if one.change.ended_us is None
        }
    of_samples = ScoredSamples(
        Runs.of([samples]),
        np.array([0.5] * count if scores is None else scores, np.float64),
        np.zeros(count, np.int8),
    )
    return ToStore(at, (of_samples, Findings(anomalies, open_since_us=open_since_us)))


def also(piece: ToStore, *writes: Write) -> ToStore:
    """The same piece with more to be stored."""
    return replace(piece, writes=(*piece.writes, *writes))


def timely(*anomalies: Anomaly) -> ToStore:
    """What a timer brought about."""
    return ToStore(None, [Findings(anomalies)])


def anomaly(
    revision: int,
    number: int = 1,
    name: ParameterName = name(),  # noqa: B008 (a constant)
    **changes: object,
) -> Anomaly:
    """A revision of an anomaly; its samples count its revisions."""
    given = {
        "kind": "opened" if revision == 1 else "updated",
        "revision": revision,
        "started_us": START_US,
        "ended_us": None,
        "severity": Severity.WARNING,
        "peak_score": 1.5,
        "samples": revision,
        "explanation": Explanation(
            "rolling_z_score", 3.5, 1.0, 0.5, 1.5, 4.0, "3.5 V is above 1.5 V"
        ),
    }
    change = AnomalyChange(**given | changes)  # type: ignore[arg-type]
    return Anomaly(str(UUID(int=number)), name, change)


@dataclass(frozen=True)
class Sink:
    """A partition of the sink, and the process whose metrics it counts."""

    run: FlowProcess
    partition: _DatabasePartition

    def write(self, *pieces: ToStore) -> None:
        """Returns when the pieces that make whole polls are stored."""
        self.partition.write_batch(list(pieces))
        self.partition._wait()

    def counted(self, metric: str) -> float:
        return float(getattr(self.run.metrics.database, metric)._value.get())

    def __enter__(self) -> Sink:
        return self

    def __exit__(self, *_: object) -> None:
        self.partition.close()


def process(database: str, retry_seconds: float = PATIENCE_S) -> FlowProcess:
    settings = Settings(database=database, retry_seconds=retry_seconds)
    return FlowProcess(settings, FlowMetrics(CollectorRegistry()))


def open_sink(
    database: str, retry_seconds: float = PATIENCE_S, unit: str = "V"
) -> Sink:
    run = process(database, retry_seconds)
    sink = DatabaseSink(run, "spacecraft", lambda _: unit)
    return Sink(run, sink.build_part("database", "database", None))
