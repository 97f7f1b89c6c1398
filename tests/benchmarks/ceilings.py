"""What no flow can exceed: reading, reading and decoding, or writing the same rows.

Each has the machine to itself, as the flow has, and does nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import psycopg
from confluent_kafka import Message, TopicPartition
from numpy.typing import NDArray

from connectors.database.copy_rows import SampleRows, encode
from connectors.decode.decoder import Decoder
from connectors.kafka.clients import consumer
from connectors.kafka.fields import content_types, times_us_of
from connectors.kafka.topic_partitions import MOST_MESSAGES, POLL_SAMPLES
from connectors.settings import Settings
from tests.benchmarks.backlog import SEED, Backlog, Miscounted, check_stored
from tests.benchmarks.stage import Stage
from tests.benchmarks.statistics import Mark, Measured, steady
from tests.benchmarks.telemetry import INTERVAL_US, START_US, Shape, signals

COPY = (
    "COPY sample (parameter_id, generation_time, value, anomaly_score, severity) "
    "FROM STDIN (FORMAT BINARY)"
)
SILENCE_S = 20.0


def consume(kafka: str, backlog: Backlog) -> Measured:
    """Reads the backlog with the flow's own consumer."""
    a_message = backlog.shape.samples_a_message

    def count(messages: list[Message]) -> int:
        return a_message * sum(bool(message.value()) for message in messages)

    return _read(kafka, backlog, count)


def decode(kafka: str, backlog: Backlog) -> Measured:
    """Reads the backlog and decodes it to columns, as the flow does."""
    decoder = Decoder(Settings().future_seconds)

    def count(messages: list[Message]) -> int:
        decoded = decoder.decode(
            [message.value() for message in messages],
            content_types(messages),
            times_us_of(messages),
        )
        return sum(map(len, decoded.samples))

    return _read(kafka, backlog, count)


def messages_a_poll(shape: Shape) -> int:
    """How many messages the flow reads at once while there are more."""
    return min(max(POLL_SAMPLES // shape.samples_a_message, 1), MOST_MESSAGES)


def _read(
    kafka: str, backlog: Backlog, count: Callable[[list[Message]], int]
) -> Measured:
    a_poll = messages_a_poll(backlog.shape)
    client = consumer(Settings(kafka=kafka))
    place = backlog.place
    client.assign([TopicPartition(place.topic, part, 0) for part in place.partitions])
    samples = 0
    marks: list[Mark] = []
    heard_s = time.monotonic()
    try:
        while samples < backlog.samples:
            polled = client.consume(a_poll, 0)
            if polled:
                samples += count([message for message in polled if not message.error()])
                heard_s = time.monotonic()
                marks.append(Mark(samples, heard_s, time.process_time()))
            elif time.monotonic() > heard_s + SILENCE_S:
                break
            else:
                time.sleep(0.0005)
    finally:
        client.close()
    if samples != backlog.samples:
        raise Miscounted(
            f"{samples:,} samples were read, {backlog.samples:,} were sent"
        )
    return steady(marks)


def copy(stage: Stage, backlog: Backlog) -> Measured:
    """Writes the rows of the backlog by binary COPY, a poll's worth a transaction.

    The rows were encoded before.
    """
    shape = backlog.shape
    values = signals(shape.parameters, backlog.samples // shape.parameters, SEED)
    pieces = rows_of(shape, values)
    prepared = [(len(rows), b"".join(encode(rows))) for rows in pieces]
    stored = 0
    with stage.servers.database() as database:
        marks = []
        with psycopg.connect(database) as connection:
            for rows, data in prepared:
                with connection.transaction(), connection.cursor() as cursor:
                    with cursor.copy(COPY) as out:
                        out.write(data)
                stored += rows
                marks.append(Mark(stored, time.monotonic(), time.process_time()))
        check_stored(database, "sample", backlog.samples, backlog.total)
    return steady(marks)


def rows_of(shape: Shape, values: NDArray[np.float64]) -> list[SampleRows]:
    """The `values` as rows, in pieces as large as the flow's polls, by parameter."""
    instants = len(values)
    a_poll = messages_a_poll(shape) * shape.instants // shape.groups
    edges = [*range(0, instants, max(a_poll, shape.instants)), instants]
    return [
        SampleRows(
            np.repeat(np.arange(1, shape.parameters + 1, dtype=np.int32), end - begin),
            np.tile(START_US + np.arange(begin, end) * INTERVAL_US, shape.parameters),
            values[begin:end].T.ravel(),
            np.full((end - begin) * shape.parameters, 0.5),
            np.zeros((end - begin) * shape.parameters, np.int8),
        )
        for begin, end in pairwise(edges)
    ]
