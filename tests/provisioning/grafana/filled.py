"""A database with something in it for every panel.

All of it is stored by the real flows, from telemetry of three systems with faults.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from psycopg import sql

from connectors import topics
from connectors.database.limit_table import store_limits
from connectors.embedded.broker import EmbeddedBroker
from connectors.files.parameters import read_definitions
from connectors.migrate import migrate
from connectors.settings import ALL_INTERFACES
from tests.end_to_end.flow_process import REPOSITORY, Flow
from tests.provisioning.grafana.macros import View
from tests.provisioning.grafana.prometheus import Prometheus
from tests.provisioning.grafana.telemetry import SYSTEMS, Telemetry, Times, elements_at
from tests.services.postgres import plain_migrations_in
from tests.services.process import UnavailableError
from tests.services.waiting import wait_until

TIMES = Times(datetime(2026, 6, 27, tzinfo=UTC))
# How much of the telemetry comes while Prometheus looks.
SEEN = timedelta(minutes=30)
# Of what is counted of a write, the last that is told and the first that is scraped.
STORED = "sum(rate(orbitwatch_telemetry_latency_seconds_count[1m]))"
SNAPSHOTS = "sum(rate(bytewax_snapshot_duration_seconds_count[1m]))"
# What is counted only once it happened has to be scraped twice, for a rate of it.
NOT_TRACKED = "count_over_time(orbitwatch_not_tracked_samples_total[1m])"
DEAD_LETTERS = "sum(orbitwatch_telemetry_dead_letter_total)"
# How often telemetry is sent that is as old as it seems.
LIVE_STEP_S = 0.25
TABLES = (
    "parameter", "sample", "anomaly", "drift_event", "expected_range",
    "stream_position", "parameter_limit", "place", "orbit_state", "orbit_minute",
    "satellite_pass", "orbit_prediction", "launch_flight", "launch_state",
    "launch_event", "launch_prediction", "launch_prediction_score",
)  # fmt: skip
STORED_COLUMNS = """
    SELECT column_name FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name = %s AND is_generated = 'NEVER'
    ORDER BY ordinal_position
"""
NEXT_PARAMETER_ID = """
    SELECT setval(pg_get_serial_sequence('parameter', 'id'), max(id)) FROM parameter
"""
# Watched for drifts, which it has.
DRIFTING = "bus_voltage: {"
DRIFT_DETECTOR = "detectors: {page_hinkley: {threshold: 200}},"
PARAMETERS = REPOSITORY / "provisioning/parameters"
FLOWS = (*SYSTEMS, "archive")


@dataclass(frozen=True, slots=True)
class Filled:
    """A filled database, and the Prometheus that saw flows fill it, if there is one.

    `seen_s` is when it last had to look, in seconds since 1970.
    """

    database: str
    prometheus: Prometheus | None
    seen_s: float


def view(times: Times = TIMES, **changes: object) -> View:
    """The whole range of the telemetry, with a value for each variable."""
    everything = View(
        times.start,
        times.end,
        {
            "spacecraft": "ORBITER-1",
            "some_spacecraft": ("ORBITER-1", "LAUNCHER", "ISS"),
            "parameter": "/ORBITER-1/power/bus_voltage",
            "unit": "V",
            "severity": ("WATCH", "WARNING", "DISTRESS", "CRITICAL", "SEVERE"),
            "detector": ("limits", "record_envelope", "stuck_value"),
            "vehicle": "LAUNCHER",
            "liftoff": f"{times.liftoff:%Y-%m-%dT%H:%M:%S}.000Z",
            "satellite": "ISS",
        },
    )
    return replace(everything, **changes)  # type: ignore[arg-type]


@contextmanager
def filled(
    database: str, folder: Path, times: Times = TIMES, is_live: bool = False
) -> Iterator[Filled]:
    """Fills an empty database; the flows have stopped then.

    What comes while Prometheus looks comes at once, or, live, when it is due.
    """
    list(migrate(database))
    parameters = folder / "parameters"
    shutil.copytree(PARAMETERS, parameters)
    spacecraft = parameters / "orbiter-1.yaml"
    text = spacecraft.read_text().replace(DRIFTING, f"{DRIFTING} {DRIFT_DETECTOR}")
    spacecraft.write_text(text)
    store_limits(database, read_definitions(parameters))
    settings = {
        "ORBITWATCH_PARAMETERS": str(parameters),
        "ORBITWATCH_ARCHIVE": str(folder / "parquet"),
        "ORBITWATCH_ARCHIVE_SECONDS": "2",
        "ORBITWATCH_ELEMENTS": str(_elements_file(folder, times)),
        # A panel shows what Bytewax measures of itself.
        "ORBITWATCH_LISTEN": ALL_INTERFACES,
        # So long the embedded broker waits for more, where another answers at once.
        "ORBITWATCH_KAFKA_FETCH_WAIT_MAX_MS": "10",
    }
    with EmbeddedBroker(topic.name for topic in topics.ALL) as broker:
        flows = [
            Flow(
                broker.address,
                database,
                folder / system,
                settings=settings,
                module=f"dataflows.{system}",
            )
            for system in FLOWS
        ]
        telemetry = Telemetry(broker.address, times)
        try:
            # One by one, as the first compiles what the others find compiled.
            for flow in flows:
                flow.start()
                flow.wait_ready()
            telemetry.send_until(datetime.now(UTC) if is_live else times.end - SEEN)
            _wait_until_stored(database, telemetry, flows)
            with ExitStack() as exits:
                prometheus = None
                with suppress(UnavailableError):
                    prometheus = exits.enter_context(_prometheus(flows))
                    wait_until(prometheus.is_ready, "the first scrape")
                if is_live:
                    _send_live(telemetry, times)
                telemetry.send_until(times.end)
                _wait_until_stored(database, telemetry, flows)
                if prometheus is not None:
                    prometheus.wait_for(STORED, 0.001)
                    prometheus.wait_for(SNAPSHOTS, 0.001)
                    prometheus.wait_for(NOT_TRACKED, 2)
                    prometheus.wait_for(DEAD_LETTERS, 1)
                seen_s = prometheus.looked_at() if prometheus else time.time()
                for flow in flows:
                    flow.stop()
                yield Filled(database, prometheus, seen_s)
        finally:
            for flow in flows:
                if flow.is_running():
                    flow.kill()


def _elements_file(folder: Path, times: Times) -> Path:
    path = folder / "satellites.tle"
    known = elements_at(times.start)
    path.write_text("".join(f"{one.name}\n{one.line1}\n{one.line2}\n" for one in known))
    return path


def _prometheus(flows: Sequence[Flow]) -> Prometheus:
    ports = [flow.metrics_port for flow in flows]
    return Prometheus(dict(zip(FLOWS, ports, strict=True)))


def _send_live(telemetry: Telemetry, times: Times) -> None:
    while (now := datetime.now(UTC)) < times.end:
        telemetry.send_until(now)
        time.sleep(LIVE_STEP_S)


def _wait_until_stored(
    database: str, telemetry: Telemetry, flows: Sequence[Flow]
) -> None:
    """Returns when the flows have stored all that was sent."""

    def is_stored() -> bool:
        assert all(flow.is_running() for flow in flows)
        query = "SELECT coalesce(sum(next_offset), 0) FROM stream_position"
        with psycopg.connect(database) as connection:
            found = connection.execute(query).fetchone()
        return found is not None and found[0] >= telemetry.sent

    wait_until(is_stored, f"{telemetry.sent} messages")


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
        # Copied rows bring their ids along, and the sequence knows of none.
        writer.execute(NEXT_PARAMETER_ID)
