"""Rows of a study on NASA's SMAP/MSL channels, with the detectors as they are here.

The numbers are the study's, for its 41 development channels. Each channel streams its
train part, then its test part; flags closer than 100 samples are one alarm, none of
the first 750 test samples counts, and events are found or missed as a whole. A figure
that differs by more than the tolerance is marked, with what it is here.

The study's figures are of another half than these recordings: it counts 54 labelled
sequences, 36 of SMAP and 18 of MSL, and the labels here have 52, 35 and 17.
"""

import ast
import csv
from collections.abc import Callable
from functools import cache
from statistics import median
from typing import NamedTuple

import numpy as np
import pytest

from dataflows.detectors import Detector
from dataflows.detectors.half_space_trees import HalfSpaceTrees
from dataflows.detectors.peaks_over_threshold import PeaksOverThreshold
from dataflows.detectors.rolling_median import RollingMedian
from dataflows.detectors.rolling_z_score import RollingZScore
from dataflows.detectors.weighted_z_score import WeightedZScore

TOLERANCE = 0.03
BLIND = 750
MERGE = 100
SEEDS = range(1, 6)  # of trees; one forest differs from another by .1

Make = Callable[[int], Detector]


class Figures(NamedTuple):
    f: float
    corrected_f: float


def peaks(**settings) -> PeaksOverThreshold:
    return PeaksOverThreshold(**settings)


ROWS: dict[str, tuple[bool, Make]] = {
    "rolling z": (
        False,
        # The study has no limit for spikes.
        lambda _: RollingZScore(threshold=4.0, spike_threshold=1e6),
    ),
    "weighted z": (False, lambda _: WeightedZScore()),
    "median": (False, lambda _: RollingMedian()),
    "trees, quantile": (True, lambda seed: HalfSpaceTrees(seed=seed)),
    "SPOT": (False, lambda _: peaks(depth_samples=0)),
    "DSPOT": (False, lambda _: peaks()),
}


def differs(row: str, figure: str, study: float, why: str):
    marks = pytest.mark.xfail(strict=True, reason=why)
    return pytest.param(row, figure, study, marks=marks, id=f"{row}-{figure}")


@pytest.fixture(scope="module")
def labels(telemanom) -> dict[str, list[tuple[int, int]]]:
    with (telemanom / "labeled_anomalies.csv").open() as file:
        return {
            row["chan_id"]: ast.literal_eval(row["anomaly_sequences"])
            for row in csv.DictReader(file)
        }


@pytest.fixture(scope="module")
def figures(channel, labels) -> Callable[[str], Figures]:
    @cache
    def of(row: str) -> Figures:
        seeded, make = ROWS[row]
        found = [
            evaluate(lambda: make(seed), channel, labels)  # noqa: B023
            for seed in (SEEDS if seeded else [1])
        ]
        return Figures(*(median(column) for column in zip(*found, strict=True)))

    return of


def evaluate(make: Callable[[], Detector], channel, labels) -> Figures:
    found = events = false = wrong = nominal = 0
    for name, spans in labels.items():
        values, start = channel(name)
        scores = make().update(np.arange(len(values)), values)[start:]
        raised = alarms(scores)
        in_alarm, labelled = cover(raised, len(scores)), cover(spans, len(scores))
        hits = [[s <= last and e >= first for s, e in spans] for first, last in raised]
        events += len(spans)
        found += sum(any(column) for column in zip(*hits, strict=True))
        false += sum(not any(row) for row in hits)
        wrong += int((in_alarm & ~labelled).sum())
        nominal += int((~labelled).sum())
    precision, recall = found / (found + false), found / events
    return Figures(
        f_half(precision, recall), f_half(precision * (1 - wrong / nominal), recall)
    )


def alarms(scores: np.ndarray) -> list[tuple[int, int]]:
    flagged = np.flatnonzero(scores >= 1)
    flagged = flagged[flagged >= BLIND]
    groups = np.split(flagged, np.flatnonzero(np.diff(flagged) >= MERGE) + 1)
    return [(int(group[0]), int(group[-1])) for group in groups if len(group)]


def cover(spans: list[tuple[int, int]], length: int) -> np.ndarray:
    covered = np.zeros(length, bool)
    for first, last in spans:
        covered[first : last + 1] = True
    return covered


def f_half(precision: float, recall: float) -> float:
    return 1.25 * precision * recall / (0.25 * precision + recall)


@pytest.mark.parametrize(
    ("row", "figure", "study"),
    [
        ("rolling z", "f", 0.739),
        ("rolling z", "corrected_f", 0.739),
        differs("weighted z", "f", 0.714, ".679 here: 19 of 52 found, 3 false"),
        differs("weighted z", "corrected_f", 0.714, ".678 here"),
        differs("median", "f", 0.680, ".32 here: the study's least spread is not told"),
        differs("median", "corrected_f", 0.630, ".27 here, for the same reason"),
        ("trees, quantile", "f", 0.584),
        ("trees, quantile", "corrected_f", 0.582),
        ("SPOT", "f", 0.693),
        differs("SPOT", "corrected_f", 0.683, ".633 here: alarms last longer"),
        ("DSPOT", "f", 0.833),
        differs("DSPOT", "corrected_f", 0.752, ".715 here: alarms last longer"),
    ],
)
def test_figures_are_the_studys(figures, row, figure, study):
    assert getattr(figures(row), figure) == pytest.approx(study, abs=TOLERANCE)
