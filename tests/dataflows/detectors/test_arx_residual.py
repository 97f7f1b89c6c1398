"""ARX residual: what it finds, also beside what the record envelope finds."""

import numpy as np
import pytest

from dataflows.detectors.arx_residual import ArxResidual


def run(detector, values, context=None):
    return detector.update(np.arange(len(values)), np.asarray(values, float), context)


def usual(length: int = 4000, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.sin(np.arange(length) / 20) + 0.02 * rng.normal(size=length)


def test_the_usual_is_quiet():
    assert run(ArxResidual(), usual()).max() < 1


def test_noise_within_the_usual_range_is_found_at_once():
    values = usual()
    values[3000:3060] += 0.3 * np.random.default_rng(1).normal(size=60)
    flagged = np.flatnonzero(run(ArxResidual(), values) >= 1)
    assert 3000 <= flagged[0] <= 3020
    assert flagged[-1] < 3300


def test_nothing_is_told_of_the_first_samples_of_an_epoch():
    detector = ArxResidual()
    run(detector, usual())
    detector.begin_epoch()
    values = usual()
    values[300:360] += 3.0
    assert (run(detector, values)[:750] == 0).all()


def test_the_explanation_gives_prediction_and_threshold():
    values = usual()
    values[3000:3010] += 1.0
    detector = ArxResidual()
    scores = run(detector, values)
    why = detector.explain(int(scores.argmax()))
    assert why.threshold is not None
    assert why.expected == pytest.approx(values[scores.argmax()], abs=2.5)
    assert "is above what is usual" in why.text
    assert "is not unusual" in detector.explain(2000).text
