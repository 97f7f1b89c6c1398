"""From telemetry to anomalies: the steps of a flow, and what they are connected to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import bytewax.operators as op
from bytewax.dataflow import Dataflow
from bytewax.inputs import Source
from bytewax.outputs import Sink

from connectors import topics
from connectors.database.limit_table import store_limits
from connectors.database.positions import stored_positions
from connectors.database.sink import DatabaseSink
from connectors.decode.routing import Route, by_subsystem
from connectors.files.parameters import Definitions, read_definitions
from connectors.kafka.sink import (
    KafkaSink,
    anomaly_message,
    dead_letter_message,
    tell_anomalies,
)
from connectors.kafka.source import TelemetrySource
from connectors.messages.findings import Anomaly
from connectors.messages.polls import DeadLetter, Polled, ToStore
from connectors.metrics import FlowMetrics
from connectors.process.flow_process import FlowProcess
from connectors.process.listening import Listening
from connectors.process.recovery import folder_of_this_run
from connectors.settings import MOST_PARAMETERS
from connectors.start import start_flow
from connectors.topics import Topic
from dataflows.operators import anomalies, by_shard, split, track, watch
from dataflows.parameters.watched import check_definitions
from dataflows.vehicles.followed import Follower
from dataflows.vehicles.vehicle import Vehicle


@dataclass(frozen=True, slots=True)
class Tracking:
    """How vehicles are tracked: from which of their parameters, and by what."""

    inputs: Sequence[str]
    new: Callable[[Vehicle], Follower]


def build(
    name: str,
    telemetry: Source[Polled | DeadLetter],
    database: Sink[tuple[str, ToStore]],
    anomaly_topic: Sink[Anomaly],
    dead_letter_topic: Sink[DeadLetter],
    definitions: Definitions,
    metrics: FlowMetrics,
    tracking: Tracking | None = None,
    most_parameters: int = MOST_PARAMETERS,
    reads_all: bool = True,
    listening: Listening | None = None,
) -> Dataflow:
    """The flow; its name and its steps' names are what snapshots are found by."""
    flow = Dataflow(name)
    received = op.input("telemetry", flow, telemetry)
    # Polled | DeadLetter
    parted = split("split", received)
    sharded = by_shard("by_shard", parted.trues)
    # ("shard 00", Polled)
    if tracking:
        inputs, new = tracking.inputs, tracking.new
        sharded = track("track", sharded, inputs, new, metrics, most_parameters)
    scored = watch(
        "watch", sharded, definitions, metrics, most_parameters, reads_all, listening
    )
    # ("shard 00", ToStore)
    op.output("database", scored, database)
    op.output("anomaly_topic", anomalies("anomalies", scored), anomaly_topic)
    op.output("dead_letter_topic", parted.falses, dead_letter_topic)
    return flow


def connect(
    name: str,
    topic: Topic,
    tracking: Callable[[FlowProcess], Tracking] | None = None,
    route: Route = by_subsystem,
) -> Dataflow:
    """The flow between Kafka and the database that the environment names.

    `route` says which parameters stay together: those that are judged as one.
    """
    run = start_flow(name, [topic], [topics.ANOMALIES, topics.DEAD_LETTERS])
    definitions = read_definitions(run.settings.parameters)
    check_definitions(definitions)
    store_limits(run.settings.database, definitions, run.should_stop)
    stored = partial(stored_positions, run.settings.database, name, topic.name)
    run.start_up.watches(len([*definitions]), folder_of_this_run())
    return build(
        name,
        TelemetrySource(run, topic, stored, definitions.identify, route),
        DatabaseSink(run, name, definitions.unit_of, partial(tell_anomalies, run)),
        KafkaSink(run, topics.ANOMALIES, anomaly_message),
        KafkaSink(run, topics.DEAD_LETTERS, dead_letter_message),
        definitions,
        run.metrics,
        tracking(run) if tracking else None,
        run.settings.most_parameters,
        not run.settings.partitions,
        run.listening,
    )
