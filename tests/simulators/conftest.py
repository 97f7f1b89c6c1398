"""Running a simulator as a process, against a broker in this one."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, TopicPartition

from connectors import topics
from connectors.embedded import EmbeddedBroker
from connectors.settings import child_environment
from tests.services.waiting import HANG_S

PROJECT = Path(__file__).parents[2]
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def broker() -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker(topic.name for topic in topics.TELEMETRY) as embedded:
        yield embedded


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a module of Python in an empty folder."""
    started: list[subprocess.Popen[str]] = []

    def run(module: str, *arguments: str, **settings: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=tmp_path,
            env=child_environment({"PYTHONPATH": str(PROJECT), **settings}),
            text=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def sent(process: subprocess.Popen[str]) -> tuple[int, int]:
    """The packets and samples a simulator says it has sent."""
    out, err = process.communicate(timeout=HANG_S)
    assert process.returncode == 0, err
    match = re.search(r"sent (\d+) packets, (\d+) samples", out)
    assert match, out
    return int(match[1]), int(match[2])


@pytest.fixture
def count_messages(broker: EmbeddedBroker) -> Callable[..., int]:
    """How many messages a topic of the broker has got."""

    def count(topic: str = topics.SPACECRAFT.name) -> int:
        reader = Consumer({"bootstrap.servers": broker.address, "group.id": "count"})
        partitions = reader.list_topics(topic, timeout=HANG_S).topics[topic].partitions
        ends = [
            reader.get_watermark_offsets(TopicPartition(topic, number), timeout=HANG_S)[
                1
            ]
            for number in partitions
        ]
        reader.close()
        return sum(ends)

    return count
