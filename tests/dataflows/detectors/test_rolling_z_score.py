"""The rolling z-score against River, and where textbook formulas fail."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike
from river import stats, utils

from dataflows.detectors.rolling_z_score import RollingZScore


def plain(window: int = 100, **settings) -> RollingZScore:
    settings = {"warm_up_samples": 2, "persistence_samples": 1, **settings}
    return RollingZScore(window_samples=window, range_floor=0.0, **settings)


def run(detector: RollingZScore, values: ArrayLike) -> np.ndarray:
    column = np.asarray(values, np.float64)
    return detector.update(np.arange(len(column)), column)


def bands(detector: RollingZScore, values: np.ndarray) -> tuple[np.ndarray, ...]:
    run(detector, values)
    why: list[Any] = [detector.explain(i) for i in range(2, len(values))]
    mean = np.array([w.expected for w in why])
    return mean, np.array([(w.upper - w.expected) / w.threshold for w in why])


@pytest.mark.parametrize("window", [2, 7, 100])
@pytest.mark.parametrize("offset", [0.0, -300.0])
def test_mean_and_variance_equal_rivers(window, offset):
    values = np.random.default_rng(3).normal(offset, 2.0, 1200)
    river: list[Any] = [utils.Rolling(kind, window) for kind in (stats.Mean, stats.Var)]
    expected = []
    for value in values.tolist():
        expected.append([statistic.get() for statistic in river])
        for statistic in river:
            statistic.update(value)
    river_mean, river_variance = np.array(expected[2:]).T
    mean, deviation = bands(plain(window), values)
    np.testing.assert_allclose(mean, river_mean, rtol=1e-9, atol=1e-9)
    # River's own sums lose some digits where two values of a window nearly agree.
    np.testing.assert_allclose(deviation**2, river_variance, rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize(
    "values",
    [
        np.random.default_rng(1).normal(1e9, 1.0, 3000),
        np.concatenate(
            [np.zeros(500), np.random.default_rng(2).normal(1e9, 10.0, 2500)]
        ),
        np.where(np.arange(3000) % 457 == 3, 1e12, np.sin(np.arange(3000))),
        np.cumsum(np.random.default_rng(4).normal(size=3000)) * 1e-200,
    ],
    ids=["offset", "step", "outliers that leave", "tiny"],
)
def test_sums_stay_accurate(values):
    window = 100
    mean, deviation = bands(plain(window), values)
    for i in range(2, len(values), 7):
        ring = values[max(0, i - window) : i]
        assert mean[i - 2] == pytest.approx(ring.mean(), rel=1e-12, abs=1e-300)
        floor = max(1e-9 * abs(ring.mean()), 1e-12)
        wanted = max(ring.std(ddof=1), floor)
        assert deviation[i - 2] == pytest.approx(wanted, rel=1e-6)


def test_a_constant_channel_that_jumps_is_flagged():
    for settings in ({}, {"learn_anomalies": False}):
        detector = RollingZScore(**settings)
        run(detector, np.full(20_000, 3.3))
        assert run(detector, [3.4])[0] > 1
        assert run(detector, [3.3] * 10)[-1] < 1


def test_numerical_dust_on_a_constant_is_quiet():
    values = np.full(3000, 0.3)
    values[1::2] = 0.1 + 0.2
    values[2000:] = np.nextafter(0.3, 1)
    assert run(RollingZScore(), values).max() < 1


def test_a_single_spike_beyond_the_known_range_is_found_at_once():
    values = np.random.default_rng(5).normal(size=2000)
    values[1500] = 14.0
    scores = run(RollingZScore(), values)
    assert np.flatnonzero(scores >= 1).tolist() == [1500]


def test_a_lasting_excursion_is_found_after_the_persistence():
    values = np.random.default_rng(5).normal(size=1500)
    values[1200:1210] = 7.0
    scores = run(RollingZScore(spike_threshold=100.0, range_floor=0.0), values)
    assert np.flatnonzero(scores >= 1)[0] == 1204


def test_a_short_excursion_below_the_spike_threshold_is_not_told():
    values = np.random.default_rng(5).normal(size=1500)
    values[1200:1204] = 7.0
    assert run(RollingZScore(), values).max() < 1


def test_a_still_stretch_of_a_moving_channel_does_not_make_it_touchy():
    values = np.sin(np.arange(4000) / 50.0)
    values[2000:3500] = values[2000]
    values[3500:] = values[2000] + 0.05 * np.sin(np.arange(500))
    assert run(RollingZScore(), values).max() < 1


def test_a_lasting_new_level_is_learnt_in_the_end():
    values = np.random.default_rng(6).normal(size=5000)
    values[2000:] += 50.0
    detector = RollingZScore(learn_anomalies=False, readapt_after_samples=300)
    scores = run(detector, values)
    assert (scores[2000:2300] >= 1).all()
    assert (scores[3500:] < 1).all()


def test_anomalies_kept_out_do_not_widen_the_band():
    values = np.random.default_rng(6).normal(size=2000)
    values[[1500, 1600]] = 1e6
    kept_out = run(RollingZScore(learn_anomalies=False), values)
    learnt = run(RollingZScore(), values)
    assert kept_out[1600] > 1000
    assert learnt[1600] < kept_out[1600]


def test_the_explanation_gives_the_band_that_was_crossed():
    values = np.tile([1.0, 3.0], 500)
    detector = RollingZScore()
    run(detector, np.append(values, 30.0))
    why = detector.explain(1000)
    assert why.expected == pytest.approx(2.0)
    assert why.upper == pytest.approx(12.005, abs=1e-3)
    assert why.threshold == 10.0
    assert why.text == (
        "30 is 28.0 standard deviations above the mean of the last 1000 samples (2)."
    )
    assert detector.explain(3).text == "Scores start after 100 samples, not 3."


def test_extremes_are_clipped_before_they_overflow():
    detector = plain(10)
    values = np.tile([1e308, -1e308, 5e-324, 0.0], 20)
    assert np.isfinite(run(detector, values)).all()
    assert np.isfinite(run(detector, np.random.default_rng(0).normal(size=50))).all()


def test_a_warm_up_longer_than_the_window_is_refused():
    with pytest.raises(ValueError, match="warm_up_samples is more than window_samples"):
        RollingZScore(window_samples=50)
