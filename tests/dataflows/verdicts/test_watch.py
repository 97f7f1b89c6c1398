"""A parameter is watched by detectors and limits together."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.messages.findings import Severity
from dataflows.detectors.limits import Limits
from dataflows.state.snapshot import SnapshotError
from dataflows.verdicts.build import build_watch
from dataflows.verdicts.watch import ParameterWatch

SMALL = {
    "rolling_z_score": {"window_samples": 60, "warm_up_samples": 10},
    "half_space_trees": {"window_samples": 30, "n_trees": 4, "height": 5},
    "episodes": {"close_after_samples": 5},
}


def watch(limits: Limits | None = None) -> ParameterWatch:
    return build_watch(limits or Limits(-8.0, 8.0, -20.0, 20.0), SMALL)


def stream() -> tuple[np.ndarray, np.ndarray]:
    """Return times with late and repeated samples, and values of all kinds."""
    rng = np.random.default_rng(21)
    values = rng.normal(size=600)
    values[300:320] += 9.0
    values[[150, 400]] = [40.0, -1e308]
    values[[50, 151, 410]] = [np.nan, np.inf, 15.0]
    times = np.arange(600) * 1_000_000
    times[[100, 305, 410]] = times[[20, 304, 399]]
    return times, values


def run_cut(cuts: list[int], restart: bool = False):
    times, values = stream()
    current, verdicts = watch(), []
    for start, end in pairwise([0, *sorted(cuts), len(values)]):
        verdicts.append(current.update(times[start:end], values[start:end]))
        if restart:
            resumed = watch()
            resumed.restore(current.snapshot())
            current = resumed
    return (
        np.concatenate([verdict.scores for verdict in verdicts]).tobytes(),
        np.concatenate([verdict.severities for verdict in verdicts]).tobytes(),
        [change for verdict in verdicts for change in verdict.changes],
        sum(verdict.late for verdict in verdicts),
        current.snapshot(),
    )


@given(cuts=st.lists(st.integers(0, 600), max_size=6), restart=st.booleans())
@settings(max_examples=40, deadline=None)
def test_cuts_and_restarts_do_not_matter(cuts, restart):
    assert run_cut(cuts, restart) == run_cut([])


def test_one_sample_at_a_time_gives_the_same_anomalies():
    assert run_cut(list(range(1, 600))) == run_cut([])


def test_the_combined_score_is_the_highest():
    times, values = stream()
    on_time = np.arange(100)
    limits = Limits(-8.0, 8.0, -20.0, 20.0)
    combined = watch().update(times[on_time], values[on_time])
    alone = watch(limits).panel.detectors
    each = [d.update(times[on_time], values[on_time]) for d in alone]
    np.testing.assert_array_equal(combined.scores, np.max(each, axis=0))
    assert np.isnan(combined.scores[50])
    assert combined.severities[50] == Severity.IN_LIMITS


def test_a_hard_limit_is_critical_and_explained_as_such():
    verdict = watch().update(np.arange(60), np.append(np.linspace(0, 1, 59), 30.0))
    (change,) = verdict.changes
    assert verdict.severities[-1] == change.severity == Severity.CRITICAL
    assert change.explanation.detector == "limits"
    assert change.explanation.text == "30 is above the hard limit 20."


def test_a_learned_anomaly_within_limits_is_explained_by_its_detector():
    calm = np.random.default_rng(0).normal(0.0, 0.01, 200)
    verdict = watch().update(np.arange(201), np.append(calm, 5.0))
    assert verdict.changes[0].explanation.detector == "rolling_z_score"
    assert verdict.severities[-1] == Severity.DISTRESS


def test_late_samples_are_judged_by_limits_alone():
    current = watch()
    current.update(np.arange(200), np.random.default_rng(0).normal(size=200))
    before = [part.snapshot() for part in current._parts()]
    verdict = current.update(np.array([199, 5, -7]), np.array([0.0, 30.0, np.nan]))
    assert verdict.late == 3
    assert verdict.scores[:2].tolist() == [0.0, 2.0]
    assert np.isnan(verdict.scores[2])
    assert verdict.severities.tolist() == [0, Severity.CRITICAL, 0]
    assert verdict.changes == ()
    assert [part.snapshot() for part in current._parts()] == before


def test_a_late_sample_amid_others_does_not_shift_the_explanation():
    current = ParameterWatch([], Limits(soft_high=8.0))
    verdict = current.update(np.array([10, 20, 5, 30]), np.array([0.0, 1.0, 99.0, 9.0]))
    assert verdict.changes[0].explanation.observed == 9.0
    assert verdict.late == 1


def test_context_is_cut_with_the_samples():
    class Recorder:
        name = "recorder"

        def update(self, times_us, values, context=None):
            assert len(times_us) == len(values)
            assert all(len(column) == len(values) for column in context.values())
            self.seen = context
            return np.zeros(len(values))

    recorder: Any = Recorder()
    times, column = np.array([10, 5, 20]), np.array([1.0, 2.0, 3.0])
    ParameterWatch([recorder]).update(times, np.zeros(3), {"heater": column})
    assert recorder.seen["heater"].tolist() == [1.0, 3.0]


def test_a_watch_without_anything_judges_nothing():
    verdict = ParameterWatch([]).update(np.arange(3), np.array([1.0, 1e308, np.nan]))
    assert verdict.scores[:2].tolist() == [0.0, 0.0]
    assert verdict.changes == ()


def test_an_empty_batch_changes_nothing():
    current = watch()
    before = current.snapshot()
    verdict = current.update(np.array([], np.int64), np.array([]))
    assert (len(verdict.scores), verdict.changes, verdict.late) == (0, (), 0)
    assert current.snapshot() == before


def test_what_is_no_snapshot_is_refused_and_changes_nothing():
    current = watch()
    current.update(*stream())
    before = current.snapshot()
    for data in (b"", b"rubbish", before[:-3], Limits().snapshot()):
        with pytest.raises(SnapshotError):
            current.restore(data)
    assert current.snapshot() == before


def test_parts_of_other_settings_start_afresh_and_the_rest_goes_on():
    current = watch()
    current.update(*stream())
    settings = {**SMALL, "rolling_z_score": {"threshold": 6}, "adwin": {}}
    other = build_watch(Limits(soft_high=1.0), settings)
    assert other.restore(current.snapshot()) == ["limits", "rolling_z_score", "adwin"]
    assert watch().restore(current.snapshot()) == []


def test_a_clock_that_was_set_back_is_believed_after_a_while():
    current = watch()
    times, values = np.arange(500) * 1_000_000, np.zeros(500)
    current.update(times + 10**15, values)
    values[400:] = 9.0  # beyond the soft limit
    verdict = current.update(times, values)
    assert verdict.late == 99
    assert verdict.changes[0].started_us == 400_000_000


def test_a_single_sample_far_ahead_does_not_blind_for_ever():
    current = watch()
    times, values = np.arange(2_000) * 1_000_000, np.zeros(2_000)
    values[1_000:] = 9.0
    times[10] += 80_000_000_000
    assert len(current.update(times, values).changes) > 0


def test_repeated_samples_are_late_however_many():
    current = watch()
    times, values = np.arange(50) * 1_000_000, np.zeros(50)
    current.update(times, values)
    for _ in range(10):
        assert current.update(times, values).late == 50


@given(st.lists(st.integers(0, 400), max_size=6))
@settings(max_examples=20, deadline=None)
def test_cuts_do_not_move_the_time_base(cuts):
    values = np.sin(np.arange(400.0))
    times = np.r_[np.arange(150) + 1_000, np.arange(250)] * 1_000_000
    whole = watch().update(times, values)
    current = watch()
    parts = [
        current.update(t, v)
        for t, v in zip(
            np.split(times, sorted(cuts)), np.split(values, sorted(cuts)), strict=True
        )
    ]
    scores = np.concatenate([part.scores for part in parts])
    assert scores.tobytes() == whole.scores.tobytes()
    assert sum(part.late for part in parts) == whole.late == 99


def test_the_default_watch_fits_its_snapshot_into_32_kb():
    current = build_watch(Limits(-1.0, 1.0), {})
    current.update(*stream())
    assert len(current.snapshot()) < 32 * 1024
