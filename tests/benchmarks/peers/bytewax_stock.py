"""Bytewax as it comes: `KafkaSource`, `stateful_map`, and a sink of a few lines."""

from __future__ import annotations

import json
from collections.abc import Iterator

import bytewax.operators as op
import psycopg
from bytewax.connectors.kafka import KafkaError, KafkaSource, KafkaSourceMessage
from bytewax.dataflow import Dataflow
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from typing_extensions import override

from tests.benchmarks.peers.job import INSERT, Forest, Job, Row, Sample, row, samples_of

Bytes = bytes | None
Received = KafkaSourceMessage[Bytes, Bytes] | KafkaError[Bytes, Bytes]


class PostgresSink(DynamicSink[tuple[str, tuple[Sample, float]]]):
    """Commits every batch that Bytewax hands over."""

    def __init__(self, job: Job) -> None:
        self._job = job

    @override
    def build(
        self, step_id: str, worker_index: int, worker_count: int
    ) -> PostgresPartition:
        return PostgresPartition(self._job)


class PostgresPartition(StatelessSinkPartition[tuple[str, tuple[Sample, float]]]):
    def __init__(self, job: Job) -> None:
        self._job = job
        self._connection = psycopg.connect(job.database)

    @override
    def write_batch(self, items: list[tuple[str, tuple[Sample, float]]]) -> None:
        rows: list[Row] = [
            row(self._job.number(name), sample, score)
            for name, (sample, score) in items
        ]
        with self._connection.cursor() as cursor:
            cursor.executemany(INSERT, rows)
        self._connection.commit()
        self._job.stored(len(rows))

    @override
    def close(self) -> None:
        self._connection.close()


def samples(message: Received) -> Iterator[tuple[str, Sample]]:
    """The samples of a message, by parameter."""
    if isinstance(message, KafkaSourceMessage) and message.value:
        yield from samples_of(json.loads(message.value))


def score(
    forest: Forest | None, sample: Sample
) -> tuple[Forest | None, tuple[Sample, float]]:
    """The sample with its score; the state is the parameter's forest."""
    forest = forest or Forest()
    return forest, (sample, forest.score(sample[1]))


def flow() -> Dataflow:
    """Ends by itself at the end of the topic."""
    job = Job.from_environment()
    dataflow = Dataflow("peer")
    source = KafkaSource([job.kafka], [job.topic], tail=False)
    received = op.input("telemetry", dataflow, source)
    named = op.flat_map("samples", received, samples)
    op.output("database", op.stateful_map("trees", named, score), PostgresSink(job))
    return dataflow
