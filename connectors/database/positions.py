"""How far the stream is stored: the table `stream_position`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

from psycopg.rows import class_row

from connectors.database.asking import ask
from connectors.database.connection import Connection
from connectors.messages.polls import LogId, Poll, Position
from connectors.messages.times import microseconds, moment

Key: TypeAlias = tuple[str, str, int]
"""The cluster's id, the topic and the partition."""

# Kafka timestamps are whatever producers say. What a datetime cannot hold is cut off.
_EARLIEST_US = microseconds(datetime.min.replace(tzinfo=UTC))
_LATEST_US = microseconds(datetime.max.replace(tzinfo=UTC))

_READ = """
    SELECT cluster_id, topic_id, topic, partition, next_offset, leader_epoch,
        newest_message_time
    FROM stream_position
    WHERE flow = %(flow)s
    ORDER BY cluster_id, topic, partition
"""
# After a restart polls are cut in other places, and one may end below what is stored in
# some partition: that position stays. In another topic of that name it counts anew, and
# a higher epoch has other messages at lower offsets.
_STORE = """
    INSERT INTO stream_position AS stored
        (flow, cluster_id, topic_id, topic, partition, next_offset, leader_epoch,
            newest_message_time)
    SELECT %(flow)s, settled.*
    FROM unnest(
        %(clusters)s::text[], %(topic_ids)s::text[], %(topics)s::text[],
        %(partitions)s::int[], %(offsets)s::bigint[], %(epochs)s::int[],
        %(times)s::timestamptz[]
    ) AS settled
    ON CONFLICT (flow, cluster_id, topic, partition) DO UPDATE
    SET topic_id = coalesce(nullif(excluded.topic_id, ''), stored.topic_id),
        next_offset = excluded.next_offset,
        leader_epoch = excluded.leader_epoch,
        newest_message_time = CASE
            WHEN excluded.topic_id NOT IN ('', stored.topic_id)
                THEN excluded.newest_message_time
            ELSE greatest(stored.newest_message_time, excluded.newest_message_time)
        END
    WHERE excluded.topic_id NOT IN ('', stored.topic_id)
        OR excluded.next_offset > stored.next_offset
        OR excluded.leader_epoch > stored.leader_epoch
"""
_ADOPT = """
    UPDATE stream_position AS nameless
    SET cluster_id = %(cluster_id)s, topic_id = %(topic_id)s
    WHERE flow = %(flow)s AND topic = %(topic)s AND cluster_id = ''
        AND NOT EXISTS (
            SELECT FROM stream_position AS named
            WHERE (named.flow, named.topic, named.partition)
                    = (nameless.flow, nameless.topic, nameless.partition)
                AND named.cluster_id = %(cluster_id)s
        )
"""


@dataclass(frozen=True, slots=True)
class _Row:
    cluster_id: str
    topic_id: str
    topic: str
    partition: int
    next_offset: int
    leader_epoch: int
    newest_message_time: datetime | None


class Positions:
    """The positions of a flow, as they stood when the connection was opened."""

    def __init__(self, connection: Connection, flow: str) -> None:
        self._connection, self._flow = connection, flow
        self.at_open: Mapping[Key, Position] = {
            _key(position): position for position in read_positions(connection, flow)
        }
        connection.commit()

    def had_stored(self, poll: Poll) -> bool:
        """Whether all messages of the poll were stored when the connection was opened.

        One that says of no position has stored nothing.
        """
        return bool(poll.positions) and all(map(self._covers, poll.positions))

    def had_not_stored(self, poll: Poll) -> bool:
        """Whether the poll goes beyond what was stored then in each partition.

        If so, what is in the database of its parameters is no newer than the poll.
        """
        return not any(map(self._covers, poll.positions))

    def _covers(self, position: Position) -> bool:
        stored = self.at_open.get(_key(position))
        return stored is not None and stored.covers(position)

    def store(self, latest: Mapping[Key, Position]) -> Sequence[Position]:
        """Moves the positions on to `latest`, in the open transaction.

        Returns those that somebody else has moved beyond.
        """
        if not latest:
            return ()
        positions = latest.values()
        columns = {
            "flow": self._flow,
            "clusters": [position.log.cluster_id for position in positions],
            "topic_ids": [position.log.topic_id for position in positions],
            "topics": [position.topic for position in positions],
            "partitions": [position.partition for position in positions],
            "offsets": [position.next_offset for position in positions],
            "epochs": [position.leader_epoch for position in positions],
            "times": [_storable(position.newest_message_us) for position in positions],
        }
        moved = self._connection.execute(_STORE, columns).rowcount
        # After a restart some are behind what was stored before.
        return () if moved == len(latest) else self._overtaken(latest)

    def _overtaken(self, latest: Mapping[Key, Position]) -> list[Position]:
        now = {_key(at): at for at in read_positions(self._connection, self._flow)}
        return [
            now[key]
            for key, ours in latest.items()
            if not ours.covers(now[key])
            and not (key in self.at_open and self.at_open[key].covers(now[key]))
        ]


def latest_positions(polls: Iterable[Poll]) -> dict[Key, Position]:
    """Where these polls end, which are in order."""
    return {_key(position): position for poll in polls for position in poll.positions}


def read_positions(connection: Connection, flow: str) -> list[Position]:
    """How far each partition is stored by this flow, of whatever cluster."""
    with connection.cursor(row_factory=class_row(_Row)) as cursor:
        rows = cursor.execute(_READ, {"flow": flow}).fetchall()
    return [
        Position(
            row.topic,
            row.partition,
            row.next_offset,
            microseconds(row.newest_message_time) if row.newest_message_time else 0,
            LogId(row.cluster_id, row.topic_id),
            row.leader_epoch,
        )
        for row in rows
    ]


def stored_positions(
    database: str, flow: str, topic: str, log: LogId
) -> list[Position]:
    """How far a flow has stored; rows that name no cluster are of this log from now on.

    Raises DatabaseUnavailable.
    """
    named = {"cluster_id": log.cluster_id, "topic_id": log.topic_id}

    def adopt_and_read(connection: Connection) -> list[Position]:
        with connection.transaction():
            connection.execute(_ADOPT, {"flow": flow, "topic": topic, **named})
            return read_positions(connection, flow)

    return ask(database, flow, adopt_and_read)


def _key(position: Position) -> Key:
    return position.log.cluster_id, position.topic, position.partition


def _storable(time_us: int) -> datetime | None:
    """A Kafka timestamp; None for that of no message."""
    return moment(min(max(time_us, _EARLIEST_US), _LATEST_US)) if time_us else None
