"""Every topic; `python -m connectors.topics` creates those that are missing."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, NewTopic

from connectors.command import Parser, exit_code
from connectors.errors import KafkaUnavailable
from connectors.kafka.admin import admin_client
from connectors.kafka.reachability import reachability_of
from connectors.settings import Settings
from connectors.systems import SYSTEMS

ABOUT = "Creates the topics that the brokers ORBITWATCH_KAFKA names lack."

DAY_MS = 86_400_000
MEGABYTE = 1024 * 1024
BROKER_TIMES = "LogAppendTime"


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic and how it is kept.

    `key` says what the message key is: messages with one key stay in order.
    `broker_times` are for what flows send: Kafka refuses messages of a clock that is
    an hour ahead of its own, and the flow could not go on.
    """

    name: str
    key: str
    partitions: int
    retention_ms: int
    largest_message_bytes: int = MEGABYTE
    broker_times: bool = False


TELEMETRY_OF = {
    system.stem: Topic(
        f"telemetry.{system.stem}",
        system.topic.key,
        system.topic.partitions,
        7 * DAY_MS,
        10 * MEGABYTE,
    )
    for system in SYSTEMS
    if system.topic is not None
}
"""The topics of telemetry, by the systems."""
SPACECRAFT = TELEMETRY_OF["spacecraft"]
ROCKET_LAUNCH = TELEMETRY_OF["rocket_launch"]
ISS_TRACKING = TELEMETRY_OF["iss_tracking"]
ANOMALIES = Topic("telemetry.anomalies", "parameter", 8, 30 * DAY_MS, broker_times=True)
# Has to hold the largest telemetry message with its headers.
DEAD_LETTERS = Topic(
    "telemetry.dead_letter",
    "of the refused message",
    1,
    30 * DAY_MS,
    12 * MEGABYTE,
    broker_times=True,
)

TELEMETRY = tuple(TELEMETRY_OF.values())
ALL = (*TELEMETRY, ANOMALIES, DEAD_LETTERS)


def create_missing(settings: Settings, timeout_s: float = 10.0) -> list[str]:
    """Creates the topics Kafka lacks and returns their names.

    Raises KafkaUnavailable when the broker does not answer or refuses, and
    SettingsError for a property that the client refuses.
    """
    admin = admin_client(settings)
    try:
        existing = admin.list_topics(timeout=timeout_s).topics
        missing = [topic for topic in ALL if topic.name not in existing]
        if not missing:
            return []
        created = admin.create_topics(
            [_new_topic(topic) for topic in missing], operation_timeout=timeout_s
        )
        new = [name for name, done in created.items() if _is_new(done)]
        _wait_until_known(admin, {topic.name for topic in missing}, timeout_s)
        return new
    except KafkaException as error:
        admin.poll(0)  # what it says of its attempts
        problem = reachability_of(settings.kafka).problem or error.args[0].str()
        raise KafkaUnavailable(settings.kafka, problem) from None


def _wait_until_known(admin: AdminClient, names: set[str], timeout_s: float) -> None:
    """Returns when the brokers tell of new topics, which takes them a moment."""
    deadline_s = time.monotonic() + timeout_s
    while time.monotonic() < deadline_s:
        if names <= admin.list_topics(timeout=timeout_s).topics.keys():
            return
        time.sleep(0.05)


def _new_topic(topic: Topic) -> NewTopic:
    return NewTopic(
        topic.name,
        num_partitions=topic.partitions,
        config={
            "retention.ms": str(topic.retention_ms),
            "max.message.bytes": str(topic.largest_message_bytes),
            **({"message.timestamp.type": BROKER_TIMES} if topic.broker_times else {}),
        },
    )


def _is_new(done: object) -> bool:
    """Whether a topic was made now, and not by somebody else a moment ago."""
    try:
        done.result()  # type: ignore[attr-defined]
    except KafkaException as error:
        if error.args[0].code() == KafkaError.TOPIC_ALREADY_EXISTS:
            return False
        raise
    return True


def run() -> None:
    """Creates the topics and says which; raises OrbitwatchError if that fails."""
    created = create_missing(Settings.from_environment())
    for topic in ALL:
        print(f"{topic.name}: {'created' if topic.name in created else 'exists'}")


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 2 for wrong arguments and settings, 1 for what went wrong."""
    # Nobody who asks what it does is to have it done.
    Parser(prog="python -m connectors.topics", description=ABOUT).parse_args(arguments)
    return exit_code(run)


if __name__ == "__main__":
    sys.exit(main())
