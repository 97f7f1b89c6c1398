"""The verdict: blind to nothing that a fault could do."""

from collections import Counter
from collections.abc import Set
from dataclasses import replace

import pytest

from tests.faults.stored import Finding, Stored
from tests.faults.telemetry import Sample
from tests.faults.verdict import judgement, presence, telling

SAMPLES = [Sample("/SAT/power/v", time_us, 1.5) for time_us in range(5)]
STORED = Stored(
    samples=dict.fromkeys(SAMPLES, (b"score", 0)),
    anomalies={Finding("/SAT/power/v", 2, ("id-1", "why"))},
    expected={Finding("/SAT/power/v", 0, (b"low", b"high"))},
    revisions={Finding("/SAT/power/v", 2, ("id-1", 3))},
)
LATER = Finding("/SAT/power/v", None, ("id-2", "why"))


def faults_of(found: list[Sample]) -> list[str]:
    return [
        f"{fault.count} {fault.what}"
        for fault in presence("archive", SAMPLES, Counter(found))
    ]


def test_what_is_all_there_once_is_no_fault():
    assert faults_of(SAMPLES) == []


def test_a_lost_sample_is_seen():
    assert faults_of(SAMPLES[1:]) == ["1 samples lost in the archive"]


def test_a_doubled_sample_is_seen():
    assert faults_of([*SAMPLES, SAMPLES[2]]) == ["1 samples doubled in the archive"]


def test_a_sample_with_another_value_is_lost_and_was_sent_by_nobody():
    changed = replace(SAMPLES[0], value=1.5000000000000002)
    assert faults_of([changed, *SAMPLES[1:]]) == [
        "1 samples lost in the archive",
        "1 samples that nobody sent in the archive",
    ]


def judged(disturbed: Stored, judged_anew: Set[Sample] = frozenset()) -> list[str]:
    return [
        f"{fault.count} {fault.what}"
        for fault in judgement(disturbed, STORED, judged_anew)
    ]


def test_the_same_judgement_is_no_fault():
    assert judged(STORED) == []


@pytest.mark.parametrize("verdict", [(b"scorE", 0), (b"score", 1), (None, 0)])
def test_another_score_or_severity_is_seen(verdict: tuple[object, ...]):
    other = replace(STORED, samples={**STORED.samples, SAMPLES[0]: verdict})
    assert judged(other) == ["1 samples with another score or severity"]
    assert judged(other, {*SAMPLES[1:]}) == ["1 samples with another score or severity"]
    assert judged(other, {SAMPLES[0]}) == []


def test_an_anomaly_more_or_less_is_seen():
    more = replace(STORED, anomalies=STORED.anomalies | {LATER})
    assert judged(more) == ["1 anomalies that the undisturbed run lacks"]
    less = replace(STORED, anomalies=set())
    assert judged(less) == ["1 anomalies of the undisturbed run only"]


def test_findings_are_compared_that_were_over_before_a_sample_was_judged_anew():
    less = replace(STORED, anomalies=set())
    assert judged(less, {SAMPLES[3]}) == ["1 anomalies of the undisturbed run only"]
    assert judged(less, {SAMPLES[2]}) == []
    assert judged(less, {Sample("/SAT/power/w", 0, 1.5)}) != []


def test_findings_that_go_on_while_samples_are_judged_anew_are_not_compared():
    more = replace(STORED, anomalies=STORED.anomalies | {LATER})
    assert judged(more, {SAMPLES[3]}) == []


def test_an_expected_range_that_differs_is_seen():
    other = {Finding("/SAT/power/v", 0, (b"low", b"higher"))}
    assert judged(replace(STORED, expected=other)) == [
        "1 expected ranges that the undisturbed run lacks",
        "1 expected ranges of the undisturbed run only",
    ]


@pytest.mark.parametrize("told", [{}, {"id-1": 2}, {"id-1": 4}])
def test_an_anomaly_told_otherwise_than_stored_is_seen(told: dict[str, int]):
    assert [fault.count for fault in telling(STORED, told)] == [1]


def test_an_anomaly_told_as_stored_is_no_fault():
    assert [*telling(STORED, {"id-1": 3, "of before": 9})] == []
