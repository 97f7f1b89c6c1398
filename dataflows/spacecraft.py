"""Hundreds of independent parameters of any spacecraft, watched one by one.

python -m bytewax.run dataflows.spacecraft:flow -r RECOVERY_FOLDER -s 5 -b 0
"""

from __future__ import annotations

import bytewax.operators as op
from bytewax.dataflow import Dataflow
from bytewax.inputs import Source
from bytewax.outputs import Sink

from connectors import topics
from connectors.kafka.sink import KafkaSink, anomaly_message, dead_letter_message
from connectors.kafka.source import TelemetrySource
from connectors.messages import Anomaly, DeadLetter, Polled, Scored
from connectors.metrics import FlowMetrics
from connectors.parameters import Definitions, read_definitions
from connectors.start import start_flow
from connectors.timescale import DatabaseSink
from dataflows.operators import anomalies, by_shard, split, watch
from dataflows.watched import check_definitions

NAME = "spacecraft"


def build(
    telemetry: Source[Polled | DeadLetter],
    database: Sink[tuple[str, Scored]],
    anomaly_topic: Sink[Anomaly],
    dead_letter_topic: Sink[DeadLetter],
    definitions: Definitions,
    metrics: FlowMetrics,
) -> Dataflow:
    """The flow; its name and its steps' names are what snapshots are found by."""
    flow = Dataflow(NAME)
    received = op.input("telemetry", flow, telemetry)
    # Polled | DeadLetter
    parted = split("split", received)
    sharded = by_shard("by_shard", parted.trues)
    # ("shard 00", Polled)
    scored = watch("watch", sharded, definitions, metrics)
    # ("shard 00", Scored)
    op.output("database", scored, database)
    op.output("anomaly_topic", anomalies("anomalies", scored), anomaly_topic)
    op.output("dead_letter_topic", parted.falses, dead_letter_topic)
    return flow


def flow() -> Dataflow:
    """The flow between Kafka and the database that the environment names."""
    run = start_flow(topics.SPACECRAFT, (topics.ANOMALIES, topics.DEAD_LETTERS))
    definitions = read_definitions(run.settings.parameters)
    check_definitions(definitions)
    return build(
        TelemetrySource(run, topics.SPACECRAFT, definitions.identify),
        DatabaseSink(run, NAME),
        KafkaSink(run, topics.ANOMALIES, anomaly_message),
        KafkaSink(run, topics.DEAD_LETTERS, dead_letter_message),
        definitions,
        run.metrics,
    )
