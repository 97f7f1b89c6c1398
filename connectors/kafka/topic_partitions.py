"""Our share of a topic, read by one consumer whose offsets are ours to keep."""

from __future__ import annotations

import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, Generic, TypeVar

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

from connectors.errors import (
    KafkaUnavailable,
    OffsetLost,
    StateUnreadable,
    TopicMissing,
)
from connectors.kafka.clients import (
    ANSWER_S,
    consumer,
    note_event,
    partitions_of,
    share,
)
from connectors.kafka.fields import reach, times_us_of
from connectors.kafka.pause import Pause
from connectors.kafka.reachability import reachability_of
from connectors.messages.polls import Position
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
Offsets = dict[str, Any]
"""A snapshot: its version, topic, and {partition: (next offset, newest us)}."""
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Messages:
    """The messages of a poll, in order by partition, and how far they go.

    `times_us` are Kafka's timestamps (microseconds since 1970 UTC, shape n).
    """

    messages: Sequence[Message]
    times_us: NDArray[np.int64]
    positions: Positions


@dataclass(frozen=True, slots=True)
class Taken(Generic[Item]):
    """What was made of a poll, and how many samples its messages held."""

    items: list[Item]
    samples: int


@dataclass(slots=True)
class _Progress:
    """How far one partition has been read; the newest Kafka timestamp so far."""

    next_offset: int
    newest_us: int = 0


def _progress(resume: Offsets, topic: str) -> dict[int, _Progress]:
    """How far each partition was read; raises StateUnreadable if that is not told."""
    version, of = resume.get("version"), resume.get("topic")
    if version != _VERSION:
        problem = f"offsets of version {version}, this release reads {_VERSION}"
        raise StateUnreadable(topic, problem)
    if of != topic:
        raise StateUnreadable(topic, f"offsets of {of}, which another flow reads")
    return {p: _Progress(*at) for p, at in resume["positions"].items()}


class TopicPartitions(StatefulSourcePartition[Item, Offsets], ABC):
    """One consumer of our share of a topic; a subclass makes items of its messages."""

    IDLE_PAUSE_S: ClassVar = 0.002
    # A poll, its transaction and its way through the flow take over a millisecond of
    # processor time by themselves: after a small one, the next may gather some more.
    GATHER_PAUSE_S: ClassVar = 0.005

    @ends_in_one_line
    def __init__(self, run: FlowProcess, topic: str, resume: Offsets | None) -> None:
        self._run, self._settings, self._topic = run, run.settings, topic
        self._progress = _progress(resume, topic) if resume else {}
        self._at_once = min(FIRST_MESSAGES, MOST_MESSAGES)
        self._consumer = consumer(self._settings)
        self._assigned: list[int] = []
        self._assign_new()
        self._next_look_s = self._next_partitions_s = 0.0
        self._pause = Pause()
        run.health.reading(topic, works=True)

    def _assign_new(self) -> None:
        """Starts on partitions not read yet: at first all, later those added."""
        existing = partitions_of(self._consumer, self._settings, self._topic)
        ours = share(self._settings, existing, self._topic)
        new = [p for p in ours if p not in self._assigned]
        if not new:
            return
        starts = [
            TopicPartition(self._topic, partition, self._start(partition))
            for partition in new
        ]
        self._consumer.incremental_assign(starts)
        self._assigned.extend(new)
        offsets = {start.partition: start.offset for start in starts}
        self._run.start_up.reads(self._topic, offsets)

    def _start(self, partition: int) -> int:
        """Where to go on; the beginning if the partition was never read.

        Raises OffsetLost when Kafka does not have that offset any more.
        """
        progress = self._progress.get(partition)
        if progress is None:
            return OFFSET_BEGINNING
        oldest, end = self._watermarks(partition)
        if oldest <= progress.next_offset <= end:
            return progress.next_offset
        if self._settings.lost_offset == "stop":
            raise OffsetLost(
                self._topic, partition, progress.next_offset, (oldest, end)
            )
        _log.warning(
            "%s[%d] goes on from %d instead of %d: what lay between is lost",
            self._topic,
            partition,
            oldest,
            progress.next_offset,
        )
        # Newer than all that was stored, so that the sink takes nothing for a replay.
        newest_us = max(progress.newest_us, int(time.time() * 1e6)) + 1
        self._progress[partition] = _Progress(oldest, newest_us)
        return oldest

    def _watermarks(self, partition: int) -> tuple[int, int]:
        try:
            oldest, end = self._consumer.get_watermark_offsets(
                TopicPartition(self._topic, partition), timeout=ANSWER_S
            )
        except KafkaException as error:
            raise KafkaUnavailable(self._settings.kafka, error.args[0].str()) from None
        return oldest, end

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
        self._look_around()
        polled = self._consumer.consume(self._at_once, 0)
        messages = [message for message in polled if self._is_data(message)]
        if not messages:
            self._pause.begin(self.IDLE_PAUSE_S)
            return self._idle()
        self._run.listening.answered()
        times_us = times_us_of(messages)
        positions = self._advance(reach(messages, times_us))
        taken = self._take(Messages(messages, times_us, positions))
        self._plan_next_poll(len(messages), taken.samples)
        return taken.items

    @override
    def next_awake(self) -> datetime:
        """At once, whatever the wall clock says: `Pause` is what waits."""
        return LONG_PAST

    @override
    def snapshot(self) -> Offsets:
        return {
            "version": _VERSION,
            "topic": self._topic,
            "positions": {
                partition: (progress.next_offset, progress.newest_us)
                for partition, progress in self._progress.items()
            },
        }

    @override
    def close(self) -> None:
        self._consumer.close()

    def _is_data(self, message: Message) -> bool:
        """Whether it is a message and not an event; raises for final events."""
        error = message.error()
        if error is None:
            return True
        partition = message.partition()
        if error.code() == NO_OFFSET and partition is not None:
            at = self._progress.get(partition, _Progress(0))
            held = self._watermarks(partition)
            raise OffsetLost(self._topic, partition, at.next_offset, held)
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

    def _advance(self, reached: dict[int, tuple[int, int]]) -> Positions:
        """Notes how far a poll goes, by partition; returns that."""
        positions = []
        for partition, (next_offset, newest_us) in sorted(reached.items()):
            at = self._progress.setdefault(partition, _Progress(0))
            at.next_offset, at.newest_us = next_offset, max(at.newest_us, newest_us)
            position = Position(self._topic, partition, next_offset, at.newest_us)
            positions.append(position)
        return tuple(positions)

    def _look_around(self) -> None:
        """Now and then: how far behind are we, and were partitions added?"""
        now_s = time.monotonic()
        if now_s < self._next_look_s:
            return
        self._next_look_s = now_s + LOOK_AROUND_S
        works = self._broker_answers()
        self._run.health.reading(self._topic, works=works)
        reachability_of(self._settings.kafka).answers(self._topic, works)
        listening = self._run.listening
        listening.answered() if works else listening.unanswered()
        self._note_ends()
        if now_s >= self._next_partitions_s:
            if self._next_partitions_s:
                self._assign_added()
            self._next_partitions_s = now_s + NEW_PARTITIONS_S

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

    def _note_ends(self) -> None:
        """Notes where partitions begin, and tells how much of them is not read."""
        for partition in self._assigned:
            try:
                oldest, end = self._consumer.get_watermark_offsets(
                    TopicPartition(self._topic, partition), cached=True
                )
            except KafkaException:
                continue
            if oldest < 0 or end < 0:  # not known before the first fetch
                continue
            # Also of what was never read, as it was empty: what comes while nobody
            # reads may be dropped before anybody does.
            at = self._progress.setdefault(partition, _Progress(oldest))
            lag = max(end - at.next_offset, 0)
            self._run.metrics.telemetry.offset_lag.labels(
                self._topic, str(partition)
            ).set(lag)
