"""How partitions are begun with: from where, and what an operator hears of it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping

from confluent_kafka import TopicPartition

from connectors.errors import LogCut, OffsetLost
from connectors.kafka.clients import time_us_at
from connectors.kafka.going_on import Start, Why, where_to_go_on, where_to_start_over
from connectors.kafka.partition_progress import Progress
from connectors.kafka.topic_log import Held, TopicLog
from connectors.messages.polls import UNTOLD_EPOCH, Position
from connectors.settings import Settings

_log = logging.getLogger("orbitwatch.kafka")


class Beginnings:
    """Begins with partitions of a topic, which `progress` then has as begun.

    `learnt` and `stored` are how far each was before; `if_cut` is what an operator may
    do where Kafka lost messages and does not tell which.
    """

    def __init__(
        self,
        settings: Settings,
        topic: str,
        log: TopicLog,
        progress: Progress,
        learnt: Mapping[int, Position],
        stored: Mapping[int, Position],
        if_cut: str,
    ) -> None:
        self._settings, self._topic, self._log = settings, topic, log
        self._progress, self._learnt, self._stored = progress, learnt, stored
        self._if_cut = if_cut

    def begin(self, partitions: Iterable[int]) -> list[TopicPartition]:
        """Where a consumer is to go on with each of these partitions.

        Raises OffsetLost where Kafka dropped what nobody had stored, and LogCut where
        it lost some and does not tell which.
        """
        return [
            self._begin(partition, held, self._start(partition, held))
            for partition, held in self._log.held(partitions).items()
        ]

    def start_over(self, partition: int) -> TopicPartition:
        """Where to go on when Kafka does not have what was to be read next.

        Raises what `begin` does, and TopicReplaced if the topic is another by now.
        """
        self._log.check()
        held = self._log.held([partition])[partition]
        read = self._progress.position(partition)
        learnt = self._progress.learnt(partition)
        return self._begin(partition, held, where_to_start_over(held, read, learnt))

    def _start(self, partition: int, held: Held) -> Start:
        learnt, stored = self._learnt.get(partition), self._stored.get(partition)
        return where_to_go_on(held, learnt, stored)

    def _begin(self, partition: int, held: Held, start: Start) -> TopicPartition:
        if start.lost_from is not None:
            self._accept_loss(partition, held, start.lost_from)
        if start.why is Why.CUT_UNTOLD:
            raise LogCut(self._topic, partition, held.end, self._if_cut)
        if start.why:
            place = f"{self._topic}[{partition}] from {start.offset} on"
            _log.warning("%s: %s", place, start.why.value)
        self._progress.begin(partition, start.offset, start.learnt)
        epoch = start.leader_epoch
        if epoch == UNTOLD_EPOCH or not held.log.topic_id:
            return TopicPartition(self._topic, partition, start.offset)
        # So that the broker says if it has other messages up to there by now.
        return TopicPartition(self._topic, partition, start.offset, "", epoch)

    def _accept_loss(self, partition: int, held: Held, lost_from: int) -> None:
        """Raises OffsetLost, unless the settings say to go on without."""
        if self._settings.lost_offset == "stop":
            until_us = time_us_at(self._settings, self._topic, partition, held.oldest)
            raise OffsetLost(
                *(self._topic, partition, lost_from),
                (held.oldest, held.end),
                (self._since_us(partition), until_us),
            )
        _log.warning(
            "%s[%d] goes on from %d instead of %d: what lay between is lost",
            *(self._topic, partition, held.oldest, lost_from),
        )

    def _since_us(self, partition: int) -> int:
        """The time of the last message that was stored; 0 if that is not known."""
        at = self._stored.get(partition) or self._learnt.get(partition)
        return at.newest_message_us if at else 0
