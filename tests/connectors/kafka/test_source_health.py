"""What a source tells of itself, for probes: that it turns, and whether it reads."""

import time

import pytest
from confluent_kafka.admin import AdminClient, NewTopic
from prometheus_client import CollectorRegistry

from connectors.kafka import topic_partitions as source_module
from connectors.kafka.source import TelemetrySource
from connectors.metrics import FlowMetrics
from connectors.process.flow_process import FlowProcess
from connectors.process.health import STUCK_AFTER_S, Health
from connectors.settings import Settings
from connectors.topics import Topic
from tests.services.kafka import Kafka
from tests.services.waiting import HANG_S


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def topic(module_kafka: Kafka, request: pytest.FixtureRequest) -> Topic:
    """A topic for one test; it is gone with its broker."""
    name = f"test.{request.node.name}"
    admin = AdminClient({"bootstrap.servers": module_kafka.bootstrap})
    admin.create_topics([NewTopic(name, 1)])[name].result(HANG_S)
    while name not in admin.list_topics(timeout=HANG_S).topics:
        time.sleep(0.02)
    return Topic(name, "spacecraft", 1, 1)


def process(kafka: Kafka, topic: Topic, clock: Clock) -> FlowProcess:
    """A process whose database works, and that does not read its topic yet."""
    health = Health(clock)
    health.reading(topic.name, works=False)
    health.database(works=True)
    settings = Settings(kafka=kafka.bootstrap)
    return FlowProcess(settings, FlowMetrics(CollectorRegistry()), health)


def test_a_source_tells_that_its_topic_is_read_and_then_that_it_turns(
    module_kafka: Kafka, topic: Topic, monkeypatch: pytest.MonkeyPatch
):
    clock = Clock()
    run = process(module_kafka, topic, clock)
    assert run.health.hindrances() == [f"not being read: {topic.name}"]
    part = TelemetrySource(run, topic, lambda _: ()).build_part("in", "telemetry", None)
    assert run.health.hindrances() == []
    # It looks around at once, and then not again.
    monkeypatch.setattr(source_module, "LOOK_AROUND_S", 1e9)
    part.next_batch()
    clock.now_s += STUCK_AFTER_S + 1
    assert run.health.problems()
    part.next_batch()
    assert run.health.problems() == []
    run.health.reading(topic.name, works=False)
    part.next_batch()
    assert run.health.hindrances() == [f"not being read: {topic.name}"]
    part.close()


def test_a_topic_whose_broker_went_away_is_not_being_read_until_it_is_back(
    module_kafka: Kafka, topic: Topic, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(source_module, "LOOK_AROUND_S", 0.0)
    run = process(module_kafka, topic, Clock())
    part = TelemetrySource(run, topic, lambda _: ()).build_part("in", "telemetry", None)

    def turn_until(expected: list[str]) -> None:
        deadline_s = time.monotonic() + HANG_S
        while run.health.hindrances() != expected:
            assert time.monotonic() < deadline_s, run.health.hindrances()
            part.next_batch()

    turn_until([])
    module_kafka.stop()
    turn_until([f"not being read: {topic.name}"])
    module_kafka.start()
    turn_until([])
    part.close()
