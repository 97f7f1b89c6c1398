"""Our share of a topic, read by one consumer whose offsets are ours to keep."""

from __future__ import annotations

import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import ClassVar, Generic, TypeVar

import numpy as np
from bytewax.inputs import StatefulSourcePartition
from confluent_kafka import (
    OFFSET_BEGINNING,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)
from numpy.typing import NDArray
from typing_extensions import override

from connectors.errors import KafkaUnavailable, TopicMissing
from connectors.kafka.beginnings import Beginnings
from connectors.kafka.clients import close, consumer, note_event, share
from connectors.kafka.fields import place_and_epoch, reach, times_us_of
from connectors.kafka.open_transactions import OpenTransactions
from connectors.kafka.partition_progress import Offsets, Progress, Reached, of_topic
from connectors.kafka.pause import Pause
from connectors.kafka.reachability import reachability_of
from connectors.kafka.topic_log import TopicLog
from connectors.kafka.unread_partitions import StoredIn, UnreadPartitions
from connectors.messages.polls import UNTOLD_EPOCH, Position
from connectors.process.flow_process import FlowProcess
from connectors.process.last_words import ends_in_one_line

FIRST_MESSAGES, MOST_MESSAGES = 100, 10_000
# Bulk messages hold thousands of samples each; all of a poll are in memory at once.
POLL_SAMPLES = 50_000
FEW_SAMPLES = 1_000
LOOK_AROUND_S = 5.0
NEW_PARTITIONS_S = 60.0
BROKER_ANSWERS_S = 1.0
LONG_PAST = datetime(1970, 1, 1, tzinfo=UTC)
# KafkaError has no public name for it: no valid offset, and none may be guessed.
NO_OFFSET = -140

_log = logging.getLogger("orbitwatch.kafka")

Item = TypeVar("Item")
Positions = tuple[Position, ...]


@dataclass(frozen=True, slots=True)
class Messages:
    """The messages of a poll, in order by partition, and how far they go.

    `times_us` are Kafka's timestamps (microseconds since 1970 UTC, shape n). There may
    be none. What is `learnt` was judged before, and is read again to be stored.
    """

    messages: Sequence[Message]
    times_us: NDArray[np.int64]
    positions: Positions
    learnt: bool = False


@dataclass(frozen=True, slots=True)
class Taken(Generic[Item]):
    """What was made of a poll, and how many samples its messages held."""

    items: list[Item]
    samples: int


class TopicPartitions(StatefulSourcePartition[Item, Offsets], ABC):
    """One consumer of our share of a topic; a subclass makes items of its messages."""

    IDLE_PAUSE_S: ClassVar = 0.002
    # A poll, its transaction and its way through the flow take over a millisecond of
    # processor time by themselves: after a small one, the next may gather some more.
    GATHER_PAUSE_S: ClassVar = 0.005
    # What an operator may do where Kafka does not tell what it lost.
    IF_CUT: ClassVar = (
        "to have all that it holds read again, delete the topic's rows from the table "
        "stream_position and start with an empty recovery folder (-r): nothing is "
        "stored twice"
    )

    @ends_in_one_line
    def __init__(
        self,
        run: FlowProcess,
        topic: str,
        learnt: Iterable[Position],
        stored: StoredIn,
    ) -> None:
        """Goes on from how far this flow has learnt, and how far is stored."""
        self._run, self._settings, self._topic = run, run.settings, topic
        self._log = TopicLog(self._settings, topic)
        self._known = of_topic(learnt, topic, self._log.log)
        self._progress = Progress(topic, self._log.log, self._known)
        self._beginnings = Beginnings(
            *(self._settings, topic, self._log, self._progress, self._known),
            of_topic(stored(self._log.log), topic, self._log.log),
            self.IF_CUT,
        )
        self._at_once = min(FIRST_MESSAGES, MOST_MESSAGES)
        self._consumer = consumer(self._settings)
        self._assigned: list[int] = []
        self._begun: set[int] = set()
        self._transactions = OpenTransactions(topic)
        self._unread = UnreadPartitions(
            *(topic, self._log.log, stored),
            run.metrics.telemetry.partitions_unread.labels(topic),
        )
        self._assign_new()
        self._next_look_s = self._next_partitions_s = 0.0
        self._pause = Pause()
        run.health.reading(topic, works=True)

    def _assign_new(self) -> None:
        """Starts on partitions not read yet: at first all, later those added."""
        existing = self._log.partitions()
        ours = share(self._settings, existing, self._topic)
        if self._assigned:  # else others may be only about to begin
            self._unread.look(existing, ours)
        new = [p for p in ours if p not in self._assigned]
        if not new:
            return
        starts = self._beginnings.begin(new)
        self._begun.update(new)
        self._consumer.incremental_assign(starts)
        self._assigned.extend(new)
        offsets = {
            start.partition: start.offset
            if start.partition in self._known
            else OFFSET_BEGINNING
            for start in starts
        }
        self._run.start_up.reads(self._topic, offsets)

    def _start_over(self, partition: int) -> None:
        """Goes on after Kafka has said that it lacks what was to be read next."""
        again = self._beginnings.start_over(partition)
        self._begun.add(partition)
        self._consumer.incremental_unassign([again])
        self._consumer.incremental_assign([again])

    @abstractmethod
    def _take(self, polled: Messages) -> Taken[Item]:
        """Makes items of a poll, which counts as read from then on."""

    def _idle(self) -> list[Item]:
        """Makes items of nothing."""
        return []

    @override
    @ends_in_one_line
    def next_batch(self) -> list[Item]:
        if self._run.should_stop():
            _log.info("told to stop: taking a last snapshot")
            raise StopIteration
        self._run.health.turned()
        self._run.listening.turned()
        if self._pause.goes_on():
            return []
        return [*self._look_around(), *self._poll()]

    def _poll(self) -> list[Item]:
        polled = self._consumer.consume(self._at_once, 0)
        messages = [message for message in polled if self._is_data(message)]
        if not messages:
            self._pause.begin(self.IDLE_PAUSE_S)
            return self._idle()
        self._run.listening.answered()
        if not self._progress.rereads:
            return self._take_in(messages, learnt=False)
        # A poll is learnt as a whole or not at all: they are taken one after the other.
        known = [self._progress.was_learnt(*place_and_epoch(m)) for m in messages]
        learnt = [m for m, is_known in zip(messages, known, strict=True) if is_known]
        new = [m for m, is_known in zip(messages, known, strict=True) if not is_known]
        items = self._take_in(learnt, learnt=True) if learnt else []
        return [*items, *(self._take_in(new, learnt=False) if new else [])]

    def _take_in(self, messages: list[Message], learnt: bool) -> list[Item]:
        times_us = times_us_of(messages)
        positions = self._progress.advance(reach(messages, times_us))
        taken = self._take(Messages(messages, times_us, positions, learnt))
        self._plan_next_poll(len(messages), taken.samples)
        return taken.items

    @override
    def next_awake(self) -> datetime:
        """At once, whatever the wall clock says: `Pause` is what waits."""
        return LONG_PAST

    @override
    def snapshot(self) -> Offsets:
        return self._progress.snapshot()

    @override
    def close(self) -> None:
        close(self._consumer)

    def _is_data(self, message: Message) -> bool:
        """Whether it is a message and not an event; raises for final events."""
        error = message.error()
        if error is None:
            return True
        partition = message.partition()
        if error.code() == NO_OFFSET and partition is not None:
            self._start_over(partition)
            return False
        if error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
            raise TopicMissing(self._topic)
        if error.fatal() or error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED:
            raise KafkaUnavailable(self._settings.kafka, error.str())
        note_event(reachability_of(self._settings.kafka), error)
        return False

    def _plan_next_poll(self, messages: int, samples: int) -> None:
        """As many messages at once as are likely to hold POLL_SAMPLES samples."""
        likely = POLL_SAMPLES * messages // max(samples, 1)
        self._at_once = min(max(likely, 1), 2 * self._at_once, MOST_MESSAGES)
        if samples < FEW_SAMPLES:
            self._pause.begin(self.GATHER_PAUSE_S)

    def _look_around(self) -> list[Item]:
        """Now and then: what has changed, and how far behind are we?"""
        now_s = time.monotonic()
        if now_s < self._next_look_s:
            return []
        self._next_look_s = now_s + LOOK_AROUND_S
        works = self._broker_answers()
        self._run.health.reading(self._topic, works=works)
        reachability_of(self._settings.kafka).answers(self._topic, works)
        listening = self._run.listening
        listening.answered() if works else listening.unanswered()
        self._log.check_soon()
        if now_s >= self._next_partitions_s:
            if self._next_partitions_s:
                self._assign_added()
                self._note_open_transactions()
            self._next_partitions_s = now_s + NEW_PARTITIONS_S
        items = self._pass_over()
        self._note_lag()
        return items

    def _pass_over(self) -> list[Item]:
        """Moves on past what is no message: the marks and remains of transactions.

        What was just begun is told too, so that everybody knows of it.
        """
        passed: dict[int, Reached] = {}
        for at in self._consumer.position(self._places()):
            known = self._progress.position(at.partition)
            epoch = UNTOLD_EPOCH if at.leader_epoch is None else at.leader_epoch
            if at.offset > known.next_offset:
                passed[at.partition] = at.offset, epoch, 0
            elif at.partition in self._begun:
                passed[at.partition] = known.next_offset, known.leader_epoch, 0
        self._begun.clear()
        if not passed:
            return []
        positions = self._progress.advance(passed)
        return self._take(Messages((), np.empty(0, np.int64), positions)).items

    def _places(self) -> list[TopicPartition]:
        return [TopicPartition(self._topic, partition) for partition in self._assigned]

    def _broker_answers(self) -> bool:
        """Whether it does; librdkafka itself waits for a broker in silence."""
        if not self._assigned:
            return True
        place = TopicPartition(self._topic, self._assigned[0])
        try:
            self._consumer.get_watermark_offsets(place, timeout=BROKER_ANSWERS_S)
        except KafkaException:
            return False
        return True

    def _assign_added(self) -> None:
        try:
            self._assign_new()
        except KafkaUnavailable as error:
            _log.warning("cannot look for new partitions: %s", error)

    def _note_lag(self) -> None:
        """Tells how much of each partition is not read yet."""
        for place, next_offset, end in self._ends():
            self._run.metrics.telemetry.offset_lag.labels(
                self._topic, str(place.partition)
            ).set(max(end - next_offset, 0))

    def _note_open_transactions(self) -> None:
        for place, next_offset, end in self._ends():
            stable_end = partial(self._stable_end, place)
            self._transactions.look(place.partition, next_offset, end, stable_end)

    def _stable_end(self, place: TopicPartition) -> int:
        """Up to where no transaction is open; -1 if the broker does not tell."""
        try:
            return self._consumer.get_watermark_offsets(place, BROKER_ANSWERS_S)[1]
        except KafkaException:
            return -1

    def _ends(self) -> Iterator[tuple[TopicPartition, int, int]]:
        """Each partition with what is read of it next, and its end of a while ago."""
        for place in self._places():
            try:
                oldest, end = self._consumer.get_watermark_offsets(place, cached=True)
            except KafkaException:
                continue
            if oldest >= 0 and end >= 0:  # else not known before the first fetch
                yield place, self._progress.position(place.partition).next_offset, end
