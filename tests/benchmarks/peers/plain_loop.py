"""A loop around confluent-kafka: consume, score, `executemany`, commit."""

from __future__ import annotations

import json
import sys

import psycopg
from confluent_kafka import Consumer

from tests.benchmarks.peers.job import INSERT, Forests, Job

MESSAGES_AT_ONCE = 500


def run(job: Job) -> None:
    """Stores everything; rows are committed before offsets."""
    forests = Forests(job)
    consumer = Consumer(
        {
            "bootstrap.servers": job.kafka,
            "group.id": job.database,  # new for every run
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
    )
    consumer.subscribe([job.topic])
    with psycopg.connect(job.database) as connection:
        while not job.done:
            polled = consumer.consume(MESSAGES_AT_ONCE, timeout=0.5)
            packets = [json.loads(m.value() or b"") for m in polled if not m.error()]
            rows = [row for packet in packets for row in forests.rows(packet)]
            if rows:
                with connection.cursor() as cursor:
                    cursor.executemany(INSERT, rows)
                connection.commit()
                consumer.commit(asynchronous=False)
                job.stored(len(rows))
    consumer.close()


if __name__ == "__main__":
    run(Job.from_environment())
    sys.exit(0)
