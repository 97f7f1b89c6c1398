"""The process behind `EmbeddedBroker`: librdkafka's mock cluster, until stdin closes.

It is run by its path, with the topics as arguments, and prints its address. It leaves
without taking the cluster down: that deadlocks, or aborts, one time in a hundred
(librdkafka 2.16, `rd_kafka_mock_cluster_destroy`).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from confluent_kafka import KafkaException, Producer

ANSWER_S = 10.0


def serve(topics: Sequence[str]) -> None:
    """Has the cluster live for as long as somebody holds the other end of stdin."""
    cluster = Producer(
        {"bootstrap.servers": "", "test.mock.num.brokers": 1, "log_level": 0}
    )
    try:
        brokers = cluster.list_topics(timeout=ANSWER_S).brokers.values()
        for topic in topics:
            cluster.list_topics(topic, timeout=ANSWER_S)
    except KafkaException as error:
        sys.stderr.write(f"{error.args[0].str()}\n")
    else:
        address = ",".join(f"{each.host}:{each.port}" for each in brokers)
        sys.stdout.write(f"{address}\n")
        sys.stdout.flush()
        sys.stdin.read()
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    serve(sys.argv[1:])
