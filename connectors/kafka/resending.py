"""Sending what was refused to the topic that it came from again."""

from __future__ import annotations

import hashlib
import time

from confluent_kafka import KafkaError, KafkaException

from connectors.errors import DeliveryFailed
from connectors.kafka.clients import close, consumer, partitions_of, producer
from connectors.kafka.dead_letter_topic import Letter
from connectors.kafka.fields import KEPT_HEADERS, RESENT
from connectors.settings import Settings

_ADVICE = "What was sent before it stays sent; run it again when Kafka is well"
_STEP_S = 1.0


class Resender:
    """Sends each message once, however often it was refused.

    It goes to the partition that it came from, if that is there, with a header that
    says how often it was sent again. `finish` has to be called. All methods raise
    DeliveryFailed when Kafka does not take a message.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._producer = producer(settings)
        self._partitions: dict[str, list[int]] = {}
        self._sent: set[bytes] = set()
        self._failed: list[tuple[str, KafkaError]] = []

    def send(self, letter: Letter) -> bool:
        """Whether it is sent, and not a repeat; raises TopicMissing too."""
        topic = letter.told("topic")
        message = _digest(topic, letter)
        if message in self._sent:
            return False
        self._sent.add(message)
        try:
            self._produce(topic, letter)
        except BufferError:  # the queue is full: wait until it is sent
            self.finish()
            self._produce(topic, letter)
        except KafkaException as error:
            raise DeliveryFailed(topic, error.args[0].str(), _ADVICE) from None
        return True

    def finish(self) -> None:
        """Returns when Kafka has confirmed all that was sent."""
        timeout_s = max(self._settings.retry_seconds, 5) + 5
        deadline_s = time.monotonic() + timeout_s
        while waiting := self._producer.flush(_STEP_S):
            if time.monotonic() > deadline_s:
                problem = f"{waiting} messages without an answer"
                raise DeliveryFailed(", ".join(self._partitions), problem, _ADVICE)
        if self._failed:
            topic, error = self._failed[0]
            raise DeliveryFailed(topic, error.str(), _ADVICE)

    def _produce(self, topic: str, letter: Letter) -> None:
        def delivered(error: KafkaError | None, _: object) -> None:
            if error is not None:
                self._failed.append((topic, error))

        headers: dict[str, str | bytes | None] = {
            name: value
            for name, value in letter.headers.items()
            if name in KEPT_HEADERS
        }
        headers[RESENT] = str(letter.resent + 1).encode()
        message = (topic, letter.value, letter.key)
        origin = letter.origin_partition
        if origin in self._partitions_of(topic):
            self._producer.produce(
                *message, origin, headers=headers, on_delivery=delivered
            )
        else:
            self._producer.produce(*message, headers=headers, on_delivery=delivered)

    def _partitions_of(self, topic: str) -> list[int]:
        if topic not in self._partitions:
            client = consumer(self._settings)
            try:
                found = partitions_of(client, self._settings, topic)
            finally:
                close(client)
            self._partitions[topic] = found
        return self._partitions[topic]


def _digest(topic: str, letter: Letter) -> bytes:
    """What a message is known by: messages may be large, and many."""
    parts = (topic.encode(), letter.key or b"", letter.value or b"")
    lengths = repr([len(part) for part in parts]).encode()
    return hashlib.sha256(b"".join((lengths, *parts))).digest()
