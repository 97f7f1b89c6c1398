"""One wrong time costs one sample, and a gap none, however samples are cut."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataflows.state.arrival_clock import REBASE_SAMPLES
from dataflows.state.snapshot import SnapshotError
from dataflows.vehicles.arrivals import REFUSED, Arrivals, Begins

Told = list[tuple[str, int, float]]
HOUR, SECOND_US = 3600, 1_000_000


def sort(
    times: Sequence[int], cuts: Iterable[int] = (), epochs: dict[int, int] | None = None
) -> tuple[Told, Counter[str]]:
    """What goes on (what begins, time, place) and what is refused, from other states.

    After each cut all goes on from a snapshot.
    """
    columns = np.full((2, len(times)), np.nan)
    columns[0] = np.arange(len(times))
    for place, epoch in (epochs or {}).items():
        columns[1, place] = epoch
    arrivals = Arrivals(1)
    told: Told = []
    refused: Counter[str] = Counter()
    for first, last in pairwise([0, *sorted(cuts), len(times)]):
        run = SECOND_US * np.array(times[first:last], np.int64)
        arrived, without = arrivals.sort(run, columns[:, first:last])
        refused += without
        for begins, times_us, (places,) in arrived:
            names = [begins.name] + ["NOTHING"] * (len(places) - 1)
            seconds = (times_us // SECOND_US).tolist()
            told += zip(names, seconds, places.tolist(), strict=True)
        state = arrivals.snapshot()
        arrivals = Arrivals(1)
        arrivals.restore(state)
        assert arrivals.snapshot() == state
    return told, refused


def times_of(told: Told) -> list[int]:
    return [time for _, time, _ in told]


def test_a_lone_sample_far_ahead_is_refused_and_costs_no_other():
    times = [*range(50), 50 + HOUR, *range(51, 100)]
    told, refused = sort(times)
    assert times_of(told) == [*range(50), *range(51, 100)]
    assert refused == {"ahead": 1}


def test_after_a_gap_every_sample_goes_on_the_first_with_the_second():
    arrivals = Arrivals(0)

    def offered(*times: int) -> list[int]:
        run = np.array(times)
        arrived, refused = arrivals.sort(run, np.full((1, len(run)), np.nan))
        assert not refused
        return [time for each in arrived for time in each.times_us.tolist()]

    assert offered(*range(50)) == [*range(50)]
    assert offered(HOUR) == []
    assert offered(HOUR + 1) == [HOUR, HOUR + 1]
    assert offered(HOUR + 2) == [HOUR + 2]


def test_samples_that_come_seldom_all_go_on():
    times = [*range(0, 50 * HOUR, HOUR)]
    assert sort(times) == (
        [("NOTHING", time, place) for place, time in enumerate(times)],
        Counter(),
    )


def test_a_late_and_a_repeated_sample_are_refused_each_with_its_reason():
    told, refused = sort([1, 2, 4, 3, 4, 5, 900, 900, 901, 2])
    assert times_of(told) == [1, 2, 4, 5, 900, 901]
    assert refused == {"late": 2, "repeated": 2}
    assert refused.keys() <= REFUSED.keys()


@pytest.mark.parametrize("cuts", [[], [50, 51, 52, 100, 150, 151]])
def test_a_clock_that_two_samples_agree_on_counts_as_set_back_after_a_hundred_late(
    cuts: list[int],
):
    right = [*range(52, 400)]
    told, refused = sort([*range(50), HOUR, HOUR + 1, *right], cuts)
    assert refused == {"late": REBASE_SAMPLES - 1}
    assert times_of(told) == [
        *(*range(50), HOUR, HOUR + 1),
        *right[REBASE_SAMPLES - 1 :],
    ]
    assert [time for begins, time, _ in told if begins == "ANEW"] == [
        right[REBASE_SAMPLES - 1]
    ]


@pytest.mark.parametrize("cuts", [[], [50, 150], [*range(1, 152)]])
def test_what_a_clock_that_was_set_back_knew_of_steps_is_forgotten(cuts: list[int]):
    late = [*range(100, 100 + REBASE_SAMPLES)]
    later = late[-1] + HOUR
    told, refused = sort([*range(1000, 1050), *late, later], cuts)
    # After a step of a second, it would have to wait.
    assert told[-2:] == [("ANEW", late[-1], 149), ("NOTHING", later, 150)]
    assert refused == {"late": REBASE_SAMPLES - 1}


@pytest.mark.parametrize("cuts", [[], [51, 150], [*range(1, 152)]])
def test_a_sample_that_waits_does_not_outlive_a_clock_that_is_set_back(
    cuts: list[int],
):
    late = [*range(100, 100 + REBASE_SAMPLES)]
    times = [*range(1000, 1050), 1000 + HOUR, *late, 1000 + 2 * HOUR]
    told, refused = sort(times, cuts)
    assert refused == {"late": REBASE_SAMPLES - 1, "ahead": 1}
    assert times_of(told)[-2:] == [late[-1], 1000 + 2 * HOUR]


def test_steps_may_become_longer_bit_by_bit_and_no_sample_waits():
    arrivals = Arrivals(0)
    for time in (0, 1, 2, 11, 92, 821):  # a step is nine times the one before it
        [arrived], refused = arrivals.sort(np.array([time]), np.full((1, 1), np.nan))
        assert arrived.times_us.tolist() == [time]
        assert not refused


def test_telemetry_of_half_a_minute_that_is_sent_again_sets_no_clock_back():
    arrivals = Arrivals(0)
    times_us = np.arange(6000) * SECOND_US // 30
    again_us = np.concatenate([times_us[:5000], times_us[4000:]])
    arrived, refused = arrivals.sort(again_us, np.full((1, len(again_us)), np.nan))
    assert [run.begins for run in arrived] == [Begins.NOTHING]
    assert arrived[0].times_us.tolist() == times_us.tolist()
    assert refused == {"late": 999, "repeated": 1}


MINUTE_US = 60 * SECOND_US


@pytest.mark.parametrize(
    ("late_us", "set_back"),
    [(MINUTE_US - 1, False), (MINUTE_US, False), (MINUTE_US + 1, True)],
)
def test_a_clock_is_set_back_only_if_it_goes_back_by_over_a_minute(
    late_us: int, set_back: bool
):
    newest_us = 3600 * SECOND_US
    # A microsecond apart, and the last one is late by just that.
    late = newest_us - late_us + np.arange(1 - REBASE_SAMPLES, 1)
    arrivals = Arrivals(0)
    arrivals.sort(np.array([newest_us]), np.full((1, 1), np.nan))
    arrived, refused = arrivals.sort(late, np.full((1, len(late)), np.nan))
    assert [one.begins for one in arrived] == [Begins.ANEW] * set_back
    assert refused == {"late": REBASE_SAMPLES - set_back}


@pytest.mark.parametrize("with_epochs", [False, True])
@pytest.mark.parametrize(
    ("ahead_us", "waits"),
    [
        (10 * SECOND_US - 1, False),
        (10 * SECOND_US, False),
        (10 * SECOND_US + 1, True),
    ],
)
def test_a_sample_waits_for_the_next_if_it_is_more_than_ten_steps_ahead(
    ahead_us: int, waits: bool, with_epochs: bool
):
    times_us = np.array([0, 1, 2]) * SECOND_US
    arrivals = Arrivals(0)
    arrivals.sort(times_us, np.full((1, 3), np.nan))
    # Where another epoch is told, each sample is looked at by itself.
    epoch = 7.0 if with_epochs else np.nan
    ahead = np.array([times_us[-1] + ahead_us])
    arrived, refused = arrivals.sort(ahead, np.full((1, 1), epoch))
    assert [one.times_us.tolist() for one in arrived] == [[ahead[0]]] * (not waits)
    back = np.array([times_us[-1] + SECOND_US])
    _, then_refused = arrivals.sort(back, np.full((1, 1), epoch))
    assert not refused
    assert then_refused == {"ahead" if waits else "late": 1}


def test_an_epoch_begins_with_its_first_sample_that_goes_on():
    epochs = {0: 7, 5: 7, 20: 8, 21: 8, 30: 8}
    times = [*range(20), 15, *range(21, 60)]
    told, _ = sort(times, epochs=epochs)
    assert [place for begins, _, place in told if begins == Begins.EPOCH.name] == [21]


def test_an_epoch_that_a_waiting_sample_tells_begins_with_it():
    told, _ = sort([*range(20), HOUR, HOUR + 1], epochs={0: 7, 20: 8, 21: 8})
    assert told[-2:] == [("EPOCH", HOUR, 20), ("NOTHING", HOUR + 1, 21)]


steps = st.sampled_from([1, 1, 1, 1, 1, 2, 9, 11, 500, -1, -3, 0, -480])


@given(
    walk=st.lists(steps, min_size=1, max_size=300),
    cuts=st.sets(st.integers(1, 299), max_size=12),
    epochs=st.dictionaries(st.integers(0, 299), st.integers(1, 2), max_size=8),
)
@settings(max_examples=200, deadline=None)
def test_other_cuts_and_restarts_give_the_same(walk, cuts, epochs):
    times = np.cumsum(walk).tolist()
    inner = [cut for cut in cuts if cut < len(times)]
    told = {place: code for place, code in epochs.items() if place < len(times)}
    whole, refused = sort(times, epochs=told)
    assert sort(times, inner, told) == (whole, refused)
    # All is in order of time, but where the clock was set back.
    for (_, before, _), (begins, after, _) in pairwise(whole):
        assert after > before or begins == "ANEW"
    waits = len(times) - len(whole) - sum(refused.values())
    assert waits in (0, 1)


@pytest.mark.parametrize("wrong", [b"", b"x" * 60, b"x" * 73])
def test_bytes_of_another_are_refused(wrong: bytes):
    with pytest.raises(SnapshotError):
        Arrivals(1).restore(wrong)
