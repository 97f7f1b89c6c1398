"""A topic for one test."""

import time
from collections.abc import Iterator

import pytest
from confluent_kafka.admin import AdminClient, NewTopic

from connectors.topics import Topic
from tests.services.waiting import HANG_S


@pytest.fixture
def topic(kafka: str, request) -> Iterator[Topic]:
    """A topic of four partitions for one test."""
    name = f"test.{request.node.name[:200].replace('[', '.').replace(']', '')}"
    admin = AdminClient({"bootstrap.servers": kafka})
    admin.create_topics([NewTopic(name, 4, config={"max.message.bytes": "12000000"})])[
        name
    ].result(HANG_S)
    while name not in admin.list_topics(timeout=HANG_S).topics:
        time.sleep(0.02)
    yield Topic(name, "spacecraft", 4, 1)
    admin.delete_topics([name])[name].result(HANG_S)
