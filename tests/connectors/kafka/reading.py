"""A source driven as the engine would, and what is sent to it."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from confluent_kafka import Producer
from prometheus_client import CollectorRegistry

from connectors.kafka.partition_progress import learnt_positions
from connectors.kafka.source import TelemetrySource
from connectors.messages.polls import DeadLetter, Polled, Position
from connectors.messages.wire import Packet, encode_packet
from connectors.metrics import FlowMetrics
from connectors.process.flow_process import FlowProcess
from connectors.settings import Settings
from connectors.topics import Topic
from tests.services.waiting import HANG_S


def process(kafka: str, **settings: Any) -> FlowProcess:
    return FlowProcess(
        Settings(kafka=kafka, **settings), FlowMetrics(CollectorRegistry())
    )


def packet(number: int, spacecraft: str = "SAT") -> bytes:
    return encode_packet(
        Packet(
            spacecraft=spacecraft,
            generation_time=datetime.fromtimestamp(number, UTC),
            values={"p": float(number)},
        )
    )


def produce(kafka: str, topic: Topic, *messages: tuple[int, bytes | None]) -> None:
    producer = Producer({"bootstrap.servers": kafka, "message.max.bytes": 12_000_000})
    for partition, value in messages:
        producer.produce(topic.name, value, b"SAT", partition)
    assert producer.flush(HANG_S) == 0


class Reader:
    """Drives a source partition as the engine would, and keeps what came."""

    def __init__(
        self,
        run: FlowProcess,
        topic: Topic,
        resume=None,
        stored: Sequence[Position] | None = None,
    ) -> None:
        """Stored is what was learnt, unless another is given."""
        self.run, self.topic = run, topic
        known = learnt_positions(resume, topic.name) if stored is None else stored
        source = TelemetrySource(run, topic, lambda _: known)
        self.part = source.build_part("in", "telemetry", resume)
        self.polled: list[Polled] = []
        self.passed: list[Position] = []
        self.letters: list[DeadLetter] = []

    def read(self, count: int) -> list[float]:
        """Polls until `count` items came; the values so far, sorted."""
        deadline_s = time.monotonic() + HANG_S
        while len(self.values()) + len(self.letters) < count:
            assert time.monotonic() < deadline_s, "nothing comes"
            self.read_once()
        return self.values()

    def read_until(self, value: float) -> list[Polled]:
        """Polls until a value came; all polls so far."""
        deadline_s = time.monotonic() + HANG_S
        while value not in self.values():
            assert time.monotonic() < deadline_s, "it does not come"
            self.read_once()
        return self.polled

    def read_once(self) -> None:
        """Polls once."""
        for item in self.part.next_batch():
            if isinstance(item, DeadLetter):
                self.letters.append(item)
                continue
            self.passed += item.poll.positions
            if item.samples.names:
                self.polled.append(item)

    def values(self) -> list[float]:
        return sorted(v for one in self.polled for v in one.samples.values.tolist())

    def close(self):
        snapshot = self.part.snapshot()
        self.part.close()
        return snapshot
