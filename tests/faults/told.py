"""What was told of anomalies: the messages of their topic."""

from __future__ import annotations

import time

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition

from connectors.messages.wire import decode_anomaly
from connectors.topics import ANOMALIES
from tests.services.waiting import HANG_S


def revisions_told(kafka: str) -> dict[str, int]:
    """The highest revision told of each anomaly, by its id."""
    consumer = Consumer(
        {
            "bootstrap.servers": kafka,
            "group.id": "verdict",
            "enable.partition.eof": True,
            "enable.auto.commit": False,
        }
    )
    left = {*range(ANOMALIES.partitions)}
    consumer.assign([TopicPartition(ANOMALIES.name, p, OFFSET_BEGINNING) for p in left])
    told: dict[str, int] = {}
    deadline_s = time.monotonic() + HANG_S
    try:
        while left:
            message = consumer.poll(1.0)
            if time.monotonic() > deadline_s:
                raise TimeoutError("never came: the end of what was told")
            if message is None:
                continue
            if error := message.error():
                if error.code() == KafkaError._PARTITION_EOF:
                    left.discard(message.partition() or 0)
                continue
            anomaly = decode_anomaly(message.value() or b"")
            told[anomaly.id] = max(told.get(anomaly.id, 0), anomaly.change.revision)
    finally:
        consumer.close()
    return told
