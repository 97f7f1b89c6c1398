"""Plays telemetry throughout, and notes what Kafka confirmed."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from confluent_kafka import KafkaError, Message, Producer

from tests.faults.ledger import Ledger
from tests.faults.telemetry import Sent, Stream, packets

ROUND_S = 0.05
FLUSH_S = 120.0


class FeedFailed(Exception):
    """Kafka did not take a message: nothing can be said of the trial."""


class Feed:
    """A thread that sends a packet of each stream every round, in order, until `end`.

    The producer is idempotent and never gives up, so each packet is there once.
    """

    def __init__(self, kafka: str, topic: str, seed: int, ledger: Ledger) -> None:
        self._kafka, self._topic, self._seed = kafka, topic, seed
        self._ledger = ledger
        self._streams: list[tuple[Stream, Iterator[Sent]]] = []
        self._producer = self._new_producer()
        self._refused: list[str] = []
        self._ended = threading.Event()
        # Held during a round, and while nothing is to be sent.
        self._turn = threading.Lock()
        self._thread = threading.Thread(target=self._play, name="feed", daemon=True)

    def add(self, *streams: Stream) -> None:
        """Plays these, too, from now on."""
        self._streams += [(stream, packets(stream, self._seed)) for stream in streams]

    def start(self) -> None:
        """Begins to play."""
        self._thread.start()

    @contextmanager
    def silence(self) -> Iterator[None]:
        """Nothing is sent meanwhile, and all that was sent is confirmed."""
        with self._turn:
            self._flush()
            yield
            # What the old one knows of the topic is not true any more.
            self._producer = self._new_producer()

    def end(self) -> None:
        """Sends no more; returns when all is confirmed."""
        self._ended.set()
        self._thread.join(FLUSH_S)
        with self._turn:
            self._flush()

    def _new_producer(self) -> Producer:
        return Producer(
            {
                "bootstrap.servers": self._kafka,
                "enable.idempotence": True,
                # Else what a broker that was killed has left out of order may stay so.
                "max.in.flight.requests.per.connection": 1,
                "message.timeout.ms": 0,
                "linger.ms": 5,
                "reconnect.backoff.max.ms": 500,
                "log_level": 0,
            }
        )

    def _play(self) -> None:
        while not self._ended.wait(ROUND_S):
            with self._turn:
                for stream, sent in self._streams:
                    self._send(stream, next(sent))
                self._producer.poll(0)

    def _send(self, stream: Stream, sent: Sent) -> None:
        note = partial(self._note, len(self._ledger.lives) - 1, sent)
        while True:
            try:
                self._producer.produce(
                    self._topic,
                    sent.value,
                    stream.key,
                    stream.partition,
                    on_delivery=note,
                )
            except BufferError:
                self._producer.poll(ROUND_S)
            else:
                return

    def _note(
        self, life: int, sent: Sent, error: KafkaError | None, message: Message
    ) -> None:
        offset = message.offset()
        if error is not None or offset is None:
            self._refused.append(f"{sent.stream.key}: {error}")
            return
        self._ledger.confirm(life, sent.stream.partition, offset, sent)

    def _flush(self) -> None:
        deadline_s = time.monotonic() + FLUSH_S
        while self._producer.flush(1.0):
            if time.monotonic() > deadline_s:
                left = len(self._producer)
                raise FeedFailed(f"{left} messages not confirmed in {FLUSH_S:.0f} s")
        if self._refused:
            raise FeedFailed(f"Kafka refused messages: {self._refused[:3]}")
