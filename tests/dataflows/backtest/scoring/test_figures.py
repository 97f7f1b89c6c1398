"""The figures of several channels, by hand, and what gaming them gives."""

import random

import numpy as np
import pytest

from dataflows.backtest.scoring import Span
from dataflows.backtest.scoring.baselines import always_on
from dataflows.backtest.scoring.events import covered, score_channel
from dataflows.backtest.scoring.figures import Figures, by_spacecraft, f_half, total


def channel(name, raised, labels, spacecraft="SMAP", samples=1000):
    spans = None if labels is None else [Span(*label) for label in labels]
    flags = covered([Span(*one) for one in raised], samples)
    times_us = np.arange(samples) * 60_000_000
    return score_channel(name, spacecraft, flags, times_us, spans)


CHANNELS = [
    channel("A", [(110, 159)], [(100, 199)]),
    channel("B", [(120, 129), (500, 589)], [(100, 199), (800, 899)]),
    channel("C", [], [(300, 399)], "MSL"),
]


def test_all_channels_by_hand():
    figures = total(CHANNELS)
    assert (figures.channels, figures.samples, figures.labels) == (3, 3000, 4)
    assert (figures.alarms, figures.tp, figures.fp, figures.fn) == (3, 2, 1, 2)
    assert figures.precision == pytest.approx(2 / 3)
    assert figures.recall == pytest.approx(2 / 4)
    # 1.25 * 2/3 * 1/2 / (0.25 * 2/3 + 1/2) = 0.416667 / 0.666667
    assert figures.f05 == pytest.approx(0.625)
    # Nominal: 900 + 800 + 900; in alarm: the 90 samples of the false one.
    assert figures.nominal_in_alarm == pytest.approx(90 / 2600)
    precision = 2 / 3 * (1 - 90 / 2600)
    corrected = 1.25 * precision * 0.5 / (0.25 * precision + 0.5)
    assert figures.f05c == pytest.approx(corrected)
    # Delays 10 and 20 samples: the median is 15, nine tenths of the way 19.
    assert figures.delay_median_samples == pytest.approx(15)
    assert figures.delay_p90_samples == pytest.approx(19)
    assert figures.delay_median_s == pytest.approx(900)
    assert figures.delay_p90_s == pytest.approx(1140)
    days = 3000 / 1440
    assert figures.channel_days == pytest.approx(days)
    assert figures.false_alarms_per_channel_day == pytest.approx(1 / days)
    assert figures.alarms_per_channel_day == pytest.approx(3 / days)


def test_the_correction_is_the_one_of_the_study():
    # REN5 on its dev half: P 1.00, R .833, 2.2 % of nominal time: F0.5 .962, F05c .945.
    precision, recall = np.array([1.0, 1.0 * (1 - 0.022)]), np.array([0.833, 0.833])
    assert f_half(precision, recall).round(3).tolist() == [0.961, 0.945]
    # Row 13: P .950, R .704 give F0.5 .888.
    assert f_half(np.array([0.95]), np.array([0.704])).round(3).tolist() == [0.888]


def test_each_spacecraft_has_figures_of_its_own():
    figures = by_spacecraft(CHANNELS)
    assert list(figures) == ["MSL", "SMAP"]
    assert (figures["MSL"].tp, figures["MSL"].fn, figures["MSL"].f05) == (0, 1, 0.0)
    assert figures["SMAP"].recall == pytest.approx(2 / 3)


def test_the_order_of_channels_does_not_matter():
    many = [
        channel(f"P-{n}", [(n, n + 9)], [(n % 7 * 20, n % 7 * 20 + 30)])
        for n in range(30)
    ]
    shuffled = random.Random(1).sample(many, len(many))
    assert total(many) == total(shuffled)


def test_more_channels_like_these_narrow_the_spread():
    def spread(copies):
        many = [
            channel(f"{name}{copy}", raised, [(100, 199)])
            for copy in range(copies)
            for name, raised in (
                ("hit", [(110, 120)]),
                ("miss", []),
                ("wrong", [(5, 5)]),
            )
        ]
        figures = total(many)
        assert figures.f05_spread is not None
        assert figures.f05 is not None
        assert figures.f05_spread.low <= figures.f05 <= figures.f05_spread.high
        return figures.f05_spread.high - figures.f05_spread.low

    assert spread(30) < spread(5)


def endless(name, labels):
    times_us = np.arange(1000)
    return score_channel(name, "S", always_on(1000), times_us, labels)


def test_an_alarm_that_never_ends_scores_all_where_every_channel_has_a_label():
    figures = total([endless("A", [Span(5, 9)]), endless("B", [Span(0, 0)])])
    assert (figures.recall, figures.f05, figures.f05c) == (1.0, 1.0, 0.0)
    assert figures.nominal_in_alarm == 1.0


def test_an_alarm_that_never_ends_pays_for_a_channel_without_a_label_only():
    figures = total([endless("A", [Span(5, 9)]), endless("B", [])])
    # 1 hit, 1 false alarm, nothing missed: 1.25 * 0.5 / (0.125 + 1).
    assert figures.f05 == pytest.approx(0.625 / 1.125)
    assert figures.f05c == 0.0


def test_without_labels_there_are_alarm_rates_only():
    figures = total([channel("A", [(1, 2)], None)])
    assert figures == Figures(1, 1000, 1000 / 1440, 1, 1.44)


def test_without_alarms_precision_is_unknown_and_the_score_nothing():
    figures = total([channel("A", [], [(1, 2)])])
    assert (figures.precision, figures.recall, figures.f05) == (None, 0.0, 0.0)
    assert figures.delay_median_samples is None


def test_where_nothing_was_to_be_found_there_is_no_score():
    figures = total([channel("A", [(1, 2)], [])])
    assert (figures.precision, figures.recall, figures.f05) == (0.0, None, None)
    assert figures.f05_spread is None
    assert figures.fp == 1
