"""A parameter that stopped arriving is told by a timer."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.messages.findings import Severity
from dataflows.state.snapshot import SnapshotError, pack
from dataflows.verdicts.staleness import Staleness

SECOND = 1_000_000


def stale_after(seconds: float = 300.0, heard_us: int = 0) -> Staleness:
    staleness = Staleness(after_seconds=seconds)
    assert staleness.arrived(heard_us) is None
    return staleness


def test_nothing_is_stale_before_the_first_sample():
    staleness = Staleness(after_seconds=1.0)
    assert staleness.wake_at_us is None
    assert staleness.woken(10**15) is None
    staleness.resumed(10**15)
    assert staleness.wake_at_us is None


def test_silence_is_told_once_and_ends_with_a_sample():
    staleness = stale_after(300.0)
    assert staleness.wake_at_us == 300 * SECOND
    opened = staleness.woken(312 * SECOND)
    assert opened is not None
    assert (opened.kind, opened.revision, opened.explanation.detector) == (
        "opened",
        1,
        "staleness",
    )
    assert (opened.started_us, opened.ended_us) == (300 * SECOND, None)
    assert (opened.severity, opened.samples) == (Severity.WARNING, 0)
    assert opened.peak_score == 312 / 300
    assert opened.explanation.text == (
        "No sample for 312 s (at most 300 s were expected)."
    )
    assert staleness.stale_since_us == 300 * SECOND
    assert staleness.wake_at_us is None
    assert staleness.woken(400 * SECOND) is None
    closed = staleness.arrived(1000 * SECOND)
    assert closed is not None
    assert (closed.kind, closed.revision) == ("closed", 2)
    assert (closed.started_us, closed.ended_us) == (300 * SECOND, 1000 * SECOND)
    assert closed.explanation.observed == 1000.0
    assert staleness.stale_since_us is None
    assert staleness.wake_at_us == 1300 * SECOND


def test_a_wake_that_comes_too_early_is_set_anew():
    staleness = stale_after(10.0)
    staleness.arrived(4 * SECOND)
    assert staleness.wake_at_us == 10 * SECOND  # not set anew with each sample
    assert staleness.woken(10 * SECOND) is None
    assert staleness.wake_at_us == 14 * SECOND


def test_wakes_are_a_quarter_of_a_second_apart():
    staleness = stale_after(1.0)
    staleness.arrived(1)
    assert staleness.woken(1 * SECOND) is None
    assert staleness.wake_at_us == 1_250_000


def test_a_clock_set_back_delays_by_one_silence_at_most():
    staleness = stale_after(10.0, heard_us=3600 * SECOND)
    assert staleness.woken(5 * SECOND) is None
    assert staleness.wake_at_us == 15 * SECOND
    assert staleness.arrived(6 * SECOND) is None
    assert staleness.woken(15 * SECOND) is None
    assert staleness.woken(16 * SECOND) is not None


def test_a_sample_by_a_clock_set_back_is_waited_for_from_then():
    staleness = stale_after(10.0, heard_us=3600 * SECOND)
    assert staleness.arrived(6 * SECOND) is None
    assert staleness.wake_at_us == 16 * SECOND


def test_a_sample_from_before_the_silence_ends_it_without_a_negative_length():
    staleness = stale_after(10.0, heard_us=100 * SECOND)
    staleness.woken(200 * SECOND)
    closed = staleness.arrived(50 * SECOND)
    assert closed is not None
    assert closed.ended_us == closed.started_us == 110 * SECOND
    assert closed.peak_score == 1.0


def test_after_a_pause_silence_is_judged_from_now_on():
    staleness = stale_after(10.0)
    staleness.resumed(1000 * SECOND)
    assert staleness.woken(1005 * SECOND) is None
    opened = staleness.woken(1010 * SECOND)
    assert opened is not None
    assert opened.started_us == 1010 * SECOND
    assert opened.explanation.text == (
        "No sample for 1010 s (at most 10 s were expected)."
    )
    staleness.resumed(2000 * SECOND)
    assert staleness.stale_since_us == 1010 * SECOND


def test_after_a_pause_with_the_clock_set_back_silence_is_told_in_time():
    staleness = stale_after(10.0, heard_us=3600 * SECOND)
    staleness.resumed(5 * SECOND)
    assert staleness.wake_at_us == 15 * SECOND
    assert staleness.woken(15 * SECOND) is not None


events = st.lists(
    st.tuples(st.sampled_from(["arrived", "woken"]), st.integers(0, 30 * SECOND)),
    max_size=40,
)


@given(happened=events, at=st.integers(0, 40))
@settings(max_examples=100, deadline=None)
def test_changes_alternate_and_a_restored_one_goes_on_alike(happened, at):
    whole, cut = Staleness(after_seconds=5.0), Staleness(after_seconds=5.0)
    kinds = []
    for index, (what, time_us) in enumerate(happened):
        if index == at:
            resumed = Staleness(after_seconds=5.0)
            resumed.restore(cut.snapshot())
            cut = resumed
        change = getattr(whole, what)(time_us)
        assert getattr(cut, what)(time_us) == change
        kinds += [change.kind] if change else []
        stale = whole.stale_since_us is not None
        assert (whole.wake_at_us is None) == (stale or index_of_first(happened) > index)
        if what == "woken" and whole.wake_at_us is not None:
            assert change is None
    assert kinds == (["opened", "closed"] * len(kinds))[: len(kinds)]
    assert cut.snapshot() == whole.snapshot()


def index_of_first(happened) -> int:
    arrivals = [i for i, (what, _) in enumerate(happened) if what == "arrived"]
    return arrivals[0] if arrivals else len(happened)


@given(gaps=st.lists(st.integers(1, 12 * SECOND), min_size=1, max_size=60))
@settings(max_examples=100, deadline=None)
def test_a_timer_that_obeys_finds_every_silence(gaps):
    staleness = Staleness(after_seconds=5.0)
    now, wakes, opened = 0, [], 0
    staleness.arrived(now)
    for gap in gaps:
        arrival = now + gap
        while (wake := staleness.wake_at_us) is not None and wake <= arrival:
            wakes.append(wake)
            opened += staleness.woken(wake) is not None
        staleness.arrived(arrival)
        now = arrival
    slack = 250_000  # of the shortest wait
    surely = sum(gap > 5 * SECOND + slack for gap in gaps)
    assert surely <= opened <= sum(gap >= 5 * SECOND for gap in gaps)
    assert all(b - a >= slack for a, b in pairwise(wakes))


def test_other_bytes_are_refused_and_change_nothing():
    staleness = stale_after(10.0)
    before = staleness.snapshot()
    others = Staleness(after_seconds=9).snapshot(), pack(staleness._label, [b""])
    for other in (b"", before[:-1], *others):
        with pytest.raises(SnapshotError):
            staleness.restore(other)
    assert staleness.snapshot() == before


@pytest.mark.parametrize("wrong", [0.0, 0.1, float("nan"), "5"])
def test_a_silence_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError, match=r"staleness\.after_seconds must be a number"):
        Staleness(after_seconds=wrong)
