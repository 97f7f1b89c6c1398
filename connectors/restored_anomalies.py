"""Anomalies that the database lost, taken back from `telemetry.anomalies`."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from connectors.database.asking import STORED_S, ask
from connectors.database.connection import Connection
from connectors.database.finding_tables import store_anomalies
from connectors.database.parameter_ids import find_parameters
from connectors.kafka.topic_reading import read_topic
from connectors.messages.findings import Anomaly
from connectors.messages.wire import decode_anomaly
from connectors.messages.writes import Findings
from connectors.settings import Settings
from connectors.topics import ANOMALIES


@dataclass(frozen=True, slots=True)
class Restored:
    """What became of the anomalies that the topic has.

    `told` is how many it has, and `changed` how many rows they added or brought up to
    date. Of `unknown` ones the database does not have the parameter, and `unreadable`
    messages are none.
    """

    told: int
    changed: int
    unknown: int
    unreadable: int


def restore(settings: Settings) -> Restored:
    """Stores what the topic has of each anomaly, unless the database has it already.

    Raises DatabaseUnavailable, KafkaUnavailable or TopicMissing.
    """
    latest, unreadable = _latest(settings)

    def work(connection: Connection) -> Restored:
        with connection.transaction():
            known = find_parameters(connection, {one.name for one in latest})
            kept = [one for one in latest if one.name in known]
            changed = store_anomalies(
                connection, [Findings(kept)], lambda name: known[name].id
            )
        unknown = len(latest) - len(kept)
        return Restored(len(latest), changed, unknown, unreadable)

    return ask(settings.database, "anomalies", work, STORED_S)


def _latest(settings: Settings) -> tuple[list[Anomaly], int]:
    """The latest revision of each anomaly, and how many messages are none."""
    latest: dict[str, Anomaly] = {}
    unreadable = 0
    for message in read_topic(settings, ANOMALIES.name):
        try:
            anomaly = decode_anomaly(message.value() or b"")
        except msgspec.DecodeError:
            unreadable += 1
            continue
        known = latest.get(anomaly.id)
        # Of two with one revision the later counts.
        if known is None or known.change.revision <= anomaly.change.revision:
            latest[anomaly.id] = anomaly
    return [*latest.values()], unreadable


def told(found: Restored) -> str:
    """The same for people."""
    lines = [f"{found.told} anomalies are on {ANOMALIES.name}"]
    lines.append(f"{found.changed} were restored")
    if found.unknown:
        lines.append(
            f"{found.unknown} are of parameters that the database does not have: run "
            "their flows first"
        )
    if found.unreadable:
        lines.append(f"{found.unreadable} messages are no anomalies")
    return "".join(f"{line}\n" for line in lines)
