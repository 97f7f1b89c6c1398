"""Creating the topics, on a real broker."""

import os
import subprocess
import sys

import pytest
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType

from connectors import topics
from tests.services.waiting import HANG_S


def run(kafka: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "connectors.topics"],
        capture_output=True,
        text=True,
        timeout=HANG_S,
        env={**os.environ, "ORBITWATCH_KAFKA": kafka, **settings},
    )


def test_topics_are_created_once_and_left_alone_after(own_kafka):
    first, second = run(own_kafka.bootstrap), run(own_kafka.bootstrap)
    names = [topic.name for topic in topics.ALL]
    assert first.stdout.splitlines() == [f"{name}: created" for name in names]
    assert second.stdout.splitlines() == [f"{name}: exists" for name in names]
    assert first.returncode == second.returncode == 0
    admin = AdminClient({"bootstrap.servers": own_kafka.bootstrap})
    for topic in topics.ALL:
        found = admin.list_topics(topic.name).topics[topic.name]
        assert len(found.partitions) == topic.partitions
        resource = ConfigResource(ResourceType.TOPIC, topic.name)
        config = admin.describe_configs([resource])[resource].result(30)
        assert config["retention.ms"].value == str(topic.retention_ms)
        assert config["max.message.bytes"].value == str(topic.largest_message_bytes)
        times = "LogAppendTime" if topic.broker_times else "CreateTime"
        assert config["message.timestamp.type"].value == times


def test_an_unreachable_broker_is_one_line_that_names_the_setting():
    done = run("127.0.0.1:1")
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert line.startswith("orbitwatch: ORBITWATCH_KAFKA=127.0.0.1:1: ")


@pytest.mark.parametrize(
    ("setting", "text"),
    [
        ("ORBITWATCH_KAFKA_SASL_MECHANIM", "PLAIN"),
        ("ORBITWATCH_KAFKA_SECURITY_PROTOCOL", "SASL"),
    ],
)
def test_a_property_that_the_client_refuses_is_one_line_that_names_its_setting(
    setting: str, text: str
):
    done = run("127.0.0.1:1", **{setting: text})
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert line.startswith(f"orbitwatch: {setting}: ")


@pytest.mark.parametrize(("argument", "code"), [("--help", 0), ("--dry-run", 2)])
def test_the_command_does_nothing_when_it_is_asked_what_it_does(
    monkeypatch: pytest.MonkeyPatch, argument: str, code: int
):
    # An exit code of 1 would tell that it looked for a broker.
    monkeypatch.setenv("ORBITWATCH_KAFKA", "127.0.0.1:1")
    with pytest.raises(SystemExit) as ended:
        topics.main([argument])
    assert ended.value.code == code


def test_what_flows_send_is_taken_whatever_their_clock_says():
    ours = {topic.name for topic in topics.ALL} - {t.name for t in topics.TELEMETRY}
    assert {topic.name for topic in topics.ALL if topic.broker_times} == ours


def test_a_dead_letter_topic_takes_the_largest_message_with_its_headers():
    largest = max(
        topic.largest_message_bytes
        for topic in topics.ALL
        if topic is not topics.DEAD_LETTERS
    )
    assert topics.DEAD_LETTERS.largest_message_bytes > largest + 4096
