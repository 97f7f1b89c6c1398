"""What the defaults find on NASA's SMAP/MSL channels, as their docstrings say."""

import ast
import csv
from collections import defaultdict

import numpy as np
import pytest

from dataflows.detectors.half_space_trees import HalfSpaceTrees
from dataflows.detectors.rolling_z_score import RollingZScore
from dataflows.verdicts.build import build_watch

AFTER_CHANGE = 750  # test samples left out: the parts were scaled separately
MERGE = 100  # samples between flags of one alarm


@pytest.fixture(scope="module")
def labels(telemanom) -> dict[str, list[tuple[int, int]]]:
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    with (telemanom / "labeled_anomalies.csv").open() as file:
        for row in csv.DictReader(file):
            if (telemanom / "test" / f"{row['chan_id']}.npy").exists():
                found[row["chan_id"]] += ast.literal_eval(row["anomaly_sequences"])
    return found


def alarms(scores: np.ndarray) -> list[tuple[int, int]]:
    flagged = np.flatnonzero(scores >= 1)
    flagged = flagged[flagged >= AFTER_CHANGE]
    groups = np.split(flagged, np.flatnonzero(np.diff(flagged) > MERGE) + 1)
    return [(int(group[0]), int(group[-1])) for group in groups if len(group)]


def count(channel, labels, score) -> tuple[int, int]:
    """Return how many labelled events were found, and the false alarms."""
    found = false = 0
    for name, events in labels.items():
        values, test_start = channel(name)
        raised = alarms(score(np.arange(len(values)), values)[test_start:])
        hits = [[s <= last and e >= first for s, e in events] for first, last in raised]
        found += sum(any(column) for column in zip(*hits, strict=True))
        false += sum(not any(row) for row in hits)
    return found, false


@pytest.mark.parametrize(
    ("make", "expected"), [(RollingZScore, (23, 1)), (HalfSpaceTrees, (20, 5))]
)
def test_defaults_find_what_their_docstrings_say(channel, labels, make, expected):
    assert count(channel, labels, lambda *run: make().update(*run)) == expected


Z_AND_TREES: dict[str, dict[str, object]] = {
    "record_envelope": {"enabled": False},
    "rolling_z_score": {},
    "half_space_trees": {},
}


def test_z_score_and_trees_together_find_more(channel, labels):
    def score(times, values):
        return build_watch(None, Z_AND_TREES).update(times, values).scores

    assert count(channel, labels, score) == (29, 5)
