"""A bank finds what the watch of each parameter would find by itself, bit for bit."""

from collections.abc import Sequence

import numpy as np
import pytest

from dataflows.detectors.limits import Limits
from dataflows.state.arrival_clock import NEWEST, REBASE_SAMPLES
from dataflows.verdicts.bank import DetectorBank
from dataflows.verdicts.bank_snapshot import read_bank
from dataflows.verdicts.build import build_watch
from dataflows.verdicts.watch import ParameterWatch

SECOND_US = 1_000_000
PARAMETERS = 2
QUICK = {"record_envelope": {"blind_samples": 20, "veto_samples": 30}}


def watch() -> ParameterWatch:
    return build_watch(Limits(soft_high=2.0), QUICK)


class Beside:
    """Parameters in a bank, and each of them alone, which are given the same."""

    def __init__(self) -> None:
        self.seated = [watch() for _ in range(PARAMETERS)]
        self.bank = DetectorBank(self.seated[0])
        keys = [b"%d" % number for number in range(PARAMETERS)]
        self.rows = np.array(list(map(self.bank.add, keys, self.seated)))
        self.alone = [watch() for _ in range(PARAMETERS)]
        self.left = 0

    def hear(self, times_s: Sequence[int]) -> None:
        """All parameters get samples of these times; what is found must be the same."""
        count = len(times_s)
        times_us = np.tile(np.array(times_s, np.int64) * SECOND_US, PARAMETERS)
        values = 3 * np.sin(np.arange(len(times_us)) + times_s[0])
        begins = np.arange(PARAMETERS) * count
        judged = self.bank.judge(self.rows, begins, begins + count, times_us, values)
        self.left += len(judged.left)
        changes = dict(judged.changes)
        for place, alone in enumerate(self.alone):
            run = slice(place * count, (place + 1) * count)
            scores, found = judged.scores[run], changes.get(place, ())
            if place in judged.left:
                verdict = self.seated[place].update(times_us[run], values[run])
                scores, found = verdict.scores, verdict.changes
                self.bank.note(place)
            expected = alone.update(times_us[run], values[run])
            assert scores.tobytes() == expected.scores.tobytes()
            assert found == expected.changes
        self.compare()

    def compare(self) -> None:
        saved = list(read_bank(self.bank.snapshot()))
        for seated, alone, kept in zip(self.seated, self.alone, saved, strict=True):
            assert seated.clock.tolist() == alone.clock.tolist() == kept.clock.tolist()
            assert seated.snapshot() == alone.snapshot()


def cut(times_s: Sequence[int], samples: int) -> list[Sequence[int]]:
    return [times_s[k : k + samples] for k in range(0, len(times_s), samples)]


FEW = 7  # samples of a batch
LATE = REBASE_SAMPLES * 6 // 10
GOOD_LATE_GOOD = (
    *range(1000, 1050),
    *range(100, 100 + LATE),
    *range(1050, 1060),
    *range(100 + LATE, 100 + 2 * LATE),
    *range(1060, 1070),
)
"""Late ones come in order, but for those in between that are in time."""


@pytest.mark.parametrize("samples", [1, FEW, LATE, len(GOOD_LATE_GOOD)])
def test_late_samples_with_good_ones_between_them_set_no_clock_back(samples: int):
    beside = Beside()
    for batch in cut(GOOD_LATE_GOOD, samples):
        beside.hear(batch)
    assert beside.left > 0
    assert beside.seated[0].clock[NEWEST] == 1069 * SECOND_US


def test_good_samples_between_late_ones_are_counted_as_such_run_by_run():
    beside = Beside()
    parts = np.split(
        np.array(GOOD_LATE_GOOD), [50, 50 + LATE, 60 + LATE, 60 + 2 * LATE]
    )
    for part in parts:
        beside.hear(part.tolist())
    assert beside.left == 2 * PARAMETERS
    assert beside.seated[0].clock[NEWEST] == 1069 * SECOND_US


@pytest.mark.parametrize("samples", [1, FEW, REBASE_SAMPLES])
def test_a_hundred_late_samples_in_order_set_the_clock_back_in_a_bank_too(
    samples: int,
):
    beside = Beside()
    beside.hear(range(1000, 1050))
    times_s = range(100, 100 + REBASE_SAMPLES)
    for batch in cut(times_s[:-1], samples):
        beside.hear(batch)
    assert beside.seated[0].clock[NEWEST] == 1049 * SECOND_US
    beside.hear(times_s[-1:])
    assert beside.seated[0].clock[NEWEST] == times_s[-1] * SECOND_US
    before = beside.left
    for batch in cut(range(1100, 1150), samples):
        beside.hear(batch)
    assert beside.left == before


def test_a_sample_of_the_newest_time_is_late():
    beside = Beside()
    beside.hear(range(100))
    beside.hear([99])
    beside.hear([100, 100])
    assert beside.left == 2 * PARAMETERS


def test_a_parameter_that_is_let_go_keeps_what_it_learnt_when_another_takes_its_row():
    beside = Beside()
    beside.hear(range(100))
    gone, alone = beside.seated[0], beside.alone[0]
    beside.bank.remove(0)
    assert len(beside.bank) == PARAMETERS - 1
    beside.seated[0], beside.alone[0] = watch(), watch()
    assert beside.bank.add(b"0", beside.seated[0]) == 0
    beside.hear(range(1000, 1100))
    assert gone.snapshot() == alone.snapshot()
    times_us, values = np.arange(100, 200) * SECOND_US, np.sin(np.arange(100.0))
    found, expected = (each.update(times_us, values) for each in (gone, alone))
    assert found.scores.tobytes() == expected.scores.tobytes()
    assert found.ranges == expected.ranges
    assert gone.snapshot() == alone.snapshot()
    beside.compare()
