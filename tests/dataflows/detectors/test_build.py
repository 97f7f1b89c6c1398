"""A watch is built from configuration, or the mistake is named."""

import pytest

from dataflows.detectors.build import DETECTORS, build_watch
from dataflows.detectors.half_space_trees import HalfSpaceTrees
from dataflows.detectors.limits import Limits
from dataflows.detectors.rolling_z_score import RollingZScore


def test_defaults_watch_with_all_detectors():
    watch = build_watch(None, {})
    assert [detector.name for detector in watch.detectors] == list(DETECTORS)
    assert watch.episodes.close_after_samples == 30


def test_settings_reach_the_detectors():
    limits = Limits(soft_high=3.0)
    watch = build_watch(
        limits,
        {
            "rolling_z_score": {"threshold": 4},
            "half_space_trees": {"enabled": False},
            "episodes": {"close_after_samples": 20},
        },
    )
    (detector,) = watch.detectors
    assert isinstance(detector, RollingZScore)
    assert detector.threshold == 4.0
    assert watch.limits is limits
    assert watch.episodes.close_after_samples == 20


def test_sections_may_be_empty_and_lists_are_pairs():
    watch = build_watch(
        None, {"rolling_z_score": None, "half_space_trees": {"limits": [0, 1]}}
    )
    trees = watch.detectors[1]
    assert isinstance(trees, HalfSpaceTrees)
    assert trees.limits == (0.0, 1.0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"z_score": {}},
            "unknown detector 'z_score'; known: episodes, half_space_trees, rolling_z",
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
        ({"rolling_z_score": 5}, "rolling_z_score must be settings by name, not 5"),
        (
            {"rolling_z_score": {"window_samples": 9000}},
            "would keep .* more than 32768",
        ),
    ],
)
def test_a_mistake_is_named(settings, message):
    with pytest.raises(ValueError, match=message):
        build_watch(None, settings)


def test_a_disabled_detector_is_checked_all_the_same():
    with pytest.raises(ValueError, match="unknown setting 'x'"):
        build_watch(None, {"half_space_trees": {"enabled": False, "x": 1}})
