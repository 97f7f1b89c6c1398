"""Prepared telemetry in Kafka, and the check that it was stored, row by row."""

from __future__ import annotations

import math
from dataclasses import dataclass

import psycopg
from confluent_kafka import Producer
from psycopg import sql

from connectors.errors import OrbitwatchError
from connectors.messages.wire import ARROW_CONTENT_TYPE
from tests.benchmarks.telemetry import Shape, instants_for, messages, signals

SEED = 7
FLUSH_S = 120

Headers = list[tuple[str, str | bytes | None]] | None


class Miscounted(OrbitwatchError):
    """What was stored is not what was sent, so there is no figure."""


@dataclass(frozen=True, slots=True)
class Place:
    """Partitions that lie side by side in a topic."""

    topic: str
    first: int
    count: int

    @property
    def partitions(self) -> range:
        """Their numbers."""
        return range(self.first, self.first + self.count)

    @property
    def setting(self) -> str:
        """Their numbers, as ORBITWATCH_PARTITIONS wants them."""
        return f"{self.first}-{self.first + self.count - 1}"

    def halves(self) -> tuple[Place, Place]:
        """The same partitions, shared by two."""
        half = self.count // 2
        return (
            Place(self.topic, self.first, half),
            Place(self.topic, self.first + half, self.count - half),
        )


@dataclass(frozen=True, slots=True)
class Backlog:
    """Messages of one shape in a place, whose partitions hold nothing else.

    `total` is the sum of all values.
    """

    place: Place
    shape: Shape
    messages: int
    samples: int
    total: float


def produce(kafka: str, place: Place, shape: Shape, samples: int) -> Backlog:
    """Fills a place with at least so many samples, the groups spread evenly over it."""
    values = signals(shape.parameters, instants_for(shape, samples), SEED)
    producer = Producer(
        {
            "bootstrap.servers": kafka,
            "message.max.bytes": 10_000_000,
            "linger.ms": 20,
            "queue.buffering.max.messages": 1_000_000,
            "queue.buffering.max.kbytes": 500_000,
        }
    )
    headers: Headers = (
        [("content-type", ARROW_CONTENT_TYPE.encode())] if shape.arrow else None
    )
    count = 0
    for message in messages(shape, values):
        partition = place.first + partition_of(message.group, shape.groups, place.count)
        while True:
            try:
                producer.produce(
                    place.topic, message.value, message.key, partition, headers=headers
                )
                break
            except BufferError:
                producer.poll(0.1)
        count += 1
    if producer.flush(FLUSH_S):
        raise Miscounted("Kafka did not take all of the prepared telemetry")
    return Backlog(place, shape, count, values.size, float(values.sum()))


def partition_of(group: int, groups: int, partitions: int) -> int:
    """Where a group goes: all its messages to one partition, the groups spread out."""
    if groups < partitions:
        return group * partitions // groups
    return group % partitions


def check_stored(database: str, table: str, samples: int, total: float) -> None:
    """Raises Miscounted unless the table holds so many samples of that total."""
    query = sql.SQL("SELECT count(*), coalesce(sum(value), 0) FROM {}")
    with psycopg.connect(database) as connection:
        found = connection.execute(query.format(sql.Identifier(table))).fetchone()
    rows, stored_total = found if found else (0, 0.0)
    if rows != samples:
        raise Miscounted(f"{table}: {rows:,} rows are stored, {samples:,} were sent")
    if not math.isclose(stored_total, total, rel_tol=1e-9, abs_tol=1e-6):
        raise Miscounted(f"{table}: values add up to {stored_total}, not to {total}")
