"""A Kafka broker inside this process."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from confluent_kafka import KafkaException, Producer

from connectors.errors import KafkaUnavailable


class EmbeddedBroker:
    """librdkafka's mock cluster: a Kafka broker inside this process, for a demo.

    It speaks Kafka's protocol on a port of the loopback interface, to any client. What
    it cannot do, all of it measured with librdkafka 2.16:

    - Nothing is on disk: topics and offsets are gone with this process.
    - A partition holds 5 MB (as sent, so after compression). Beyond that the oldest
      batches vanish without a word, whether they have been read or not, and a reader
      whose next offset has vanished gets OFFSET_OUT_OF_RANGE. A batch of more than
      5 MB vanishes at once, though its delivery is confirmed. So a sender must not run
      far ahead of the readers.
    - Topics cannot be created: the admin API is not answered. A topic appears with
      four partitions, and no settings, when a client first asks for it by name.
    - No TLS, no SASL, no access control, no compaction, no retention by time.

    Headers, timestamps, keys, consumer groups and idempotent producers work.
    """

    def __init__(self) -> None:
        self._cluster: Producer | None = None
        self.address = ""

    def start(self, topics: Iterable[str] = ()) -> None:
        """Makes `topics` appear; `address` is then what ORBITWATCH_KAFKA has to be."""
        self._cluster = Producer(
            {"bootstrap.servers": "", "test.mock.num.brokers": 1, "log_level": 0}
        )
        try:
            brokers = self._cluster.list_topics(timeout=10).brokers.values()
            self.address = ",".join(
                f"{broker.host}:{broker.port}" for broker in brokers
            )
            for topic in topics:
                self._cluster.list_topics(topic, timeout=10)
        except KafkaException as error:
            raise KafkaUnavailable("(embedded)", error.args[0].str()) from None

    def stop(self) -> None:
        """The broker and all it holds are gone. May be repeated."""
        self._cluster = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()
