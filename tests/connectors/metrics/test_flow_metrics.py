"""What is counted, and that labels stay few."""

import re
import shutil
from pathlib import Path
from typing import Literal

import numpy as np
from prometheus_client import CollectorRegistry

from connectors.decode.refusals import FAULTS, REASONS, Fault
from connectors.messages.findings import Anomaly, AnomalyChange, Explanation, Severity
from connectors.messages.samples import ParameterName, Runs, Samples
from connectors.metrics import FlowMetrics
from connectors.metrics.anomalies import SEVERITIES

PROVISIONING = Path(__file__).parents[3] / "provisioning"
# Neither on a dashboard nor in a rule: answers to questions that come up seldom.
FOR_ASKING = {
    "orbitwatch_parameters_watched",
    "orbitwatch_drifts",
    "orbitwatch_telemetry_value_faults",
    "orbitwatch_archive_files",
    "orbitwatch_archive_write_seconds",
}


def run(spacecraft: str, count: int, start_us: int = 0) -> Runs:
    times_us = np.arange(count) + start_us
    name = ParameterName(spacecraft, "", "p")
    return Runs.of([Samples(name, times_us, np.zeros(count))])


def test_samples_are_counted_by_spacecraft():
    registry = CollectorRegistry()
    metrics = FlowMetrics(registry)
    metrics.telemetry.read(2, [run("A", 3), run("B", 4), run("A", 5)])
    for spacecraft, count in {"A": 8, "B": 4}.items():
        labels = {"spacecraft": spacecraft}
        name = "orbitwatch_telemetry_samples_total"
        assert registry.get_sample_value(name, labels) == count
    assert registry.get_sample_value("orbitwatch_telemetry_poll_messages_sum") == 2
    assert registry.get_sample_value("orbitwatch_telemetry_poll_samples_sum") == 12


def test_event_time_lag_is_the_age_of_the_newest_sample(monkeypatch):
    registry = CollectorRegistry()
    metrics = FlowMetrics(registry)
    metrics.telemetry.read(1, [run("A", 1, start_us=50_000_000)])
    metrics.telemetry.read(1, [run("A", 1, start_us=40_000_000)])
    monkeypatch.setattr("time.time", lambda: 60.0)
    name = "orbitwatch_telemetry_event_time_lag_seconds"
    assert registry.get_sample_value(name, {"spacecraft": "A"}) == 10


def test_a_spacecraft_whose_newest_time_is_not_known_has_a_count_and_no_lag():
    registry = CollectorRegistry()
    FlowMetrics(registry).telemetry.heard_before("A", -(2**63))
    labels = {"spacecraft": "A"}
    lag = "orbitwatch_telemetry_event_time_lag_seconds"
    assert registry.get_sample_value(lag, labels) is None
    samples = "orbitwatch_telemetry_samples_total"
    assert registry.get_sample_value(samples, labels) == 0


def test_invented_spacecraft_do_not_become_labels_without_end(monkeypatch):
    monkeypatch.setattr("connectors.metrics.telemetry.MOST_SPACECRAFT", 2)
    registry = CollectorRegistry()
    metrics = FlowMetrics(registry)
    for number in range(10):
        metrics.telemetry.read(1, [run(f"S{number}", 1)])
    samples = [
        sample
        for family in registry.collect()
        for sample in family.samples
        if sample.name == "orbitwatch_telemetry_samples_total"
    ]
    assert {sample.labels["spacecraft"]: sample.value for sample in samples} == {
        "S0": 1,
        "S1": 1,
        "other": 8,
    }


def told(number: int, change: Literal["opened", "updated", "closed"], severity: str):
    why = Explanation("limits", 31.0, None, None, 30.0, 30.0, "31 is too high.", {})
    name = ParameterName("SAT", "power", f"p{number}")
    return Anomaly(
        str(number),
        name,
        AnomalyChange(change, 1, 0, None, Severity[severity], 1.5, 1, why),
    )


def test_anomalies_are_open_under_their_severity_until_they_close():
    registry = CollectorRegistry()
    metrics = FlowMetrics(registry)

    def open_with(severity: str) -> float | None:
        labels = {"severity": severity}
        return registry.get_sample_value("orbitwatch_anomalies_open", labels)

    assert [open_with(severity) for severity in SEVERITIES] == [0] * 5
    metrics.anomalies.told(told(1, "opened", "WATCH"))
    metrics.anomalies.told(told(2, "opened", "WATCH"))
    metrics.anomalies.told(told(1, "updated", "CRITICAL"))
    assert (open_with("WATCH"), open_with("CRITICAL")) == (1, 1)
    metrics.anomalies.told(told(1, "closed", "CRITICAL"))
    metrics.anomalies.told(told(3, "closed", "SEVERE"))  # of before the start
    assert [open_with(severity) for severity in SEVERITIES] == [1, 0, 0, 0, 0]


def test_anomalies_are_counted_from_zero():
    registry = CollectorRegistry()
    FlowMetrics(registry)
    labels = {"change": "opened", "severity": "SEVERE"}
    assert registry.get_sample_value("orbitwatch_anomalies_total", labels) == 0


def test_dead_letters_are_counted_from_zero_by_every_reason():
    registry = CollectorRegistry()
    metrics = FlowMetrics(registry)
    metrics.telemetry.refused("empty")
    name = "orbitwatch_telemetry_dead_letter_total"
    counts = {
        reason: registry.get_sample_value(name, {"reason": reason})
        for reason in REASONS
    }
    assert counts == dict.fromkeys(REASONS, 0) | {"empty": 1}


def test_values_at_fault_are_counted_by_key_and_reason_up_to_a_bound(monkeypatch):
    monkeypatch.setattr("connectors.metrics.telemetry.MOST_KEYS", 2)
    registry = CollectorRegistry()
    metrics = FlowMetrics(registry)
    for number in range(5):
        metrics.telemetry.fault(Fault(0, f"/SAT/k{number}", "text", 3))
    metrics.telemetry.fault(Fault(0, "/SAT/k0", "rounded"))
    counted = {
        (sample.labels["key"], sample.labels["reason"]): sample.value
        for family in registry.collect()
        for sample in family.samples
        if sample.name == "orbitwatch_telemetry_value_faults_total"
    }
    assert counted == {
        ("/SAT/k0", "text"): 3,
        ("/SAT/k0", "rounded"): 1,
        ("/SAT/k1", "text"): 3,
        ("other", "text"): 9,
    }
    assert {reason for _, reason in counted} <= FAULTS.keys()


def test_severities_are_those_of_the_detectors():
    assert [*SEVERITIES] == [one.name for one in Severity if one]


def test_the_disk_of_the_archive_is_measured_when_asked_for(tmp_path):
    registry = CollectorRegistry()
    metrics = FlowMetrics(registry)
    free, size = (
        f"orbitwatch_archive_disk_{which}_bytes" for which in ("free", "size")
    )
    assert registry.get_sample_value(size) is None
    metrics.archive.disk(tmp_path)
    free_bytes, size_bytes = map(registry.get_sample_value, (free, size))
    assert free_bytes is not None
    assert size_bytes == shutil.disk_usage(tmp_path).total
    assert 0 < free_bytes <= size_bytes


def test_every_metric_is_shown_or_alerted_on_or_known_to_be_for_asking_only():
    """A new one gets a panel, a rule or a line in FOR_ASKING."""
    registry = CollectorRegistry()
    FlowMetrics(registry).archive.disk(PROVISIONING)
    names = {family.name for family in registry.collect()}
    read = [
        *(PROVISIONING / "prometheus" / "rules").glob("*.yml"),
        *(PROVISIONING / "grafana" / "generated").glob("*.json"),
    ]
    used = " ".join(file.read_text() for file in read)
    series = r"(_total|_bucket|_sum|_count)?\b"
    unused = {name for name in names if not re.search(rf"\b{name}{series}", used)}
    assert unused == FOR_ASKING
    assert all(name.startswith("orbitwatch_") for name in names)
