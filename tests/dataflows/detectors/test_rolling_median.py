"""The rolling median and MAD against numpy on every window, and against River."""

import numpy as np
import pytest
from river import stats

from dataflows.detectors.rolling_median import RollingMedian
from dataflows.detectors.rolling_median_kernel import SIGMAS


def run(detector: RollingMedian, values: np.ndarray) -> np.ndarray:
    return detector.update(np.arange(len(values)), values)


def medians(values: np.ndarray, window: int) -> tuple[np.ndarray, np.ndarray]:
    """Return both as learnt before each sample, from the third on."""
    detector = RollingMedian(
        window_samples=window, warm_up_samples=2, range_floor=0.0, threshold=1.0
    )
    bands = []
    for part in np.array_split(values, 5):
        run(detector, part)
        bands.append(detector._bands)
    whole = np.concatenate(bands, axis=1)[:, 2:]
    return whole[1], whole[2] / SIGMAS


STREAMS = {
    "normal": np.random.default_rng(1).normal(size=3000),
    "few values": np.random.default_rng(2).integers(0, 4, 3000) * 1.5,
    "ramp": np.arange(3000.0),
    "spikes": np.where(np.arange(3000) % 40, 1.0, 1e9)
    + np.random.default_rng(3).random(3000),
    "huge": np.random.default_rng(4).normal(size=3000) * 1e140,
}


@pytest.mark.parametrize("window", [2, 3, 10, 251, 400])
@pytest.mark.parametrize("values", STREAMS.values(), ids=STREAMS)
def test_every_windows_median_and_mad_are_numpys(values, window):
    found, distances = medians(values, window)
    for i in range(2, len(values), 7):
        last = values[max(0, i - window) : i]
        middle = np.median(last)
        distance = np.median(np.abs(last - middle))
        least = max(1e-12, 1e-9 * abs(middle)) / SIGMAS
        assert found[i - 2] == middle
        assert distances[i - 2] == pytest.approx(max(distance, least), rel=1e-14)


def test_the_median_is_rivers():
    values = STREAMS["normal"]
    quantile = stats.RollingQuantile(q=0.5, window_size=251)
    expected = []
    for value in values[:-1].tolist():
        quantile.update(value)
        expected.append(quantile.get())
    found, _ = medians(values, 251)
    np.testing.assert_array_equal(found[249:], expected[250:])


def test_a_restored_window_is_in_order():
    first, second = RollingMedian(), RollingMedian()
    run(first, STREAMS["spikes"])
    second.restore(first.snapshot())
    np.testing.assert_array_equal(second._arrays[2], first._arrays[2])
    assert len(first.snapshot()) < 3000


def test_outliers_do_not_move_it():
    values = np.random.default_rng(5).normal(size=3000)
    values[::10] = 1e6
    detector = RollingMedian(persistence_samples=1)
    run(detector, values)
    why = detector.explain(2999)
    assert why.expected == pytest.approx(0.0, abs=0.5)
    assert why.upper is not None


def test_a_lasting_excursion_scores_one_at_the_threshold():
    detector = RollingMedian(persistence_samples=5, range_floor=0.0)
    run(detector, np.random.default_rng(6).normal(size=3000))
    scores = run(detector, np.full(5, 9.0))
    assert (scores[:4] < 1).all()
    assert scores[4] >= 1
    assert "deviations above the median of the last 251" in detector.explain(4).text


def test_a_warm_up_longer_than_the_window_is_refused():
    with pytest.raises(ValueError, match="warm_up_samples is more than window"):
        RollingMedian(window_samples=50)


def test_before_the_warm_up_there_is_nothing_to_explain():
    detector = RollingMedian()
    run(detector, np.ones(5))
    assert detector.explain(4).text == "Scores start after 100 samples, not 4."
