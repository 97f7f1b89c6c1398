"""Partitions that nobody has a position in are counted, and told of once."""

from collections.abc import Iterable

import pytest
from prometheus_client import CollectorRegistry, Gauge

from connectors.errors import DatabaseUnavailable
from connectors.kafka.unread_partitions import UnreadPartitions
from connectors.messages.polls import LogId, Position

LOG = LogId("cluster", "topic")


def at(partition: int, topic: str = "telemetry", log: LogId = LOG) -> Position:
    return Position(topic, partition, 0, 0, log)


def test_a_partition_that_is_nobodys_is_told_of_until_somebody_reads_it(caplog):
    known = [at(0), at(1), at(2)]
    unread = Gauge("unread", "", registry=CollectorRegistry())
    partitions = UnreadPartitions("telemetry", LOG, lambda _: known, unread)
    partitions.look([0, 1, 2], [0, 1])
    assert unread._value.get() == 0
    for _ in range(3):
        partitions.look([0, 1, 2, 3, 4], [0, 1])
        assert unread._value.get() == 2
    [line] = [record.getMessage() for record in caplog.records]
    assert "no process reads telemetry partitions [3, 4]" in line
    known += [at(3), at(4)]
    partitions.look([0, 1, 2, 3, 4], [0, 1])
    assert unread._value.get() == 0
    partitions.look([0, 1, 2, 3, 4, 5], [0, 1])
    assert len(caplog.records) == 2
    # One that somebody read for a while is told of again.
    known.remove(at(4))
    partitions.look([0, 1, 2, 3, 4, 5], [0, 1])
    assert len(caplog.records) == 3


@pytest.mark.parametrize(
    "other", [at(1, "elsewhere"), at(1, log=LogId("cluster", "before"))]
)
def test_positions_in_other_topics_and_logs_read_nothing_here(other):
    unread = Gauge("unread", "", registry=CollectorRegistry())
    partitions = UnreadPartitions("telemetry", LOG, lambda _: [at(0), other], unread)
    partitions.look([0, 1], [0])
    assert unread._value.get() == 1


def test_who_reads_all_asks_nobody_and_a_database_that_is_away_tells_nothing(caplog):
    def away(_: LogId) -> Iterable[Position]:
        raise DatabaseUnavailable("address", "away")

    unread = Gauge("unread", "", registry=CollectorRegistry())
    partitions = UnreadPartitions("telemetry", LOG, away, unread)
    partitions.look([0, 1], [0, 1])
    partitions.look([0, 1], [0])
    assert unread._value.get() == 0
    assert not caplog.records
