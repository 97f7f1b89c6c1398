"""A source waits as long as it should, a moment at a time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.kafka.pause import LONGEST_SLEEP_S
from tests.connectors.kafka.slept_clock import Clock


def test_without_a_pause_nothing_waits():
    clock = Clock()
    assert not clock.pause().goes_on()
    assert clock.slept_s == []


@given(st.floats(0.0, 1.0))
def test_a_pause_lasts_as_long_as_it_should_in_moments_only(seconds: float):
    clock = Clock()
    pause = clock.pause()
    pause.begin(seconds)
    turns = 0
    while pause.goes_on():
        turns += 1
        assert turns <= 1.0 / LONGEST_SLEEP_S + 1
    assert abs(sum(clock.slept_s) - seconds) < 1e-6
    assert max(clock.slept_s, default=0.0) <= LONGEST_SLEEP_S
    assert not pause.goes_on()


def test_a_short_pause_is_over_in_one_turn():
    clock = Clock()
    pause = clock.pause()
    pause.begin(0.5 * LONGEST_SLEEP_S)
    assert not pause.goes_on()
    assert clock.slept_s == pytest.approx([0.5 * LONGEST_SLEEP_S])


def test_another_pause_begins_from_the_present():
    clock = Clock()
    pause = clock.pause()
    pause.begin(10.0)
    assert pause.goes_on()
    pause.begin(0.0)
    assert not pause.goes_on()
