"""Anomalies and dead letters to Kafka, at least once."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from bytewax.outputs import DynamicSink, StatelessSinkPartition
from confluent_kafka import KafkaError, KafkaException
from typing_extensions import override

from connectors.errors import DeliveryFailed
from connectors.kafka.clients import producer
from connectors.kafka.reachability import reachability_of
from connectors.messages.findings import Anomaly
from connectors.messages.polls import DeadLetter
from connectors.messages.wire import encode_anomaly
from connectors.process.flow_process import FlowProcess
from connectors.process.last_words import ends_in_one_line
from connectors.topics import ANOMALIES, Topic

# A dead letter too large for its topic keeps this much of the message.
TRUNCATED_BYTES = 65_536
FLUSH_STEP_S = 1.0
# A broker that is busy is not away.
SLOW_AFTER_S = 5.0
# A transaction waits meanwhile, and the database ends one that is idle for 30 s.
LONGEST_TELLING_S = 20.0
_ADVICE = (
    "The flow stops before it; start it again when Kafka is well "
    "(ORBITWATCH_RETRY_SECONDS says how long it is tried)"
)
_CLOCKS = (
    "The clocks of this machine and of the broker differ by more than the topic "
    "allows (message.timestamp.after.max.ms, by default an hour): set them right and "
    "start the flow again, or give the topic message.timestamp.type=LogAppendTime"
)

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message of ours before it is sent."""

    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = ()


class KafkaSink(DynamicSink[Item]):
    """Writes items to a topic, at least once; one producer a worker.

    A batch is confirmed by the broker before the flow goes on. Raises DeliveryFailed
    when it is not, so that the flow's offsets stay behind what was lost.
    """

    def __init__(
        self, run: FlowProcess, topic: Topic, write: Callable[[Item], Outgoing]
    ) -> None:
        self._run, self._topic, self._write = run, topic, write

    @override
    @ends_in_one_line
    def build(
        self, step_id: str, worker_index: int, worker_count: int
    ) -> _KafkaSinkPartition[Item]:
        timeout_s = _confirmed_within_s(self._run)
        return _KafkaSinkPartition(self._run, self._topic, self._write, timeout_s)


def _confirmed_within_s(run: FlowProcess) -> float:
    """By then the client has given up on a message, and said so."""
    return max(run.settings.retry_seconds, 5) + 5


class _KafkaSinkPartition(StatelessSinkPartition[Item]):
    def __init__(
        self,
        run: FlowProcess,
        topic: Topic,
        write: Callable[[Item], Outgoing],
        timeout_s: float,
    ) -> None:
        self._run, self._topic, self._write = run, topic.name, write
        self._timeout_s = timeout_s
        self._producer = producer(run.settings)
        self._kafka = reachability_of(run.settings.kafka)
        self._failed: list[KafkaError] = []
        self._too_large: list[Outgoing] = []

    @override
    @ends_in_one_line
    def write_batch(self, items: list[Item]) -> None:
        for item in items:
            self._send(self._write(item))
        self._confirm()
        # The broker refuses a whole batch for one message: each gets a second try.
        refused, self._too_large = self._too_large, []
        for out in refused:
            self._send(_truncated(out))
            self._confirm()
        if self._too_large:
            raise self._failure("the topic takes no message that size")

    def _send(self, out: Outgoing) -> None:
        """Hands a message to the client; how it fared comes with `_confirm`."""

        def delivered(error: KafkaError | None, _: object) -> None:
            if error is not None:
                self._refused(error, out)

        message = (self._topic, out.value, out.key)
        headers: dict[str, str | bytes | None] = dict(out.headers)
        try:
            self._producer.produce(*message, headers=headers, on_delivery=delivered)
        except BufferError:  # the queue is full: wait until it is sent
            self._flush()
            self._producer.produce(*message, headers=headers, on_delivery=delivered)
        except KafkaException as error:
            self._refused(error.args[0], out)

    def _refused(self, error: KafkaError, out: Outgoing) -> None:
        if error.code() == KafkaError.MSG_SIZE_TOO_LARGE:
            self._too_large.append(out)
        else:
            self._failed.append(error)

    def _confirm(self) -> None:
        waiting = self._flush()
        if self._failed:
            error = self._failed[0]
            late = error.code() == KafkaError.INVALID_TIMESTAMP
            advice = _CLOCKS if late else _ADVICE
            raise DeliveryFailed(self._topic, error.str(), advice)
        if waiting:
            reason = f" ({self._kafka.problem})" if self._kafka.problem else ""
            raise self._failure(f"{waiting} messages without an answer{reason}")

    def _failure(self, problem: str) -> DeliveryFailed:
        return DeliveryFailed(self._topic, problem, _ADVICE)

    def _flush(self) -> int:
        """Waits for the broker's answers; returns how many are still missing.

        In steps, so that the process is seen to live, and can be told to stop.
        """
        begun_s = time.monotonic()
        while waiting := self._producer.flush(FLUSH_STEP_S):
            self._run.health.turned()
            waited_s = time.monotonic() - begun_s
            if waited_s > SLOW_AFTER_S:
                self._kafka.answers(self._topic, works=False)
            if self._run.should_stop() or waited_s > self._timeout_s:
                break
        if not waiting and not self._failed:
            self._kafka.answers(self._topic, works=True)
        return waiting


def _truncated(out: Outgoing) -> Outgoing:
    """The head of a message that is too large for the topic, marked as such."""
    value = out.value or b""
    if len(value) <= TRUNCATED_BYTES:
        return out
    size = ("truncated-from-bytes", str(len(value)).encode())
    return Outgoing(out.key, value[:TRUNCATED_BYTES], (*out.headers, size))


def anomaly_message(anomaly: Anomaly) -> Outgoing:
    """An anomaly for `telemetry.anomalies`: the key is the parameter."""
    return Outgoing(str(anomaly.name).encode(), encode_anomaly(anomaly))


def tell_anomalies(run: FlowProcess, anomalies: Sequence[Anomaly]) -> None:
    """Tells of anomalies, but for replayed ones, at once; for what happens rarely.

    Raises DeliveryFailed, after some twenty seconds if there is no answer.
    """
    live = [anomaly for anomaly in anomalies if not anomaly.name.is_replayed]
    if live:
        timeout_s = min(_confirmed_within_s(run), LONGEST_TELLING_S)
        sink = _KafkaSinkPartition(run, ANOMALIES, anomaly_message, timeout_s)
        sink.write_batch(live)


def dead_letter_message(letter: DeadLetter) -> Outgoing:
    """A dead letter: the original bytes and key, and in headers why and whence."""
    headers = {
        "reason": letter.reason,
        "detail": letter.detail[:1000],
        "topic": letter.topic,
        "partition": str(letter.partition),
        "offset": str(letter.offset),
    }
    return Outgoing(
        letter.key,
        letter.value,
        (
            *((name, text.encode()) for name, text in headers.items()),
            *letter.headers,
        ),
    )
