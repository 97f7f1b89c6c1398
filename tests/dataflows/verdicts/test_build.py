"""A watch is built from configuration, or the mistake is named."""

import importlib
import pkgutil

import pytest

import dataflows.detectors
from dataflows.detectors.half_space_trees import HalfSpaceTrees
from dataflows.detectors.limits import Limits
from dataflows.detectors.registry import BY_DEFAULT, DETECTORS, DRIFT_DETECTORS
from dataflows.detectors.rolling_z_score import RollingZScore
from dataflows.verdicts.build import build_staleness, build_watch
from dataflows.verdicts.watch import ParameterWatch


def names(watch: ParameterWatch) -> list[str]:
    return [detector.name for detector in watch.panel.detectors]


def test_every_module_with_a_detector_of_its_name_can_be_set():
    """A new one is added to DETECTORS or DRIFT_DETECTORS."""
    found = {
        module.name
        for module in pkgutil.iter_modules(dataflows.detectors.__path__)
        for kind in vars(
            importlib.import_module(f"dataflows.detectors.{module.name}")
        ).values()
        if isinstance(kind, type) and getattr(kind, "name", None) == module.name
    }
    assert found == {Limits.name, *DETECTORS, *DRIFT_DETECTORS}


def test_a_parameter_nobody_described_is_watched_by_the_default():
    watch = build_watch(None, {})
    assert names(watch) == ["limits", *BY_DEFAULT]
    assert watch.drifts == ()
    assert watch.episodes.close_after_samples == 30
    assert build_staleness({}) is None


def test_a_detector_that_is_mentioned_is_used():
    names_of_all = (*DETECTORS, *DRIFT_DETECTORS, "staleness")
    settings: dict[str, dict[str, object]] = {name: {} for name in names_of_all}
    settings["rate_of_change"] = {"highest_per_second": 1.0}
    settings["impossible_value"] = {"lowest": 0.0}
    watch = build_watch(None, {**settings, "rolling_z_score": {"enabled": False}})
    assert names(watch) == ["limits", *(n for n in DETECTORS if n != "rolling_z_score")]
    assert [drift.name for drift in watch.drifts] == list(DRIFT_DETECTORS)
    assert build_staleness(settings) is not None


def test_the_default_can_be_switched_off():
    settings = {name: {"enabled": False} for name in BY_DEFAULT}
    assert names(build_watch(None, settings)) == ["limits"]


def test_limits_can_be_given_persistence_and_a_deadband():
    settings = {"limits": {"raise_after_samples": 3, "deadband": 0.1}}
    watch = build_watch(Limits(1.0, 2.0), settings)
    assert (watch.limits.soft_low, watch.limits.raise_after_samples) == (1.0, 3)


def test_settings_reach_the_detectors():
    limits = Limits(soft_high=3.0)
    watch = build_watch(
        limits,
        {
            "rolling_z_score": {"threshold": 4},
            "record_envelope": {"enabled": False},
            "episodes": {"close_after_samples": 20},
        },
    )
    _, detector = watch.panel.detectors
    assert isinstance(detector, RollingZScore)
    assert detector.threshold == 4.0
    assert watch.limits.soft_high == 3.0
    assert watch.episodes.close_after_samples == 20


def test_sections_may_be_empty_and_lists_are_pairs():
    watch = build_watch(
        None, {"rolling_z_score": None, "half_space_trees": {"limits": [0, 1]}}
    )
    trees = watch.panel.detectors[-1]
    assert isinstance(trees, HalfSpaceTrees)
    assert trees.limits == (0.0, 1.0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"z_score": {}},
            "unknown detector 'z_score'; known: adwin, .*, rolling_z_score, stale",
        ),
        (
            {"rolling_z_score": {"treshold": 5}},
            "unknown setting 'treshold' of rolling_z_score; known: .*, threshold, warm",
        ),
        (
            {"rolling_z_score": {"threshold": "5"}},
            "rolling_z_score.threshold must be a number from 0.1 to 1e\\+06, not '5'",
        ),
        (
            {"half_space_trees": {"n_trees": 0}},
            "half_space_trees.n_trees must be a whole number from 1 to 200, not 0",
        ),
        ({"episodes": {"close": 1}}, "unknown setting 'close' of episodes"),
        ({"episodes": {"close_after_samples": 0}}, "episodes.close_after_samples must"),
        ({"rolling_z_score": {"enabled": "no"}}, "enabled must be true or false"),
        ({"votes": {"needed": 2}}, "votes.needed is 2, but .* only 1 learn"),
        ({"votes": {"needed": 0}}, "votes.needed must be a whole number"),
        ({"limits": {"soft_low": 1.0}}, "unknown setting 'soft_low' of limits"),
        ({"staleness": {"after_seconds": 0}}, "staleness.after_seconds must be"),
        ({"rolling_z_score": 5}, "rolling_z_score must be settings by name, not 5"),
        (
            {"rolling_z_score": {"window_samples": 9000}},
            "would keep .* more than 65536",
        ),
    ],
)
def test_a_mistake_is_named(settings, message):
    with pytest.raises(ValueError, match=message):
        build_watch(None, settings)


def test_a_disabled_detector_is_checked_all_the_same():
    with pytest.raises(ValueError, match="unknown setting 'x'"):
        build_watch(None, {"half_space_trees": {"enabled": False, "x": 1}})
