"""A database with something in it for every panel.

Samples, anomalies, drifts and positions are stored by the real flow `spacecraft`, from
telemetry with faults; the rest comes from the other flows (`other_systems`).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import psycopg
from confluent_kafka import Producer
from psycopg import sql

from connectors import topics
from connectors.database.limit_table import store_limits
from connectors.embedded.broker import EmbeddedBroker
from connectors.messages import Packet, encode_packet
from connectors.migrate import migrate
from connectors.parameters import read_definitions
from simulators.spacecraft import PARAMETERS, SUBSYSTEMS, Timing, synthetic_packets
from tests.end_to_end.flow_process import REPOSITORY, Flow, wait_until
from tests.provisioning.grafana.macros import View
from tests.provisioning.grafana.prometheus import Prometheus
from tests.services.postgres import plain_migrations_in
from tests.services.process import UnavailableError

# Near the epoch of the orbital elements.
START = datetime(2026, 6, 27, tzinfo=UTC)
INTERVAL = timedelta(seconds=10)
SAMPLES = 1800
# How many of them come while Prometheus looks.
SEEN = 200
READ = "sum(orbitwatch_telemetry_samples_total)"
# Of what is counted of a write, the last that is told and the first that is scraped.
STORED = "sum(rate(orbitwatch_telemetry_latency_seconds_count[1m]))"
SNAPSHOTS = "sum(rate(bytewax_snapshot_duration_seconds_count[1m]))"
LIFTOFF = START + timedelta(hours=1)
# Sample numbers. Two parameters are spoilt at once, one to the end.
SPOILT = {
    "battery_voltage": (range(1200, 1212), 36.0),
    "bus_voltage": (range(1205, 1210), 24.0),
    "tank_temperature": (range(1790, SAMPLES * 10), 55.0),
}
TABLES = (
    "parameter", "sample", "anomaly", "drift_event", "expected_range",
    "stream_position", "parameter_limit", "orbit_state", "orbit_minute",
    "satellite_pass", "orbit_prediction", "launch_state", "launch_event",
    "launch_prediction", "launch_prediction_score",
)  # fmt: skip
STORED_COLUMNS = """
    SELECT column_name FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name = %s AND is_generated = 'NEVER'
    ORDER BY ordinal_position
"""
# Watched for drifts, which it has.
DRIFTING = "bus_voltage: {"
PARAMETER_FILE = REPOSITORY / "provisioning/parameters/orbiter-1.yaml"


@dataclass(frozen=True, slots=True)
class Filled:
    """A filled database, and the Prometheus that saw the flow fill it, if there is one.

    `seen_s` is when it last had to look, in seconds since 1970.
    """

    database: str
    prometheus: Prometheus | None
    seen_s: float


def view(**changes: object) -> View:
    """The whole range of the telemetry, with a value for each variable."""
    everything = View(
        START,
        START + SAMPLES * INTERVAL,
        {
            "spacecraft": "ORBITER-1",
            "some_spacecraft": ("ORBITER-1", "LAUNCHER"),
            "parameter": "/ORBITER-1/power/bus_voltage",
            "severity": ("WATCH", "WARNING", "DISTRESS", "CRITICAL", "SEVERE"),
            "detector": ("limits", "record_envelope", "stuck_value"),
            "vehicle": "LAUNCHER",
            "liftoff": LIFTOFF.isoformat(),
            "satellite": "ISS",
        },
    )
    return replace(everything, **changes)  # type: ignore[arg-type]


@contextmanager
def filled(database: str, folder: Path, portions: int = 1) -> Iterator[Filled]:
    """Fills an empty database; the flow has stopped then.

    What comes while Prometheus looks comes in portions, two a second.
    """
    list(migrate(database))
    parameters = folder / "parameters"
    parameters.mkdir()
    text = PARAMETER_FILE.read_text()
    text = text.replace(DRIFTING, f"{DRIFTING} detectors: {{page_hinkley: {{}}}},")
    (parameters / PARAMETER_FILE.name).write_text(text)
    store_limits(database, read_definitions(parameters))
    with EmbeddedBroker(topic.name for topic in topics.ALL) as broker:
        settings = {"ORBITWATCH_PARAMETERS": str(parameters)}
        flow = Flow(broker.address, database, folder / "flow", settings=settings)
        source = Source(broker.address)
        flow.start()
        try:
            source.send(SAMPLES - SEEN)
            wait_for_samples(database, (SAMPLES - SEEN) * PARAMETERS)
            with ExitStack() as exits:
                prometheus = None
                with suppress(UnavailableError):
                    prometheus = exits.enter_context(Prometheus(flow.metrics_port))
                    wait_until(prometheus.is_ready, "the first scrape")
                for portion in range(portions):
                    time.sleep(0.5 if portion else 0)
                    source.send(SEEN // portions)
                wait_for_samples(database, SAMPLES * PARAMETERS)
                if prometheus is not None:
                    prometheus.wait_for(READ, SAMPLES * PARAMETERS)
                    prometheus.wait_for(STORED, 0.001)
                    prometheus.wait_for(SNAPSHOTS, 0.001)
                flow.stop()
                yield Filled(database, prometheus, time.time())
        finally:
            if flow.is_running():
                flow.kill()


def copy_to_plain(source: str, target: str, folder: Path) -> None:
    """Stores all of it in an empty database, as one without TimescaleDB."""
    list(migrate(target, plain_migrations_in(folder / "plain")))
    with psycopg.connect(source) as reader, psycopg.connect(target) as writer:
        for table in TABLES:
            names = reader.execute(STORED_COLUMNS, (table,)).fetchall()
            what = {
                "table": sql.Identifier(table),
                "columns": sql.SQL(", ").join(
                    sql.Identifier(name) for (name,) in names
                ),
            }
            out = sql.SQL("COPY (SELECT {columns} FROM {table}) TO STDOUT").format(
                **what
            )
            into = sql.SQL("COPY {table} ({columns}) FROM STDIN").format(**what)
            with reader.cursor().copy(out) as rows, writer.cursor().copy(into) as copy:
                for row in rows:
                    copy.write(row)


def wait_for_samples(database: str, count: int) -> None:
    """Returns when at least so many samples are stored."""

    def stored() -> bool:
        with psycopg.connect(database) as connection:
            found = connection.execute("SELECT count(*) FROM sample").fetchone()
        return found is not None and found[0] >= count

    wait_until(stored, f"{count} samples")


class Source:
    """Sends the synthetic spacecraft's packets, spoilt, with rubbish between."""

    def __init__(self, kafka: str) -> None:
        self._producer = Producer({"bootstrap.servers": kafka})
        self._packets = synthetic_packets(7, Timing(START))
        self._sent = 0

    def send(self, samples: int) -> None:
        """Sends the packets of the next samples."""
        topic = topics.SPACECRAFT.name
        for packet in islice(self._packets, samples * SUBSYSTEMS):
            number = self._sent // SUBSYSTEMS
            value = encode_packet(_spoilt(packet, number))
            self._producer.produce(topic, value, packet.key)
            self._sent += 1
        self._producer.produce(topic, b"rubbish", b"nobody")
        assert self._producer.flush(60) == 0


def _spoilt(packet: Packet, number: int) -> Packet:
    values = {
        name: value
        for name, (when, value) in SPOILT.items()
        if name in packet.values and number in when
    }
    return Packet(
        spacecraft=packet.spacecraft,
        subsystem=packet.subsystem,
        generation_time=packet.generation_time,
        values={**packet.values, **values},
        context=packet.context,
    )
