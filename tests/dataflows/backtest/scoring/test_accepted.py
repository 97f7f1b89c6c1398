"""Figures that fell, rose or stayed."""

import pytest

from dataflows.backtest.scoring.accepted import Accepted, changes, renewed
from dataflows.backtest.scoring.figures import BETTER, Figures


def figures(**given):
    return Figures(1, 100, 1.0, 1, **given).judged()


@pytest.mark.parametrize(
    ("name", "now", "fallen", "risen"),
    [
        ("f05", 0.78, 0, 0),
        ("f05", 0.77, 1, 0),
        ("f05", 0.82, 0, 0),
        ("f05", 0.83, 0, 1),
        ("f05", None, 1, 0),
        # Of these, less is better.
        ("nominal_in_alarm", 0.83, 1, 0),
        ("nominal_in_alarm", 0.77, 0, 1),
        ("false_alarms_per_channel_day", 0.9, 1, 0),
        ("delay_median_samples", 0.5, 0, 1),
    ],
)
def test_a_figure_may_move_by_its_tolerance(name, now, fallen, risen):
    found = changes(figures(**{name: now}), {name: Accepted(0.8, 0.02)}, BETTER)
    assert [len(lines) for lines in found] == [fallen, risen]
    assert all(line.startswith(name) for lines in found for line in lines)


def test_a_figure_that_is_gone_is_named():
    fallen, _ = changes(figures(), {"recall": Accepted(0.8, 0.1)}, BETTER)
    assert fallen == ["recall fell: nothing, accepted 0.8, tolerance 0.1"]


def test_what_rounding_takes_away_is_no_fall():
    accepted = renewed(figures(f05=2 / 3), {"f05": Accepted(0.1, 0.0)})
    assert accepted == {"f05": Accepted(0.666667, 0.0)}
    assert changes(figures(f05=2 / 3), accepted, BETTER) == ([], [])


def test_a_figure_that_is_gone_stays_accepted():
    accepted = {"recall": Accepted(0.8, 0.1)}
    assert renewed(figures(), accepted) == accepted
