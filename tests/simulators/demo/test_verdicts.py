"""Anomalies are matched with the faults that explain them."""

from datetime import UTC, datetime, timedelta

from connectors.database.overview import LatestAnomaly
from connectors.messages.samples import ParameterName
from connectors.recordings.truth import Injected
from simulators.demo.verdicts import faults_by_anomaly, judge, key

LATE = timedelta(seconds=120)
START = datetime(2024, 1, 1, tzinfo=UTC)
NAME = ParameterName("S", "power", "voltage")


def fault(start_s: float, end_s: float, name: ParameterName = NAME) -> Injected:
    start, end = (START + timedelta(seconds=s) for s in (start_s, end_s))
    return Injected(name, "rail", start, end)


def anomaly(start_s: float, parameter: str = str(NAME)) -> LatestAnomaly:
    started_at = START + timedelta(seconds=start_s)
    return LatestAnomaly(parameter, "WARNING", 2.0, started_at, None, "[odd] text")


def test_an_anomaly_that_starts_during_a_fault_belongs_to_it():
    verdicts, rest = judge([fault(100, 200)], [anomaly(180), anomaly(130)], LATE)
    assert rest == []
    assert verdicts[0].delay_s == 30
    assert len(verdicts[0].detections) == 2


def test_detection_may_be_a_little_late_but_not_early():
    late_s = LATE.total_seconds()
    found = [anomaly(99), anomaly(200 + late_s), anomaly(201 + late_s)]
    verdicts, rest = judge([fault(100, 200)], found, LATE)
    assert verdicts[0].detections == (found[1],)
    assert rest == [found[0], found[2]]


def test_an_anomaly_of_another_parameter_explains_nothing():
    verdicts, rest = judge([fault(100, 200)], [anomaly(150, "/S/power/current")], LATE)
    assert verdicts[0].delay_s is None
    assert len(rest) == 1


def test_an_anomaly_of_a_derived_parameter_belongs_to_the_fault():
    found = [anomaly(110, f"{NAME}_silence"), anomaly(110, f"{NAME}s")]
    verdicts, rest = judge([fault(100, 200)], found, LATE)
    assert verdicts[0].detections == (found[0],)
    assert rest == [found[1]]


def test_an_anomaly_in_two_faults_is_of_the_one_that_began_later():
    first, second = fault(100, 200), fault(210, 300)
    found = anomaly(250)
    verdicts, rest = judge([second, first], [found], LATE)
    assert rest == []
    assert [each.detections for each in verdicts] == [(found,), (found,)]
    assert faults_by_anomaly(verdicts) == {key(found): second}


def test_the_first_anomaly_of_all_that_are_derived_counts():
    found = [anomaly(130), anomaly(110, f"{NAME}_silence"), anomaly(120)]
    verdicts, _ = judge([fault(100, 200)], found, LATE)
    assert verdicts[0].detections == (found[1], found[2], found[0])
    assert verdicts[0].delay_s == 10


def test_every_anomaly_is_either_of_a_fault_or_of_none():
    faults = [fault(1000 * index, 1000 * index + 100) for index in range(50)]
    found = [anomaly(7 * index) for index in range(5000)]
    verdicts, rest = judge(faults, found, LATE)
    told = [each for verdict in verdicts for each in verdict.detections]
    assert sorted([*told, *rest], key=lambda each: each.started_at) == found
    assert all(
        (each.started_at - START).total_seconds() % 1000 <= 100 + LATE.total_seconds()
        for each in told
    )
