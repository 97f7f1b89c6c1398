"""Detectors that keep anomalies out learn the next normal sample, and what lasts."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from dataflows.detectors.array_detector import ArrayDetector
from dataflows.detectors.half_space_trees import HalfSpaceTrees
from dataflows.detectors.rolling_median import RollingMedian
from dataflows.detectors.rolling_z_score import RollingZScore
from dataflows.detectors.weighted_z_score import WeightedZScore

READAPT = 4
KEPT_OUT: dict[str, Any] = {"learn_anomalies": False, "readapt_after_samples": READAPT}
AT_ONCE: dict[str, Any] = {"persistence_samples": 1, **KEPT_OUT}

DETECTORS: dict[str, Callable[[], ArrayDetector]] = {
    "rolling_z_score": lambda: RollingZScore(**AT_ONCE),
    "weighted_z_score": lambda: WeightedZScore(**AT_ONCE),
    "rolling_median": lambda: RollingMedian(
        window_samples=1000, warm_up_samples=100, **AT_ONCE
    ),
    "half_space_trees": lambda: HalfSpaceTrees(
        window_samples=100, quantile=None, **KEPT_OUT
    ),
}
LEARNT = 0
"""Where the kernels have how many samples were learnt."""


def learnt(detector: ArrayDetector, value: float) -> tuple[bool, bool]:
    """Whether the next sample is an anomaly, and whether it is learnt."""
    before = detector.state[0][LEARNT]
    [score] = detector.update(np.zeros(1, np.int64), np.array([value]))
    return bool(score >= 1), bool(detector.state[0][LEARNT] > before)


@pytest.fixture(params=DETECTORS)
def detector(request: pytest.FixtureRequest) -> ArrayDetector:
    """A detector that knows values about 0."""
    made, values = DETECTORS[request.param](), np.tile([-1, -0.5, 0, 0.5, 1], 100)
    assert (made.update(np.arange(500), values) < 1).all()
    return made


def test_the_first_normal_sample_after_an_anomaly_is_learnt(detector: ArrayDetector):
    assert learnt(detector, 50.0) == (True, False)
    assert learnt(detector, 0.5) == (False, True)
    assert learnt(detector, 50.0) == (True, False)


def test_as_many_anomalies_in_a_row_as_set_are_kept_out_and_then_no_more(
    detector: ArrayDetector,
):
    found = [learnt(detector, 50.0) for _ in range(READAPT + 1)]
    assert found == [(True, False)] * READAPT + [(True, True)]


def test_a_normal_sample_among_anomalies_has_them_counted_anew(
    detector: ArrayDetector,
):
    for _ in range(3):
        for _ in range(READAPT):
            assert learnt(detector, 50.0) == (True, False)
        assert learnt(detector, 0.5) == (False, True)
