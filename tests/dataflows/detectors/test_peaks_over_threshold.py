"""SPOT and DSPOT: the law they fit, and how often what they flag happens."""

import math

import numpy as np
import pytest
from scipy import stats  # type: ignore[import-untyped]

from dataflows.detectors.peaks_over_threshold import PeaksOverThreshold
from dataflows.detectors.peaks_over_threshold_kernel import (
    SCALARS,
    SCALE,
    SHAPE,
    fit,
)


def run(detector: PeaksOverThreshold, values: np.ndarray) -> np.ndarray:
    return detector.update(np.arange(len(values)), values)


def fitted(peaks: np.ndarray) -> tuple[float, float]:
    tail = np.zeros(SCALARS)
    fit(tail, peaks)
    return float(tail[SHAPE]), float(tail[SCALE])


def log_likelihood(peaks: np.ndarray, shape: float, scale: float) -> float:
    return float(stats.genpareto.logpdf(peaks, shape, scale=scale).sum())


@pytest.mark.parametrize("shape", [-0.4, -0.1, 0.0, 0.2, 0.7])
@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e9])
def test_the_law_is_as_likely_as_the_best_that_scipy_finds(shape, scale):
    rng = np.random.default_rng(3)
    peaks = stats.genpareto.rvs(shape, scale=scale, size=200, random_state=rng)
    found = fitted(peaks)
    best = stats.genpareto.fit(peaks, floc=0.0)
    ours = log_likelihood(peaks, *found)
    theirs = log_likelihood(peaks, best[0], best[2])
    assert ours >= theirs - 0.05
    assert found[0] == pytest.approx(shape, abs=0.25)


@pytest.mark.parametrize(
    "peaks",
    [[1.0], [2.0, 2.0, 2.0], [1e-300, 1e-300], [1e150, 1e-150], [5e-324, 1.0]],
)
def test_peaks_that_no_law_fits_give_a_finite_one(peaks):
    shape, scale = fitted(np.array(peaks))
    assert math.isfinite(shape)
    assert math.isfinite(scale)


@pytest.mark.parametrize("depth", [0, 250])
@pytest.mark.parametrize("probability", [1e-3, 1e-4])
def test_limits_are_crossed_as_often_as_asked(depth, probability):
    rng = np.random.default_rng(8)
    detector = PeaksOverThreshold(
        probability=probability, depth_samples=depth, persistence_samples=1
    )
    run(detector, rng.normal(size=20_000))
    flagged = (run(detector, rng.normal(size=100_000)) >= 1).mean()
    # Two tails, and limits that come out a little low: peaks beyond them are cut.
    assert probability < flagged < 10 * probability


def test_the_limit_is_where_the_score_is_one():
    detector = PeaksOverThreshold(depth_samples=0, persistence_samples=1)
    run(detector, np.random.default_rng(1).normal(10.0, 1.0, 5000))
    why_high = detector.score_one(10.0)
    assert why_high == 0.0
    run(detector, np.array([10.0]))
    why = detector.explain(0)
    assert why.upper is not None
    assert why.lower is not None
    assert detector.score_one(why.upper) == pytest.approx(1.0)
    assert detector.score_one(why.lower) == pytest.approx(1.0)
    assert 13.0 < why.upper < 16.0
    assert 4.0 < why.lower < 7.0


def test_a_drift_that_is_followed_does_not_widen_the_limits():
    rng = np.random.default_rng(2)
    values = rng.normal(size=20_000)
    values[10_000:] += np.linspace(0, 60, 10_000)

    def width(detector: PeaksOverThreshold) -> float:
        assert (run(detector, values) >= 1).mean() < 1e-3
        why = detector.explain(19_999)
        assert why.upper is not None
        assert why.lower is not None
        return why.upper - why.lower

    assert width(PeaksOverThreshold()) < 12
    assert width(PeaksOverThreshold(depth_samples=0)) > 60


def test_a_lasting_level_is_learnt_in_the_end():
    rng = np.random.default_rng(2)
    detector = PeaksOverThreshold(
        depth_samples=0, persistence_samples=1, readapt_after_samples=100
    )
    run(detector, rng.normal(size=3000))
    scores = run(detector, rng.normal(30.0, 1.0, 3000))
    assert (scores[:100] >= 1).all()
    assert (scores[2000:] < 1).all()


def test_one_sided_it_is_silent_about_small_values():
    detector = PeaksOverThreshold(
        depth_samples=0, two_sided=False, persistence_samples=1
    )
    run(detector, np.random.default_rng(1).normal(size=5000))
    assert detector.score_one(-100.0) == 0.0
    assert detector.score_one(100.0) >= 1


def test_a_constant_that_jumps_is_flagged():
    detector = PeaksOverThreshold(persistence_samples=1)
    run(detector, np.full(3000, 5.0))
    assert run(detector, np.array([5.1]))[0] >= 1
    assert "5.1 is above its limit 5," in detector.explain(0).text


def test_the_drift_forgets_an_outlier_without_a_trace():
    detector = PeaksOverThreshold(depth_samples=50, readapt_after_samples=0)
    values = np.random.default_rng(4).normal(size=2000)
    values[1500] = 1e150
    run(detector, values)
    expected = detector.explain(1900).expected
    assert expected == pytest.approx(values[1850:1900].mean(), rel=1e-9)


def test_before_the_calibration_nothing_is_scored():
    detector = PeaksOverThreshold()
    assert not run(detector, np.random.default_rng(1).normal(size=2250)).any()
    assert detector.explain(2249).text.startswith("Too few samples")
