"""Telemetry at a given rate, and how long its samples took to be committed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import psycopg
from confluent_kafka import Producer

from connectors.messages.times import moment
from connectors.messages.wire import Packet, encode_packet
from tests.benchmarks.backlog import Miscounted, Place, partition_of
from tests.benchmarks.telemetry import (
    SPACECRAFT,
    Shape,
    parameter_names,
    subsystem,
)

# The generation time is that of the call to `produce`, so the table has both times.
LATENCIES = """
    SELECT extract(epoch FROM pg_xact_commit_timestamp(xmin) - generation_time) * 1000
    FROM sample
    WHERE generation_time >= %(begin)s
    ORDER BY generation_time
"""


@dataclass(frozen=True, slots=True)
class Sent:
    """What a feed has sent: packets and samples, the sum of values, and since when."""

    packets: int
    samples: int
    total: float
    begin_us: int

    def __add__(self, other: Sent) -> Sent:
        """Both, one after the other."""
        return Sent(
            self.packets + other.packets,
            self.samples + other.samples,
            self.total + other.total,
            self.begin_us,
        )


def feed(kafka: str, place: Place, shape: Shape, rate: int, seconds: float) -> Sent:
    """Sends packets evenly at so many samples a second; a round of groups at least."""
    producer = Producer({"bootstrap.servers": kafka, "linger.ms": 0})
    names = [parameter_names(shape, group) for group in range(shape.groups)]
    rng = np.random.default_rng(rate)
    packets = max(round(rate * seconds / shape.values), shape.groups)
    total = 0.0
    begin_us = time.time_ns() // 1000
    begin_s = time.monotonic()
    for number in range(packets):
        _sleep_until(begin_s + number * shape.values / rate)
        group = number % shape.groups
        values = np.round(rng.normal(20.0, 0.1, shape.values), 4).tolist()
        total += sum(values)
        _send(producer, place, shape.groups, group, names[group], values)
        producer.poll(0)
    if producer.flush(30):
        raise Miscounted("Kafka did not take all packets")
    return Sent(packets, packets * shape.values, total, begin_us)


def _send(
    producer: Producer,
    place: Place,
    groups: int,
    group: int,
    names: Sequence[str],
    values: Sequence[float],
) -> None:
    packet = Packet(
        spacecraft=SPACECRAFT,
        subsystem=subsystem(group),
        generation_time=moment(time.time_ns() // 1000),
        values=dict(zip(names, values, strict=True)),
    )
    partition = place.first + partition_of(group, groups, place.count)
    producer.produce(place.topic, encode_packet(packet), packet.key, partition)


def _sleep_until(time_s: float) -> None:
    left_s = time_s - time.monotonic()
    if left_s > 0:
        time.sleep(left_s)


def latencies_ms(database: str, sent: Sent) -> list[float]:
    """How long each sample took from `produce` to the commit of its row.

    In order of `produce`; these samples must be the last that were sent. Raises
    Miscounted if some are missing.
    """
    with psycopg.connect(database) as connection:
        rows = connection.execute(
            LATENCIES, {"begin": moment(sent.begin_us)}
        ).fetchall()
    found = [float(row[0]) for row in rows if row[0] is not None]
    if len(found) != sent.samples:
        raise Miscounted(
            f"{len(found):,} latencies, {sent.samples:,} samples were sent"
        )
    return found
