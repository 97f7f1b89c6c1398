"""The exponentially weighted z-score against River's mean and variance."""

import math

import numpy as np
import pytest
from river import stats

from dataflows.detectors.weighted_z_score import WeightedZScore


def run(detector: WeightedZScore, values: np.ndarray) -> np.ndarray:
    return detector.update(np.arange(len(values)), values)


def means_and_variances(values: np.ndarray, tau: float) -> np.ndarray:
    """Return both as learnt before each sample, from the third on."""
    detector = WeightedZScore(tau_samples=tau, warm_up_samples=2, range_floor=0.0)
    run(detector, values)
    return np.array([detector._bands[1, 2:], detector._bands[2, 2:] ** 2])


def rivers(values: np.ndarray, tau: float, first: list[float]) -> np.ndarray:
    fading = -math.expm1(-1 / tau)
    mean = stats.EWMean(fading_factor=fading)
    variance = stats.EWVar(fading_factor=fading)
    found = []
    for value in first + values[:-1].tolist():
        mean.update(value)
        variance.update(value)
        found.append((mean.get(), variance.get()))
    return np.array(found[len(first) + 1 :]).T


@pytest.mark.parametrize("tau", [5.0, 80.0, 1000.0])
def test_once_the_first_sample_has_faded_they_are_rivers(tau):
    values = np.random.default_rng(4).normal(3.0, 0.5, 20_000)
    late = int(36 * tau)  # e**-36 is beyond the last digit
    if late > 15_000:
        values = np.tile(values, 4)
    np.testing.assert_allclose(
        means_and_variances(values, tau)[:, late:],
        rivers(values, tau, [])[:, late:],
        rtol=1e-9,
    )


@pytest.mark.parametrize("tau", [5.0, 1000.0])
def test_from_the_start_they_are_rivers_with_weights_that_sum_to_one(tau):
    values = np.random.default_rng(4).normal(3.0, 0.5, 3000)
    # After a 0, River's sums are those of the samples alone; their weights are known.
    mean, variance = rivers(values, tau, [0.0])
    weights = -np.expm1(-np.arange(2, len(values)) / tau)
    squares = (variance + mean**2) / weights
    mean = mean / weights
    found = means_and_variances(values, tau)
    np.testing.assert_allclose(found[0], mean, rtol=1e-9)
    np.testing.assert_allclose(found[1], squares - mean**2, rtol=1e-7)


def test_a_small_variance_on_a_big_offset_survives():
    values = np.random.default_rng(4).normal(size=5000)
    near = means_and_variances(values, 200.0)
    far = means_and_variances(values * 1e-3 + 1e6, 200.0)
    np.testing.assert_allclose(far[1], np.maximum(near[1] * 1e-6, 1e-6), rtol=1e-4)


def test_a_lasting_excursion_scores_one_at_the_threshold():
    values = np.random.default_rng(5).normal(size=3000)
    detector = WeightedZScore(persistence_samples=3)
    assert (run(detector, values) < 1).all()
    scores = run(detector, np.full(3, 8.0))
    assert scores[0] < 1
    assert scores[1] < 1
    assert scores[2] >= 1
    assert detector.explain(2).expected == pytest.approx(0.0, abs=0.2)


def test_what_happened_long_ago_is_forgotten():
    rng = np.random.default_rng(6)
    detector = WeightedZScore(tau_samples=100.0)
    run(detector, rng.normal(0.0, 1.0, 2000))
    scores = run(detector, rng.normal(50.0, 1.0, 2000))
    assert scores[:10].max() >= 1
    assert (scores[1000:] < 1).all()


def test_anomalies_are_left_out_until_they_last():
    detector = WeightedZScore(learn_anomalies=False, readapt_after_samples=50)
    run(detector, np.random.default_rng(6).normal(size=2000))
    scores = run(detector, np.full(1000, 30.0))
    assert (scores[2:52] >= 1).all()
    assert scores[-1] < 1


def test_explanations_tell_the_band():
    detector = WeightedZScore(range_floor=0.0, persistence_samples=1)
    run(detector, np.random.default_rng(7).normal(10.0, 1.0, 20_000))
    run(detector, np.array([4.0]))
    why = detector.explain(0)
    assert why.lower == pytest.approx(6.0, abs=0.5)
    assert why.upper == pytest.approx(14.0, abs=0.5)
    assert "standard deviations below the fading mean" in why.text
    fresh = WeightedZScore()
    run(fresh, np.ones(1))
    assert fresh.explain(0).text == "Scores start after 100 samples, not 0."
