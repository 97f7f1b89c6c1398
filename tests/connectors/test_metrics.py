"""What is counted, and that labels stay few."""

import numpy as np
from prometheus_client import CollectorRegistry

from connectors import metrics as metrics_module
from connectors.messages import ParameterName, Runs, Samples
from connectors.metrics import FlowMetrics


def run(spacecraft: str, count: int, start_us: int = 0) -> Runs:
    times_us = np.arange(count) + start_us
    name = ParameterName(spacecraft, "", "p")
    return Runs.of([Samples(name, times_us, np.zeros(count))])


def test_samples_are_counted_by_spacecraft():
    registry = CollectorRegistry()
    metrics = FlowMetrics(registry)
    metrics.read(2, [run("A", 3), run("B", 4), run("A", 5)])
    for spacecraft, count in {"A": 8, "B": 4}.items():
        labels = {"spacecraft": spacecraft}
        name = "orbitwatch_telemetry_samples_total"
        assert registry.get_sample_value(name, labels) == count
    assert registry.get_sample_value("orbitwatch_telemetry_poll_messages_sum") == 2
    assert registry.get_sample_value("orbitwatch_telemetry_poll_samples_sum") == 12


def test_event_time_lag_is_the_age_of_the_newest_sample(monkeypatch):
    registry = CollectorRegistry()
    metrics = FlowMetrics(registry)
    metrics.read(1, [run("A", 1, start_us=50_000_000)])
    metrics.read(1, [run("A", 1, start_us=40_000_000)])
    monkeypatch.setattr("time.time", lambda: 60.0)
    name = "orbitwatch_telemetry_event_time_lag_seconds"
    assert registry.get_sample_value(name, {"spacecraft": "A"}) == 10


def test_invented_spacecraft_do_not_become_labels_without_end(monkeypatch):
    monkeypatch.setattr(metrics_module, "MOST_SPACECRAFT", 2)
    registry = CollectorRegistry()
    metrics = FlowMetrics(registry)
    for number in range(10):
        metrics.read(1, [run(f"S{number}", 1)])
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
