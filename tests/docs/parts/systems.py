"""The systems, each with its flow and its simulator, and all topics."""

from __future__ import annotations

import inspect
from importlib import import_module

from connectors import topics
from connectors.topics import DAY_MS, MEGABYTE, Topic
from dataflows import spacecraft
from tests.docs.parts.tables import table

TAKES = "in: packets"
GIVES = {
    topics.ANOMALIES: "out: anomalies",
    topics.DEAD_LETTERS: "out: what is refused",
}


def systems() -> list[str]:
    """The stems of all systems: what each is called in files, topics and tables."""
    return [topic.name.removeprefix("telemetry.") for topic in topics.TELEMETRY]


def systems_table() -> str:
    """The systems, in the order of their topics."""
    return table(
        ("system", "what it is", "flow", "simulator"),
        (
            (
                f"[`{stem}`](docs/{stem}.md)",
                _first_line(stem),
                f"`dataflows.{stem}:flow`",
                f"`python -m simulators {stem}`",
            )
            for stem in systems()
        ),
    )


def _first_line(stem: str) -> str:
    text = inspect.getdoc(import_module(f"dataflows.{stem}")) or ""
    return text.partition("\n\n")[0].rstrip(".")


def flow_module() -> str:
    """The shortest of the modules with a flow, whole."""
    return f"```python\n{inspect.getsource(spacecraft)}```"


def topics_table() -> str:
    """All topics, and how they are created."""
    return table(
        ("topic", "what", "key", "partitions", "kept", "largest message"),
        map(_topic, topics.ALL),
    )


def _topic(topic: Topic) -> tuple[str, ...]:
    return (
        f"`{topic.name}`",
        GIVES.get(topic, TAKES),
        topic.key,
        str(topic.partitions),
        f"{topic.retention_ms // DAY_MS} days",
        f"{topic.largest_message_bytes // MEGABYTE} MiB",
    )
