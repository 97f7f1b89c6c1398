"""What detectors make of recordings, and what they expected."""

from dataclasses import replace

import numpy as np
import pytest

from connectors.errors import SettingsError
from connectors.files.parameters import (
    Definitions,
    DetectorSet,
    ParameterDefinition,
)
from connectors.messages.samples import ParameterName
from dataflows.backtest.detections import BASELINES, Raised, _band, detect_all
from dataflows.backtest.recordings import Recording
from dataflows.detectors.rolling_z_score import RollingZScore

NAME = ParameterName("S", "p", "v")
Z_SCORE = DetectorSet(
    {"record_envelope": {"enabled": False}, "rolling_z_score": {"warm_up_samples": 50}}
)


def recording(values: np.ndarray, **given) -> Recording:
    return Recording(NAME, np.arange(len(values)) * 1_000_000, values, **given)


@pytest.fixture
def noise() -> np.ndarray:
    return np.random.default_rng(5).normal(size=300)


def test_only_what_is_scored_has_scores_but_all_is_learnt(noise):
    (whole,) = detect_all([recording(noise)], Z_SCORE)
    (later,) = detect_all([recording(noise, scored_from=200)], Z_SCORE)
    assert len(later.scores) == 100
    assert (whole.scores[200:] == later.scores).all()


def test_a_band_begins_after_the_warm_up_and_skips_what_was_not_acquired(noise):
    noise[150] = np.nan
    (found,) = detect_all([recording(noise)], Z_SCORE, with_band=True)
    assert found.band_of == "rolling_z_score"
    unknown = [*range(50), 150]
    assert np.flatnonzero(np.isnan(found.lower)).tolist() == unknown
    assert np.flatnonzero(np.isnan(found.upper)).tolist() == unknown
    inside = (found.lower < noise) & (noise < found.upper)
    assert inside[np.isfinite(found.lower)].all()


def test_a_detector_that_knows_its_band_is_asked_for_it():
    class Banded(RollingZScore):
        def expected_band(self):
            return np.array([1.0]), np.array([2.0])

    lower, upper = _band(Banded(), 1)
    assert (lower.tolist(), upper.tolist()) == ([1.0], [2.0])


def test_a_band_with_holes_is_none():
    class Moody(RollingZScore):
        def explain(self, index):
            why = super().explain(index)
            return replace(why, lower=0.0, upper=None if index % 2 else 1.0)

    detector = Moody()
    detector.update(np.arange(4), np.zeros(4))
    assert np.isnan(_band(detector, 4)).all()


def test_without_a_detector_there_is_no_band(noise):
    nothing = DetectorSet({"record_envelope": {"enabled": False}})
    (found,) = detect_all([recording(noise)], nothing, with_band=True)
    assert found.band_of == ""
    assert np.isnan(found.lower).all()


def test_an_alarm_is_explained_by_its_worst_sample_that_came_in_time():
    values = np.zeros(40)
    values[[10, 20, 21, 30]] = 11, 12, 15, 19
    one = recording(values)
    times_us = one.times_us.copy()
    times_us[[21, 30]] = times_us[[20, 29]]  # as two stations tell the same
    described = ParameterDefinition(
        one.name,
        soft=(None, 10.0),
        hard=(None, 20.0),
        detectors={"record_envelope": {"enabled": False}},
        source="limits.yaml",
    )
    limits = DetectorSet(definitions=Definitions([described]))
    raised = Raised(merge_gap=5)
    (found,) = detect_all([replace(one, times_us=times_us)], limits, raised=raised)
    first, second, third = found.whys
    assert first.text == "11 is above the soft limit 10."
    assert (first.detector, first.observed, first.threshold) == ("limits", 11.0, 10.0)
    assert second.text == "12 is above the soft limit 10."
    assert second.score == found.scores[21] > found.scores[20] >= 1.0
    assert (third.text, third.observed) == ("A late sample is beyond a limit.", None)
    blind = detect_all([one], limits, raised=Raised(5, blind=25))
    assert len(blind[0].whys) == 1


def test_a_new_epoch_is_told_to_the_detectors():
    # Blind at the start of an epoch, the envelope takes the second level for normal.
    values = np.random.default_rng(2).normal(size=3000)
    values[2000:] += 50
    scored = [
        detect_all([recording(values, scored_from=2000, new_epoch=new)], DetectorSet())
        for new in (False, True)
    ]
    (same,), (another,) = scored
    assert same.scores.max() >= 1
    assert another.scores.max() < 1


def test_settings_that_make_no_detectors_name_the_parameter(noise):
    with pytest.raises(SettingsError, match="/S/p/v: unknown detector 'tarot'"):
        detect_all([recording(noise)], DetectorSet({"tarot": {}}))


def test_limits_come_from_a_fifth_where_nothing_lies_before(noise):
    noise[:60] = np.linspace(-1, 1, 60)
    noise[60:] = 1.5
    assert BASELINES["fixed limits"](recording(noise))[60:].all()
    part = recording(noise, scored_from=100)
    assert not BASELINES["fixed limits"](part).any()


@pytest.mark.parametrize("name", BASELINES)
def test_baselines_flag_what_is_scored(name, noise):
    assert len(BASELINES[name](recording(noise, scored_from=120))) == 180
