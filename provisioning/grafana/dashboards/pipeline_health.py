"""Whether the flows keep up, and what holds them up where they do not."""

from __future__ import annotations

from collections.abc import Sequence

from grafana_foundation_sdk.builders import heatmap, table, timeseries

from provisioning.grafana import variables
from provisioning.grafana.board import Board
from provisioning.grafana.panels import (
    EACH_S,
    HALF,
    QUARTER,
    SAMPLES_S,
    WHOLE,
    Text,
    heat_map,
    legend_beside,
    rows,
    time_series,
)
from provisioning.grafana.queries import MetricQuery, table_of
from provisioning.grafana.sql import pipeline_health as sql

NO_METRICS = "Prometheus has no figures of a flow in this range."
# Prometheus and others have a memory and a processor too.
OF_FLOWS = "and on (instance, job) orbitwatch_database_samples_total"
# The archive reads what the others read, and stores it in files.
ARCHIVE, OTHERS = '{system="archive"}', '{system!="archive"}'


def rate(counter: str, *labels: str) -> str:
    """How fast a counter grows, by labels."""
    return f"sum by ({', '.join(labels)}) (rate({counter}[$__rate_interval]))"


def quantile(share: float, histogram: str) -> str:
    """A quantile of what was observed since the point before."""
    buckets = rate(f"{histogram}_bucket", "le")
    return f"histogram_quantile({share}, {buckets})"


def board() -> Board:
    """Throughput, latency, lag, dead letters, snapshots, database, memory."""
    telemetry = [
        _throughput(),
        _latency(),
        _lag(),
        _dead_letters().span(QUARTER),
        _not_tracked().span(QUARTER),
    ]
    return Board(
        title="Pipeline health",
        description="Whether the flows keep up with their telemetry, and what holds "
        "them up where they do not.",
        variables=[variables.database(), variables.metrics()],
        rows=[
            ("Telemetry", telemetry),
            (
                "Processes",
                [_snapshots(), _writes(), _memory(), _processor(), _polls(), _odd()],
            ),
            ("Positions", [_positions()]),
        ],
        since="now-1h",
        refresh="10s",
    )


def _lines(
    title: str,
    description: str,
    unit: str,
    queries: Sequence[MetricQuery],
    no_data: str = NO_METRICS,
) -> timeseries.Panel:
    text = Text(title=title, description=description, unit=unit, no_data=no_data)
    return time_series(text, *queries).min(0).span(HALF)


def _throughput() -> timeseries.Panel:
    read = rate("orbitwatch_telemetry_samples_total", "instance")
    stored = rate(f"orbitwatch_database_samples_total{OTHERS}", "instance")
    archived = rate(f"orbitwatch_archive_samples_total{ARCHIVE}", "instance")
    return _lines(
        "Throughput",
        "Samples read from Kafka and stored in the database, each second, by process, "
        "and those that came into the archive, every few minutes.",
        SAMPLES_S,
        [
            MetricQuery(read, "read, {{instance}}"),
            MetricQuery(stored, "stored, {{instance}}"),
            MetricQuery(archived, "archived, {{instance}}"),
        ],
    )


def _latency() -> heatmap.Panel:
    text = Text(
        title="Latency",
        description="How many polls took how long, from Kafka's timestamp of their "
        "oldest message to the committed rows.",
        unit="s",
        no_data=NO_METRICS,
    )
    buckets = rate("orbitwatch_telemetry_latency_seconds_bucket", "le")
    return heat_map(text, MetricQuery(buckets, "{{le}}", heatmap=True)).span(HALF)


def _lag() -> timeseries.Panel:
    lag = "orbitwatch_telemetry_offset_lag_messages"
    by_partition = f"sum by (topic, partition) ({lag}{OTHERS})"
    of_archive = f"sum by (system) ({lag}{ARCHIVE})"
    panel = _lines(
        "Lag by partition",
        "Messages that Kafka has and the flow of their system has not read yet, and "
        "those that the archive has not. A lag that only grows means that more "
        "processes are needed.",
        "none",
        [
            MetricQuery(by_partition, "{{topic}}[{{partition}}]"),
            MetricQuery(of_archive, "{{system}}"),
        ],
    )
    return panel.legend(legend_beside()).decimals(0)


def _dead_letters() -> timeseries.Panel:
    counter = "orbitwatch_telemetry_dead_letter_total"
    each = rate(counter, "reason")
    # Each reason is counted from 0 on, and most never come.
    refused = f"{each} and on (reason) sum by (reason) ({counter}) > 0"
    return _lines(
        "Dead letters",
        "Messages refused each second, by reason. They are in telemetry.dead_letter.",
        EACH_S,
        [MetricQuery(refused, "{{reason}}")],
        "No message was ever refused, or Prometheus has no figures of a flow.",
    )


def _not_tracked() -> timeseries.Panel:
    refused = rate("orbitwatch_not_tracked_samples_total", "reason")
    return _lines(
        "Not tracked",
        "Positions and states of launches that trackers could not use, each second, by "
        "reason: impossible ones, or late. They are stored all the same.",
        EACH_S,
        [MetricQuery(refused, "{{reason}}")],
        "Trackers could use all they got, or Prometheus has no figures of a flow.",
    )


def _snapshots() -> timeseries.Panel:
    name = "bytewax_snapshot_duration_seconds"
    return _lines(
        "Snapshot pauses",
        "How long steps stood still to note their state: half of the snapshots took "
        "less than the lower line, 99 % less than the upper one.",
        "s",
        [
            MetricQuery(quantile(0.5, name), "half"),
            MetricQuery(quantile(0.99, name), "99 %"),
        ],
        "Flows have figures of this with ORBITWATCH_LISTEN=0.0.0.0 only, as Docker "
        "Compose sets it, and after a first snapshot.",
    )


def _writes() -> timeseries.Panel:
    name = "orbitwatch_database_write_seconds"
    return _lines(
        "Database write time",
        "Duration of a transaction: half took less than the lower line, 99 % less "
        "than the upper one.",
        "s",
        [
            MetricQuery(quantile(0.5, name), "half"),
            MetricQuery(quantile(0.99, name), "99 %"),
        ],
    )


def _memory() -> timeseries.Panel:
    return _lines(
        "Memory",
        "Resident memory of each process.",
        "bytes",
        [MetricQuery(f"process_resident_memory_bytes {OF_FLOWS}", "{{instance}}")],
    )


def _processor() -> timeseries.Panel:
    used = f"rate(process_cpu_seconds_total[$__rate_interval]) {OF_FLOWS}"
    return _lines(
        "Processor",
        "Share of one core that each process uses. One process takes one core: near "
        "100 %, more processes are needed.",
        "percentunit",
        [MetricQuery(used, "{{instance}}")],
    )


def _polls() -> timeseries.Panel:
    return _lines(
        "Samples in a poll",
        "Half of the polls had less than the lower line, 99 % less than the upper one. "
        "Large polls mean that the flow catches up.",
        "none",
        [
            MetricQuery(quantile(0.5, "orbitwatch_telemetry_poll_samples"), "half"),
            MetricQuery(quantile(0.99, "orbitwatch_telemetry_poll_samples"), "99 %"),
        ],
    )


def _odd() -> timeseries.Panel:
    names = {
        "orbitwatch_telemetry_late_samples_total": "late",
        "orbitwatch_database_repeated_samples_total": "repeated",
        "orbitwatch_database_contradicted_samples_total": "contradicted",
        "orbitwatch_database_retries_total": "transactions tried again",
    }
    return _lines(
        "What should be rare",
        "Each second: samples not newer than one seen before, stored before, or stored "
        "before with another value; transactions tried again.",
        EACH_S,
        [
            MetricQuery(f"sum(rate({name}[$__rate_interval]))", legend)
            for name, legend in names.items()
        ],
    )


def _positions() -> table.Panel:
    text = Text(
        title="Stored positions",
        description="How far each partition is stored, and Kafka's timestamp there.",
        unit="none",
        no_data="No flow has stored anything yet.",
    )
    return rows(text, table_of(sql.POSITIONS)).span(WHOLE)
