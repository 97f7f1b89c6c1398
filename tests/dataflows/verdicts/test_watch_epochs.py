"""A watch tells its detectors when another epoch begins, and only then."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataflows.detectors.record_envelope import RecordEnvelope
from dataflows.detectors.rolling_z_score import RollingZScore
from dataflows.verdicts.watch import ParameterWatch


class Recorder(RollingZScore):
    """Notes after how many samples an epoch began."""

    def __init__(self) -> None:
        super().__init__(window_samples=20, warm_up_samples=5)
        self.seen = 0
        self.begun_at: list[int] = []

    def update(self, times_us, values, context=None):
        self.seen += len(values)
        return super().update(times_us, values, context)

    def begin_epoch(self) -> None:
        self.begun_at.append(self.seen)


def begun_at(
    epochs: list[tuple[int, str]], cuts: list[int], late: int = -1
) -> tuple[list[int], np.ndarray]:
    """After which samples of fifty the detectors were told of a new epoch."""
    detector = Recorder()
    watch = ParameterWatch([detector])
    times_us = np.arange(50) * 1_000_000
    if late >= 0:
        times_us[late] = 0
    values = np.sin(np.arange(50.0))
    scores = []
    for start, end in zip([0, *cuts], [*cuts, 50], strict=True):
        inside = tuple((i - start, name) for i, name in epochs if start <= i < end)
        some = slice(start, end)
        verdict = watch.update(times_us[some], values[some], None, inside)
        assert len(verdict.scores) == len(verdict.severities) == end - start
        scores.append(verdict.scores)
    return detector.begun_at, np.concatenate(scores)


def test_the_first_epoch_of_a_parameter_is_no_change():
    assert begun_at([(0, "launch")], [])[0] == []


def test_an_epoch_begins_where_its_name_changes():
    epochs = [(0, "launch"), (10, "launch"), (20, "cruise"), (35, "launch")]
    assert begun_at(epochs, [])[0] == [20, 35]


def test_a_parameter_that_had_no_epoch_begins_one():
    assert begun_at([(10, "cruise")], [])[0] == [10]


def test_a_late_sample_of_another_epoch_changes_nothing():
    epochs = [(0, "launch"), (20, "cruise"), (21, "launch")]
    assert begun_at(epochs, [])[0] == [20, 21]
    assert begun_at(epochs, [], late=20)[0] == []


def told_by_every_sample(late: int, cuts: set[int]) -> tuple[list[int], np.ndarray]:
    """As decoded packets tell it: at the start of a batch, and where it changes."""
    names = ["launch"] * 20 + ["cruise"] * 13 + ["landing"] * 17
    told = [
        (i, name)
        for i, name in enumerate(names)
        if i in cuts or i == 0 or names[i - 1] != name
    ]
    return begun_at(told, sorted(cuts), late)


@given(st.sets(st.integers(1, 49), max_size=8), st.sampled_from([-1, 20, 21, 33]))
def test_cuts_do_not_move_an_epoch(cuts, late):
    begun, scores = told_by_every_sample(late, set())
    cut_begun, cut_scores = told_by_every_sample(late, cuts)
    assert begun == cut_begun
    assert len(begun) == 2
    np.testing.assert_array_equal(scores, cut_scores)


def test_the_epoch_is_part_of_the_snapshot():
    detector = Recorder()
    watch = ParameterWatch([Recorder()])
    some = np.arange(3) * 1_000_000, np.zeros(3)
    watch.update(*some, None, ((0, "launch"),))
    resumed = ParameterWatch([detector])
    resumed.restore(watch.snapshot())
    later = some[0] + 9_000_000, some[1]
    resumed.update(*later, None, ((0, "launch"),))
    assert detector.begun_at == []
    much_later = some[0] + 99_000_000, some[1]
    resumed.update(*much_later, None, ((0, "cruise"),))
    assert detector.begun_at == [3]


@pytest.mark.parametrize("count", [0, 1])
def test_batches_of_hardly_anything_are_fine(count):
    watch = ParameterWatch([Recorder()])
    verdict = watch.update(np.arange(count), np.zeros(count), None, ())
    assert len(verdict.scores) == count


@pytest.mark.parametrize("cut", [1, 99, 100, 101, 150])
def test_an_epoch_that_comes_with_a_clock_set_back_begins_wherever_samples_are_cut(
    cut: int,
):
    random = np.random.default_rng(0)
    before, after = random.normal(size=300), random.normal(50, 1, 300)
    early_us = np.arange(300) * 1_000_000
    found = []
    for pieces in ([slice(0, 300)], [slice(0, cut), slice(cut, 300)]):
        watch = ParameterWatch([RecordEnvelope(blind_samples=20, veto_samples=30)])
        watch.update(early_us + 10**12, before, None, ((0, "ascent"),))
        scores = [
            watch.update(early_us[run], after[run], None, ((0, "orbit"),)).scores
            for run in pieces
        ]
        found.append(np.concatenate(scores))
    assert found[0].tobytes() == found[1].tobytes()
