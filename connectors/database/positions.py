"""How far the stream is stored: the table `stream_position`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from psycopg.rows import class_row

from connectors.database.connection import Connection
from connectors.messages.polls import Poll, Position
from connectors.messages.times import microseconds, moment

# Kafka timestamps are whatever producers say. What a datetime cannot hold is cut off,
# here as in the comparison with what is stored.
_EARLIEST_US = microseconds(datetime.min.replace(tzinfo=UTC))
_LATEST_US = microseconds(datetime.max.replace(tzinfo=UTC))

_READ = """
    SELECT topic, partition, next_offset, newest_message_time
    FROM stream_position
    WHERE flow = %(flow)s
    ORDER BY topic, partition
"""
# After a restart polls are cut in other places, and one may end below what is stored in
# some partition: that position stays. One below whose messages are newer belongs to a
# topic that was deleted and created again.
_STORE = """
    INSERT INTO stream_position AS stored
        (flow, topic, partition, next_offset, newest_message_time)
    SELECT %(flow)s, settled.*
    FROM unnest(
        %(topics)s::text[], %(partitions)s::int[], %(offsets)s::bigint[],
        %(times)s::timestamptz[]
    ) AS settled
    ON CONFLICT (flow, topic, partition) DO UPDATE
    SET next_offset = excluded.next_offset,
        newest_message_time
            = greatest(stored.newest_message_time, excluded.newest_message_time)
    WHERE excluded.next_offset > stored.next_offset
        OR excluded.newest_message_time > stored.newest_message_time
"""


@dataclass(frozen=True, slots=True)
class _Row:
    topic: str
    partition: int
    next_offset: int
    newest_message_time: datetime


class Positions:
    """The positions of a flow, as they stood when the connection was opened."""

    def __init__(self, connection: Connection, flow: str) -> None:
        self._connection, self._flow = connection, flow
        self._at_open = {
            (position.topic, position.partition): position
            for position in read_positions(connection, flow)
        }
        connection.commit()

    def had_stored(self, poll: Poll) -> bool:
        """Whether all messages of the poll were stored when the connection was opened.

        Messages newer than all that was stored are not, whatever their offsets say: the
        topic was deleted and created again.
        """
        return bool(poll.positions) and all(map(self._covers, poll.positions))

    def had_not_stored(self, poll: Poll) -> bool:
        """Whether the poll goes beyond what was stored then in each partition.

        If so, what is in the database of its parameters is no newer than the poll.
        """
        return not any(map(self._covers, poll.positions))

    def _covers(self, position: Position) -> bool:
        stored = self._at_open.get((position.topic, position.partition))
        return (
            stored is not None
            and position.next_offset <= stored.next_offset
            and _storable_us(position.newest_message_us) <= stored.newest_message_us
        )

    def store(self, polls: Iterable[Poll]) -> None:
        """Moves the positions on to where these polls end, in the open transaction."""
        latest = {
            (position.topic, position.partition): position
            for poll in polls
            for position in poll.positions
        }
        if not latest:
            return
        positions = latest.values()
        columns = {
            "flow": self._flow,
            "topics": [position.topic for position in positions],
            "partitions": [position.partition for position in positions],
            "offsets": [position.next_offset for position in positions],
            "times": [
                moment(_storable_us(position.newest_message_us))
                for position in positions
            ],
        }
        self._connection.execute(_STORE, columns)


def read_positions(connection: Connection, flow: str) -> list[Position]:
    """How far each partition is stored by this flow."""
    with connection.cursor(row_factory=class_row(_Row)) as cursor:
        rows = cursor.execute(_READ, {"flow": flow}).fetchall()
    return [
        Position(
            row.topic,
            row.partition,
            row.next_offset,
            microseconds(row.newest_message_time),
        )
        for row in rows
    ]


def _storable_us(time_us: int) -> int:
    return min(max(time_us, _EARLIEST_US), _LATEST_US)
