"""The pacer keeps a rate without drift, and without a burst after a stall."""

import pytest

from simulators.pacing import FORGIVEN_S, EventPacer, Pacer


class Clock:
    """A clock that moves when told to."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def test_packets_are_due_at_the_rate_however_long_sending_takes():
    clock = Clock()
    pacer = Pacer(100, clock)
    for index in range(10_000):
        clock.now_s += pacer.wait_s(0.0) + 0.003
        assert clock.now_s == pytest.approx(1000 + index / 100 + 0.003, abs=1e-6)


def test_a_small_delay_is_made_up_for():
    clock = Clock()
    pacer = Pacer(10, clock)
    pacer.wait_s(0.0)
    clock.now_s += 0.3
    assert [pacer.wait_s(0.0), pacer.wait_s(0.0)] == [0.0, 0.0]
    assert pacer.wait_s(0.0) == 0
    assert pacer.wait_s(0.0) == pytest.approx(0.1)


@pytest.mark.parametrize("stall_s", [FORGIVEN_S * 2, 60, 86_400])
def test_after_a_stall_the_pace_goes_on_without_a_burst(stall_s: float):
    clock = Clock()
    pacer = Pacer(1000, clock)
    for _ in range(5):
        clock.now_s += pacer.wait_s(0.0)
    clock.now_s += stall_s
    waits = []
    for _ in range(5):
        waits.append(pacer.wait_s(0.0))
        clock.now_s += waits[-1]
    assert waits == pytest.approx([0.0, *[0.001] * 4], abs=1e-6)


def test_without_a_rate_there_is_nothing_to_wait_for():
    pacer = Pacer(None, Clock())
    assert {pacer.wait_s(0.0) for _ in range(100)} == {0.0}


def test_event_time_sets_the_pace_also_across_gaps():
    clock = Clock()
    pacer = EventPacer(10.0, clock)
    waits = []
    for event_s in (50.0, 51.0, 151.0):
        waits.append(pacer.wait_s(event_s))
        clock.now_s += waits[-1]
    assert waits == pytest.approx([0.0, 0.1, 10.0])


def test_after_a_stall_event_time_goes_on_without_a_burst():
    clock = Clock()
    pacer = EventPacer(1.0, clock)
    pacer.wait_s(0.0)
    clock.now_s += 60
    assert pacer.wait_s(1.0) == 0
    assert pacer.wait_s(2.0) == pytest.approx(1.0)


def test_a_lateness_of_a_quarter_of_a_second_is_made_up_for_and_a_longer_one_not():
    assert FORGIVEN_S == 0.25
    for late_s, next_wait_s in ((0.25, 0.0), (0.25 + 2**-10, 0.25)):
        clock = Clock()
        by_rate, by_event = Pacer(4, clock), EventPacer(1.0, clock)
        for pacer in (by_rate, by_event):
            pacer.wait_s(0.0)
        clock.now_s += 0.25 + late_s
        for pacer in (by_rate, by_event):
            assert pacer.wait_s(0.25) == 0.0
            assert pacer.wait_s(0.5) == next_wait_s
