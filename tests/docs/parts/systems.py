"""The systems, each with its flow and its simulator, and all topics."""

from __future__ import annotations

import inspect

from connectors import topics
from connectors.systems import SYSTEMS, System
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
    return [system.stem for system in SYSTEMS]


def systems_table() -> str:
    """The systems, as the registry has them."""
    return table(
        ("system", "what it does", "flow", "`python -m simulators`", "in `make demo`"),
        map(_system, SYSTEMS),
    )


def _system(system: System) -> tuple[str, ...]:
    return (
        f"[`{system.stem}`](docs/{system.stem}.md)",
        system.about.rstrip("."),
        f"`{system.flow}:flow`",
        f"`{system.command}`" if system.command else "",
        system.demo or "",
    )


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
