"""A quantile of a score's own past, and thresholds over other detectors."""

import numpy as np
import pytest

from dataflows.detectors import Detector
from dataflows.detectors.half_space_trees import HalfSpaceTrees
from dataflows.detectors.peaks_over_threshold import PeaksOverThreshold
from dataflows.detectors.rethreshold import Rethreshold
from dataflows.detectors.rolling_z_score import RollingZScore
from dataflows.detectors.snapshot import SnapshotError
from dataflows.detectors.tracked_quantile import TrackedQuantile


def run(detector: Detector, values: np.ndarray) -> np.ndarray:
    return detector.update(np.arange(len(values)), values)


@pytest.mark.parametrize("quantile", [0.9, 0.99, 0.999])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_the_threshold_is_numpys_quantile_within_a_bin(quantile, scale):
    values = np.random.default_rng(1).exponential(scale, 50_000)
    detector = TrackedQuantile(quantile=quantile)
    run(detector, values)
    threshold = detector.explain(49_999).threshold
    assert threshold == pytest.approx(np.quantile(values, quantile), rel=0.05)


def test_a_score_is_the_share_of_the_threshold():
    detector = TrackedQuantile()
    run(detector, np.random.default_rng(1).exponential(1.0, 5000))
    threshold = detector.explain(4999).threshold
    assert threshold is not None
    assert detector.score_one(3 * threshold) == pytest.approx(3.0, rel=0.1)


def test_what_is_flagged_is_as_rare_as_asked():
    values = np.random.default_rng(1).exponential(1.0, 300_000)
    scores = run(TrackedQuantile(quantile=0.99), values)
    assert (scores[100_000:] >= 1).mean() == pytest.approx(0.01, rel=0.2)


def test_the_threshold_is_never_below_the_least():
    detector = TrackedQuantile(least_threshold=2.0)
    run(detector, np.random.default_rng(1).random(5000))
    assert detector.explain(4999).threshold == pytest.approx(2.0)


def test_it_waits_for_enough_values():
    detector = TrackedQuantile(warm_up_samples=50)
    assert not run(detector, np.arange(50.0)).any()
    assert "Too few samples" in detector.explain(49).text


def test_a_threshold_over_trees_flags_what_they_find_odd():
    rng = np.random.default_rng(3)
    trees = HalfSpaceTrees(quantile=None)
    spot = PeaksOverThreshold(depth_samples=0, two_sided=False, persistence_samples=1)
    detector = Rethreshold(trees, spot, skip_samples=500)
    run(detector, np.sin(np.arange(5000) / 30.0) + rng.normal(0, 0.05, 5000))
    assert run(detector, np.array([9.0]))[0] >= 1
    why = detector.explain(0)
    assert why.detector == "half_space_trees over peaks_over_threshold"
    assert "As a score" in why.text


def test_scores_of_the_warm_up_are_not_shown_to_the_threshold():
    values = np.random.default_rng(3).normal(size=400)
    alone = TrackedQuantile(warm_up_samples=50)
    detector = Rethreshold(RollingZScore(), TrackedQuantile(warm_up_samples=50), 150)
    found = run(detector, values)
    assert not found[:150].any()
    raw = run(RollingZScore(), values)
    np.testing.assert_array_equal(found[150:], run(alone, raw[150:]))


def test_a_two_sided_threshold_over_scores_is_refused():
    with pytest.raises(ValueError, match="two_sided: false"):
        Rethreshold(RollingZScore(), PeaksOverThreshold())


def test_a_snapshot_with_a_broken_part_changes_neither():
    detector = Rethreshold(RollingZScore(), TrackedQuantile())
    other = Rethreshold(RollingZScore(), TrackedQuantile(quantile=0.9))
    run(detector, np.random.default_rng(3).normal(size=400))
    before = detector.snapshot()
    with pytest.raises(SnapshotError, match="settings"):
        detector.restore(other.snapshot())
    assert detector.snapshot() == before
