"""What the detectors that take commands find on NASA's SMAP/MSL channels.

The study's own figures are of another half of its channels: 54 events, 36 of SMAP and
18 of MSL. The channels here have 52, 35 and 17. Of the 26 events that it lists as
missed 12 lie in these channels, and of its 2 false alarms none: so on these its result
is 40 found, 0 false, 12 missed, which is what must come out here, event for event.
"""

import ast
import csv
from collections import defaultdict

import numpy as np
import pytest

from dataflows.detectors.arx_residual import ArxResidual
from dataflows.detectors.record_envelope import RecordEnvelope

MERGE = 100  # samples between flags of one alarm

STUDY_MISSES = {
    *(("C-1", 550), ("C-1", 2100), ("F-1", 5392), ("F-3", 5600), ("F-8", 1950)),
    *(("M-2", 1110), ("M-4", 1250), ("T-1", 2399), ("T-12", 630), ("T-2", 6840)),
    *(("T-8", 870), ("T-8", 1330)),
}


@pytest.fixture(scope="module")
def labels(telemanom) -> dict[str, list[tuple[int, int]]]:
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    with (telemanom / "labeled_anomalies.csv").open() as file:
        for row in csv.DictReader(file):
            if (telemanom / "test" / f"{row['chan_id']}.npy").exists():
                found[row["chan_id"]] += ast.literal_eval(row["anomaly_sequences"])
    return found


def score_test(telemanom, name, detector, with_commands) -> np.ndarray:
    """Return the scores of a channel's test part, streamed after its train part."""
    scores = np.empty(0)
    for part in ("train", "test"):
        table = np.load(telemanom / part / f"{name}.npy").astype(np.float64)
        commands = {f"command_{k}": table[:, k] for k in range(1, table.shape[1])}
        detector.begin_epoch()
        values, context = table[:, 0], commands if with_commands else None
        scores = detector.update(np.arange(len(values)), values, context)
    return scores


def alarms(scores: np.ndarray) -> list[tuple[int, int]]:
    flagged = np.flatnonzero(scores >= 1)
    groups = np.split(flagged, np.flatnonzero(np.diff(flagged) > MERGE) + 1)
    return [(int(group[0]), int(group[-1])) for group in groups if len(group)]


@pytest.fixture(scope="module")
def on_recordings(telemanom, labels):
    """Return a function that gives the events found, the false alarms, the misses."""

    def count(make, with_commands):
        found, false, missed = 0, 0, set()
        for name, events in labels.items():
            raised = alarms(score_test(telemanom, name, make(), with_commands))
            for s, e in events:
                hit = any(s <= last and e >= first for first, last in raised)
                found += hit
                missed |= set() if hit else {(name, s)}
            false += sum(
                not any(s <= last and e >= first for s, e in events)
                for first, last in raised
            )
        return found, false, missed

    return count


@pytest.mark.parametrize(
    ("prescaled", "with_commands", "expected"),
    [(True, True, 40), (False, True, 40), (True, False, 37), (False, False, 37)],
)
def test_the_record_envelope_finds_what_the_study_found(
    on_recordings, prescaled, with_commands, expected
):
    found, false, missed = on_recordings(
        lambda: RecordEnvelope(prescaled=prescaled), with_commands
    )
    assert (found, false, len(missed)) == (expected, 0, 52 - expected)
    assert missed >= STUDY_MISSES
    if prescaled and with_commands:
        assert missed == STUDY_MISSES
    f_half = 1.25 * found / (1.25 * found + 0.25 * len(missed) + false)
    assert f_half >= (0.93 if with_commands else 0.92)


@pytest.mark.parametrize(
    ("prescaled", "expected"), [(True, (36, 3, 16)), (False, (36, 4, 16))]
)
def test_the_arx_residual_finds_about_what_the_study_found(
    on_recordings, prescaled, expected
):
    found, false, missed = on_recordings(lambda: ArxResidual(prescaled=prescaled), True)
    assert (found, false, len(missed)) == expected
    # The study's row 13: precision .950, recall .704, of its channels, in batches.
    # Without its scaling the precision is .900: one false alarm more.
    assert found / 52 == pytest.approx(0.704, abs=0.03)
    if prescaled:
        assert found / (found + false) == pytest.approx(0.950, abs=0.03)
