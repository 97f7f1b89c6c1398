"""The steps that flows share, as Bytewax operators."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import bytewax.operators as op
from bytewax.dataflow import Stream, operator
from bytewax.operators import KeyedStream

from connectors.errors import StateUnreadable
from connectors.files.parameters import Definitions
from connectors.messages.findings import Anomaly
from connectors.messages.polls import DeadLetter, Polled, ToStore
from connectors.messages.writes import anomalies_in
from connectors.metrics import FlowMetrics
from connectors.process.last_words import ends_in_one_line
from connectors.process.listening import Listening
from connectors.settings import MOST_PARAMETERS
from dataflows.parameters.most_watched import MostWatched
from dataflows.parameters.roll_call import RollCall
from dataflows.parameters.shard import ShardLogic
from dataflows.state.snapshot import SnapshotError
from dataflows.vehicles.followed import Follower
from dataflows.vehicles.most_tracked import MostTracked
from dataflows.vehicles.shard import TrackLogic
from dataflows.vehicles.vehicle import Vehicle


@operator
def split(
    step_id: str, up: Stream[Polled | DeadLetter]
) -> op.BranchOut[Polled, DeadLetter]:
    """Parts what could be decoded (`trues`) from what could not (`falses`)."""

    def is_polled(item: Polled | DeadLetter) -> bool:
        return isinstance(item, Polled)

    return op.branch("is_telemetry", up, is_polled)  # type: ignore[return-value]


@operator
def by_shard(step_id: str, up: Stream[Polled]) -> KeyedStream[Polled]:
    """Keys batches by the shard that their parameters are in."""

    def shard(polled: Polled) -> str:
        return f"shard {polled.shard:02}"

    return op.key_on("shard", up, shard)


@operator
def track(
    step_id: str,
    up: KeyedStream[Polled],
    inputs: Sequence[str],
    new: Callable[[Vehicle], Follower],
    metrics: FlowMetrics,
    most_parameters: int = MOST_PARAMETERS,
) -> KeyedStream[Polled]:
    """Adds what follows from how vehicles move: derived parameters, and records.

    `new` makes the tracker of a vehicle, which is given its parameters `inputs`.
    """
    most_tracked = MostTracked(metrics, most_parameters)

    @ends_in_one_line
    def build(resume: bytes | None) -> TrackLogic:
        try:
            return TrackLogic(resume, inputs, new, most_tracked, metrics)
        except SnapshotError as error:
            raise StateUnreadable(step_id, str(error)) from None

    return op.stateful_batch("trackers", up, build)


@operator
def watch(
    step_id: str,
    up: KeyedStream[Polled],
    definitions: Definitions,
    metrics: FlowMetrics,
    most_parameters: int = MOST_PARAMETERS,
    reads_all: bool = True,
    listening: Listening | None = None,
) -> KeyedStream[ToStore]:
    """Scores each parameter's samples with detectors of its own.

    Each batch in gives one batch out, in order: the sink counts on it. Only silence is
    judged by a clock. `reads_all` says that this process reads all partitions.
    """
    clock = listening or Listening()
    most_watched = MostWatched(metrics, most_parameters)
    roll_call = RollCall(definitions, metrics, time.monotonic, is_whole=reads_all)

    @ends_in_one_line
    def build(resume: bytes | None) -> ShardLogic:
        try:
            return ShardLogic(
                resume, definitions, metrics, clock, most_watched, roll_call
            )
        except SnapshotError as error:
            raise StateUnreadable(step_id, str(error)) from None

    return op.stateful_batch("detectors", up, build)


@operator
def anomalies(step_id: str, up: KeyedStream[ToStore]) -> Stream[Anomaly]:
    """The changes of anomalies that scoring brought about, but for those of replays."""

    def of(item: tuple[str, ToStore]) -> list[Anomaly]:
        told = anomalies_in(item[1].writes)
        return [anomaly for anomaly in told if not anomaly.name.is_replayed]

    return op.flat_map("changes", up, of)
