"""Anomalies are matched with the faults that explain them."""

from datetime import UTC, datetime, timedelta

from rich.console import Console

from connectors.messages import ParameterName
from connectors.timescale import LatestAnomaly
from connectors.truth import Injected
from simulators.demo_feed import fault_plan
from simulators.demo_report import (
    LATE_DETECTION,
    Reading,
    Speeds,
    judge,
    live_table,
    status_line,
    summary,
    verdict_table,
)

START = datetime(2024, 1, 1, tzinfo=UTC)
NAME = ParameterName("S", "power", "voltage")


def fault(start_s: float, end_s: float, name: ParameterName = NAME) -> Injected:
    start, end = (START + timedelta(seconds=s) for s in (start_s, end_s))
    return Injected(name, "rail", start, end)


def anomaly(start_s: float, parameter: str = str(NAME)) -> LatestAnomaly:
    started_at = START + timedelta(seconds=start_s)
    return LatestAnomaly(parameter, "WARNING", 2.0, started_at, None, "[odd] text")


def test_an_anomaly_that_starts_during_a_fault_belongs_to_it():
    verdicts, rest = judge([fault(100, 200)], [anomaly(180), anomaly(130)])
    assert rest == []
    assert verdicts[0].delay_s == 30
    assert len(verdicts[0].detections) == 2


def test_detection_may_be_a_little_late_but_not_early():
    late_s = LATE_DETECTION.total_seconds()
    found = [anomaly(99), anomaly(200 + late_s), anomaly(201 + late_s)]
    verdicts, rest = judge([fault(100, 200)], found)
    assert verdicts[0].detections == (found[1],)
    assert rest == [found[0], found[2]]


def test_an_anomaly_of_another_parameter_explains_nothing():
    verdicts, rest = judge([fault(100, 200)], [anomaly(150, "/S/power/current")])
    assert verdicts[0].delay_s is None
    assert len(rest) == 1


def test_the_tables_show_what_is_known():
    verdicts, rest = judge([fault(100, 200), fault(900, 950)], [anomaly(110)])
    speeds = Speeds()
    speeds.add(Reading(1, 1000, 500))
    console = Console(width=80, record=True, file=None, quiet=False)
    with console.capture() as capture:
        console.print(verdict_table(verdicts))
        console.print(live_table(speeds, [anomaly(110)], 12))
    text = capture.get()
    assert "voltage" in text
    assert "WARNING" in text
    assert "[odd] text" in text
    assert "…" not in text.split("Telemetry")[0]
    assert "Detected 1 of 2 injected faults" in summary(verdicts, rest)


def test_lag_is_the_age_of_the_latest_sample_that_is_stored():
    speeds = Speeds()
    for second in range(60):
        speeds.add(Reading(second, 100 * second, max(0, 100 * (second - 2))))
    assert speeds.lag_s == 2
    assert round(speeds.sent_hz) == 100
    assert round(speeds.stored_hz) == 100
    assert "lag 2.0 s" in status_line(speeds, 3)


def test_speeds_remember_a_bounded_number_of_readings():
    speeds = Speeds()
    for index in range(10_000):
        speeds.add(Reading(index / 2, index, index))
    assert len(speeds._readings) < 20


def test_a_short_demo_gets_its_faults_too():
    for seconds in (5, 20, 60, 3600):
        plan = fault_plan(seconds)
        assert plan.warm_up_samples < 150 * seconds
        assert plan.mean_gap_samples >= 300
