"""A topic as Kafka has it: which log it is, its partitions, and what they hold."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from confluent_kafka import (
    IsolationLevel,
    KafkaError,
    KafkaException,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, OffsetSpec

from connectors.errors import KafkaUnavailable, TopicMissing, TopicReplaced
from connectors.kafka.admin import admin_client
from connectors.kafka.clients import ANSWER_S, partitions_of
from connectors.messages.polls import LogId
from connectors.settings import Settings

# A cluster without a controller tells no ids; librdkafka's own has never one.
_CONTROLLER_S = 1.0
# Of partitions that were made a moment ago, or whose broker just went.
_PASSING = (
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
)
_AGAIN_S = 0.1
_OLDEST: OffsetSpec = OffsetSpec.earliest()  # type: ignore[no-untyped-call]
_END: OffsetSpec = OffsetSpec.latest()  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class Held:
    """What Kafka holds of a partition: the log, and its offsets from `oldest` to `end`.

    `end` is the offset after the last message, also of a transaction that is open.
    """

    log: LogId
    oldest: int
    end: int


class TopicLog:
    """One topic, asked about by a client of its own.

    The consumer must know nothing of a partition before it begins with it: only then
    does it ask whether the log was cut (librdkafka 2.16).
    """

    def __init__(self, settings: Settings, topic: str) -> None:
        self._settings, self._topic = settings, topic
        self._admin: AdminClient = admin_client(settings)
        self._asked: Future[Any] | None = None
        self.log = self._ask_at_first()

    def _ask_at_first(self) -> LogId:
        """Waits for the ids; raises KafkaUnavailable or TopicMissing."""
        try:
            cluster_id, has_controller = self._cluster()
            if not has_controller:
                return LogId(cluster_id)
        except KafkaException as error:
            raise self._problem(error) from None
        return LogId(cluster_id, _topic_id(self._description()))

    def _cluster(self) -> tuple[str, bool]:
        """The cluster's id, and whether it has a controller or gets one soon."""
        deadline_s = time.monotonic() + _CONTROLLER_S
        while True:
            cluster = self._admin.list_topics(self._topic, timeout=ANSWER_S)
            has_controller = cluster.controller_id in cluster.brokers
            if has_controller or time.monotonic() > deadline_s:
                return cluster.cluster_id or "", has_controller
            time.sleep(_AGAIN_S)

    def partitions(self) -> list[int]:
        """The partitions that there are; raises KafkaUnavailable or TopicMissing."""
        return partitions_of(self._admin, self._settings, self._topic)

    def held(self, partitions: Iterable[int]) -> Mapping[int, Held]:
        """What Kafka holds of these partitions; waits for leaders being elected.

        Raises KafkaUnavailable.
        """
        asked = [*partitions]
        deadline_s = time.monotonic() + ANSWER_S
        while True:
            try:
                oldest = self._offsets(asked, _OLDEST)
                ends = self._offsets(asked, _END)
            except KafkaException as error:
                passes = error.args[0].code() in _PASSING
                if not passes or time.monotonic() > deadline_s:
                    raise self._problem(error) from None
            else:
                return {p: Held(self.log, oldest[p], ends[p]) for p in asked}
            time.sleep(_AGAIN_S)

    def _offsets(self, partitions: Iterable[int], spec: OffsetSpec) -> dict[int, int]:
        asked = self._admin.list_offsets(
            {TopicPartition(self._topic, partition): spec for partition in partitions},
            isolation_level=IsolationLevel.READ_UNCOMMITTED,
            request_timeout=ANSWER_S,
        )
        return {place.partition: told.result().offset for place, told in asked.items()}

    def check(self) -> None:
        """Raises TopicReplaced if the topic is another log by now.

        Raises KafkaUnavailable or TopicMissing if that cannot be told.
        """
        if self.log.topic_id:
            _compare(self._topic, self.log, self._description())

    def check_soon(self) -> None:
        """The same without waiting: an answer is looked at when this is called next.

        Whether Kafka answers at all is for others to tell.
        """
        asked = self._asked
        if not self.log.topic_id or (asked is not None and not asked.done()):
            return
        self._asked = self._describe()
        if asked is not None:
            with suppress(KafkaException):
                _compare(self._topic, self.log, asked.result())

    def _description(self) -> Any:
        """The answer to `_describe`, which is waited for."""
        try:
            return self._describe().result(ANSWER_S)
        except KafkaException as error:
            raise self._problem(error) from None
        except TimeoutError:
            raise KafkaUnavailable(self._settings.kafka, "no answer") from None

    def _describe(self) -> Future[Any]:
        asked = self._admin.describe_topics(
            TopicCollection([self._topic]), request_timeout=ANSWER_S
        )
        return asked[self._topic]

    def _problem(self, error: KafkaException) -> KafkaUnavailable | TopicMissing:
        problem: KafkaError = error.args[0]
        if problem.code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
            return TopicMissing(self._topic)
        return KafkaUnavailable(self._settings.kafka, problem.str())


def check_logs(settings: Settings, logs: Mapping[str, LogId]) -> None:
    """Raises TopicReplaced if a topic is another log than this by now.

    Where Kafka tells nothing, nothing is raised.
    """
    named = {topic: log for topic, log in logs.items() if log.topic_id}
    if not named:
        return
    admin = admin_client(settings)  # which has to outlive its answers
    asked = admin.describe_topics(TopicCollection([*named]), request_timeout=ANSWER_S)
    for topic, log in named.items():
        with suppress(KafkaException):
            _compare(topic, log, asked[topic].result())


def _compare(topic: str, log: LogId, description: Any) -> None:
    if _topic_id(description) not in ("", log.topic_id):
        raise TopicReplaced(topic)


def _topic_id(description: Any) -> str:
    """Empty where the broker has none: then all its bits are zero."""
    told = description.topic_id
    if not (told.get_most_significant_bits() or told.get_least_significant_bits()):
        return ""
    return str(told)
