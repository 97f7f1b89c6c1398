"""An orbit and a launch, stored by their flows from simulated telemetry."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import psycopg
from confluent_kafka import Producer
from psycopg import sql

from connectors import topics
from connectors.embedded.broker import EmbeddedBroker
from connectors.messages import Packet, encode_packet
from connectors.orbital_elements import read_elements
from connectors.settings import Settings
from connectors.topics import Topic
from simulators.iss_tracking import constellation, tracked_packets
from simulators.rocket_launch import Launches, simulated_packets
from simulators.spacecraft import Timing
from tests.end_to_end.flow_process import Flow, wait_until
from tests.provisioning.grafana.filled import LIFTOFF, SAMPLES, START
from tests.provisioning.grafana.prometheus import Prometheus

FLIGHT_S, HZ = 300, 30
NOT_TRACKED = "count_over_time(orbitwatch_not_tracked_samples_total[1m])"
# A velocity that cannot be, once.
SPIKE_AT, SPIKE_M_S = 100 * HZ, 400.0


@dataclass(frozen=True, slots=True)
class Play:
    """What a flow is sent, and the table that shows that it came through."""

    topic: Topic
    packets: Sequence[Packet]
    table: str
    rows: int


def fill_the_rest(
    database: str, folder: Path, prometheus: Prometheus | None = None
) -> float:
    """Has both flows store what they are sent; they have stopped then.

    Returns when Prometheus last had to look, in seconds since 1970.
    """
    plays = (
        Play(topics.ISS_TRACKING, _orbit(), "orbit_state", SAMPLES),
        Play(topics.ROCKET_LAUNCH, _ascent(), "launch_state", FLIGHT_S - 1),
    )
    with EmbeddedBroker(topic.name for topic in topics.ALL) as broker:
        flows = [
            Flow(
                broker.address, database, folder / system, module=f"dataflows.{system}"
            )
            for system in (play.topic.name.removeprefix("telemetry.") for play in plays)
        ]
        try:
            for flow, play in zip(flows, plays, strict=True):
                flow.start()
                _send(broker.address, play.topic, play.packets)
            if prometheus is not None:
                # Not before somebody listens: a connection that is tried again and
                # again may take the port itself.
                flows[0].wait_ready()
                prometheus.scrape(flows[0].metrics_port)
            for play in plays:
                _wait_for(database, play)
            if prometheus is not None:
                prometheus.wait_for(NOT_TRACKED, 2)
            seen_s = time.time()
            for flow in flows:
                flow.stop()
        finally:
            for flow in flows:
                if flow.is_running():
                    flow.kill()
    return seen_s


def _orbit() -> list[Packet]:
    satellites = constellation(read_elements(Settings().elements), 1, 0)
    packets = list(tracked_packets(satellites, Timing(START, 10.0, SAMPLES)))
    # One comes again, too late to be tracked.
    return [*packets, packets[0]]


def _ascent() -> list[Packet]:
    flight = simulated_packets(Launches(LIFTOFF, 1, 3))
    packets = list(islice(flight, FLIGHT_S * HZ))
    packets[SPIKE_AT].values["velocity"] = (
        packets[SPIKE_AT].values["velocity"] or 0.0
    ) + SPIKE_M_S
    return packets


def _send(kafka: str, topic: Topic, packets: Iterable[Packet]) -> None:
    producer = Producer({"bootstrap.servers": kafka, "enable.idempotence": True})
    for packet in packets:
        producer.produce(topic.name, encode_packet(packet), packet.key)
        producer.poll(0)
    assert producer.flush(60) == 0


def _wait_for(database: str, play: Play) -> None:
    query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(play.table))

    def is_there() -> bool:
        with psycopg.connect(database) as connection:
            found = connection.execute(query).fetchone()
        return found is not None and found[0] >= play.rows

    wait_until(is_there, play.table)
