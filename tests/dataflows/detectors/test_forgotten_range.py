"""All detectors that know a range forget it alike, over some 12000 samples.

A kernel's constants stand in its file, so each has a copy of how it forgets.
"""

from collections.abc import Callable

import numpy as np
import pytest

from dataflows.detectors.array_detector import ArrayDetector
from dataflows.detectors.half_space_trees import HalfSpaceTrees
from dataflows.detectors.record_envelope import RecordEnvelope
from dataflows.detectors.recursive_least_squares_kernel import HIGH, LOW
from dataflows.detectors.rolling_median import RollingMedian
from dataflows.detectors.rolling_z_score import RollingZScore
from dataflows.detectors.stuck_value import StuckValue
from dataflows.detectors.weighted_z_score import WeightedZScore

FORGOTTEN_SAMPLES = 12_000


def run(detector: ArrayDetector, values: np.ndarray) -> np.ndarray:
    """Return all that the kernel wrote of the values, a column each."""
    detector.update(np.arange(len(values)) * 1_000_000, values)
    return detector._bands


def by_deviation(
    kind: Callable[..., ArrayDetector],
) -> Callable[[np.ndarray], np.ndarray]:
    """The range is the least deviation, which is larger than the true one."""
    return lambda values: run(kind(range_floor=1.0, warm_up_samples=2), values)[2]


def by_trees(values: np.ndarray) -> np.ndarray:
    low, high = run(HalfSpaceTrees(n_trees=1, height=1), values)[-2:]
    width: np.ndarray = high - low
    return width


def by_envelope(values: np.ndarray) -> np.ndarray:
    """The envelope of the value itself, in which only what is old is taken in."""
    detector = RecordEnvelope(prescaled=True, blind_samples=2, veto_samples=1)
    run(detector, values)
    lower, upper = detector.expected_band()
    return (upper - lower) / (1 + 2 * detector.threshold)


AT_ONCE: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "rolling_z_score": by_deviation(RollingZScore),
    "weighted_z_score": by_deviation(WeightedZScore),
    "rolling_median": by_deviation(RollingMedian),
    "half_space_trees": by_trees,
}


def inside(within: float, count: int = FORGOTTEN_SAMPLES) -> np.ndarray:
    """Values from -1 to 1, and then only from the middle of that."""
    values = np.random.default_rng(12).uniform(-within, within, count)
    values[:2] = -1.0, 1.0
    return values


@pytest.mark.parametrize(
    "widths_of", [*AT_ONCE.values(), by_envelope], ids=[*AT_ONCE, "record_envelope"]
)
def test_a_range_that_is_not_reached_again_is_forgotten_over_12000_samples(widths_of):
    kept = 1 - 1 / FORGOTTEN_SAMPLES
    widths = widths_of(inside(0.3))[2:]
    expected = 2 * kept ** np.arange(len(widths))
    np.testing.assert_allclose(widths, expected, rtol=0, atol=1e-8)
    assert expected[-1] == pytest.approx(2 / np.e, rel=1e-3)


@pytest.mark.parametrize("widths_of", AT_ONCE.values(), ids=AT_ONCE)
def test_a_range_forgets_what_is_not_reached_and_takes_in_what_is(widths_of):
    values = inside(0.5, 30_000)
    low, high, expected = values[0], values[0], []
    for value in values.tolist():
        expected.append(high - low)
        leak = (high - low) / (2 * FORGOTTEN_SAMPLES)
        low, high = min(value, low + leak), max(value, high - leak)
    widths = widths_of(values)
    np.testing.assert_allclose(widths[2:], expected[2:], rtol=0, atol=1e-8)
    assert 0.9 < expected[-1] < 1.0


def test_the_filter_forgets_its_range_in_64_samples_as_others_do_in_as_many():
    detector = RecordEnvelope()
    values = inside(0.3)
    values[2] = 1.0  # of the first three, the two that are nearest make the range
    run(detector, values)
    scalars = detector.state[-3]
    times, left = divmod(len(values) - 1, 64)
    expected = 2 * (1 - 64 / FORGOTTEN_SAMPLES) ** times
    assert scalars[HIGH] - scalars[LOW] == pytest.approx(expected, rel=1e-12)
    assert left > 0


@pytest.mark.parametrize(("moving", "is_judged"), [(8_300, False), (8_330, True)])
def test_how_often_a_value_rests_is_forgotten_over_12000_samples(
    moving: int, is_judged: bool
):
    """By half within ln(2) times as many: from then on it does not mostly rest."""
    moves = np.random.default_rng(3).normal(size=moving)
    values = np.concatenate([np.full(50_000, 3.0), moves, np.full(100, 4.0)])
    scores = StuckValue().update(np.arange(len(values)), values)
    assert (scores[-1] > 0) == is_judged
