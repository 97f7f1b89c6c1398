"""What rules have in common: severities, and a stand against bad input."""

from typing import Any

import numpy as np
import pytest

from connectors.messages.findings import Severity
from dataflows.detectors.counter import Counter
from dataflows.detectors.impossible_value import ImpossibleValue
from dataflows.detectors.rate_of_change import RateOfChange
from dataflows.detectors.rolling_z_score import RollingZScore
from dataflows.detectors.stuck_value import StuckValue
from dataflows.verdicts.episodes import Episodes
from dataflows.verdicts.watch import ParameterWatch

SECOND = 1_000_000
YEAR = 365 * 86400 * SECOND
NAN = float("nan")


class Silent(Episodes):
    def update(self, *_):
        return ()


def test_each_detector_tells_how_bad_its_scores_are():
    watch = ParameterWatch([RollingZScore(), ImpossibleValue(highest=100.0)])
    verdict = watch.update(np.arange(3), np.array([1.0, 101.0, 2.0]))
    assert verdict.severities.tolist() == [0, Severity.DISTRESS, 0]
    assert verdict.changes[0].explanation.detector == "impossible_value"


def test_a_higher_score_that_is_less_bad_explains_nothing():
    counter, stuck = Counter(), StuckValue(warm_up_samples=10)
    watch = ParameterWatch([stuck, counter])
    moving = np.arange(40.0) % 13 * 2.0 + np.arange(40.0)
    watch.update(np.arange(40), moving)
    frozen = watch.update(np.arange(40, 55), np.full(15, 1000.0))
    # The run scores 1.5 by then and is on WATCH, the repeat 1 and is a WARNING.
    assert frozen.scores[-1] == 1.5
    assert frozen.severities[-1] == Severity.WARNING
    assert frozen.changes[-1].explanation.detector == "counter"


def test_a_detector_without_a_word_on_severities_is_taken_for_a_learner():
    class Plain:
        name = "plain"

        def update(self, times_us, values, context):
            assert len(times_us) == len(values)
            assert context is None
            return values

    plain: Any = Plain()
    watch = ParameterWatch([plain], episodes=Silent())
    verdict = watch.update(np.arange(4), np.array([0.5, 2.0, 4.0, NAN]))
    assert verdict.severities.tolist() == [0, 2, 3, 0]


BAD = np.array([1e308, -1e308, 5e-324, 0.0, -0.0, np.inf, NAN, 1e308, 1.0])


@pytest.mark.parametrize(
    "detector",
    [
        RateOfChange(highest_per_second=1e-30),
        RateOfChange(highest_rise_per_second=1e150),
        StuckValue(longest_seconds=1e-6),
        StuckValue(),
        Counter(),
        Counter(step=None, modulo=2**53),
        ImpossibleValue(allowed=(5e-324,)),
    ],
    ids=lambda detector: detector.name,
)
@pytest.mark.parametrize("times", [[0] * 9, range(9), range(9, 0, -1), [0, YEAR] * 4])
def test_bad_input_gives_finite_scores_and_no_warning(detector, times):
    times = np.resize(np.array(times), len(BAD))
    scores = detector.update(times, BAD)
    acquired = np.isfinite(BAD)
    assert np.isfinite(scores[acquired]).all()
    assert np.isnan(scores[~acquired]).all()
    assert (scores[acquired] >= 0).all()
    for index in range(len(BAD)):
        assert detector.explain(index).text
