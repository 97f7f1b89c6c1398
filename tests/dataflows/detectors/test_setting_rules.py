"""Settings from a configuration file, right and wrong."""

import math

import pytest

from dataflows.detectors.setting_rules import Flag, Number, Rules, Span, Whole, check

RULES: Rules = {
    "window": Whole(2, 10),
    "share": Number(0.0, 1.0),
    "quantile": Number(0.0, 1.0, optional=True),
    "learns": Flag(),
    "limits": Span(),
}


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("window", 1, "a whole number from 2 to 10"),
        ("window", 11, "a whole number"),
        ("window", 5.0, "a whole number"),
        ("window", True, "a whole number"),
        ("window", "5", "a whole number"),
        ("share", 1.1, "a number from 0 to 1"),
        ("share", None, "a number from 0 to 1, not None"),
        ("share", math.nan, "a number"),
        ("share", 10**400, "a number"),
        ("quantile", "high", "a number from 0 to 1, or null"),
        ("learns", 1, "true or false"),
        ("limits", [1.0], "two numbers"),
        ("limits", [2.0, 1.0], "two numbers, the lower one first"),
        ("limits", ["a", "b"], "two numbers"),
        ("limits", 3, "two numbers"),
    ],
)
def test_a_wrong_value_is_refused_by_name(name, value, wanted):
    with pytest.raises(ValueError, match=rf"trees\.{name} must be {wanted}"):
        check("trees", RULES, {name: value})


def test_right_values_come_back_in_one_form():
    given = {"window": 2, "share": 1, "quantile": None, "learns": False}
    assert check("trees", RULES, {**given, "limits": [0, 1]}) == {
        **given,
        "limits": (0.0, 1.0),
    }
    assert check("trees", RULES, {"limits": None}) == {"limits": None}


def test_an_unknown_setting_is_refused_with_the_known_ones():
    with pytest.raises(
        ValueError,
        match="unknown setting 'windw' of trees; known: learns, limits, quantile",
    ):
        check("trees", RULES, {"windw": 3})
