"""Values that the thing measured cannot have."""

import numpy as np
import pytest

from connectors.messages.findings import Severity
from dataflows.detectors import Detector
from dataflows.detectors.impossible_value import ImpossibleValue

SECOND = 1_000_000
NAN = float("nan")


def update(detector: Detector, seconds, values) -> list[float]:
    times = np.round(np.array(seconds, np.float64) * SECOND).astype(np.int64)
    scores: list[float] = detector.update(times, np.array(values, np.float64)).tolist()
    return [round(score, 9) for score in scores]


def texts(detector: Detector, count: int) -> list[str]:
    return [detector.explain(index).text for index in range(count)]


def test_bounds_states_and_whole_numbers():
    bounds = ImpossibleValue(lowest=-273.15, highest=1000.0)
    assert update(bounds, range(4), [-274, -273.15, 1000, 1e308]) == [4, 0, 0, 4]
    states = ImpossibleValue(allowed=(0, 1, 3))
    assert update(states, range(4), [0, 2, 3, 0.5]) == [0, 4, 0, 4]
    whole = ImpossibleValue(whole_numbers=True)
    assert update(whole, range(4), [1, -7, 1.5, 5e-324]) == [0, 0, 4, 4]


def test_an_impossible_value_is_distress():
    found = ImpossibleValue(lowest=0.0).severities(np.array([0.0, 4.0, NAN]))
    assert found.tolist() == [0, Severity.DISTRESS, 0]


def test_explanations_say_what_is_possible():
    detector = ImpossibleValue(
        lowest=0.0, highest=20.0, allowed=tuple(range(12)), whole_numbers=True
    )
    update(detector, range(5), [-1, 21, 1.5, 12, 3])
    assert texts(detector, 5) == [
        "-1 is impossible: the lowest possible value is 0.",
        "21 is impossible: the highest possible value is 20.",
        "1.5 is impossible: it is a whole number.",
        "12 is impossible: it is one of 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more.",
        "3 is possible.",
    ]
    assert detector.explain(0).threshold == 0.0


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({}, "impossible_value needs lowest, highest, allowed or whole_numbers"),
        ({"lowest": 2.0, "highest": 1.0}, "lowest is above highest"),
        ({"allowed": []}, "allowed must be a list of 1 to 1000 numbers, or null"),
        ({"allowed": [1, "2"]}, "allowed must be a list of 1 to 1000 numbers"),
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        ImpossibleValue(**wrong)
