"""Of many parameters, those that are silent are told, each in time."""

import pytest

from connectors.files.parameters import ParameterDefinition
from connectors.messages.samples import ParameterName
from dataflows.parameters.silence import Silence
from dataflows.parameters.watched import Watched
from dataflows.verdicts.staleness import SHORTEST_WAIT_US

SECOND_US = 1_000_000
AFTER_S = 10


def watched(parameter: str, after_s: float = AFTER_S) -> Watched:
    name = ParameterName("SAT", "power", parameter)
    settings = {"staleness": {"after_seconds": after_s}}
    return Watched.afresh(ParameterDefinition(name, detectors=settings))


class Clock:
    """One that stands where a test sets it, and is the wall clock too."""

    now_us, since_us, behind_us = 0, 0, 0


class Heard:
    """Silences, and a clock for them."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.silence = Silence(self.clock)


def hear(heard: Heard, at_s: float, *of: Watched) -> list[tuple[str, str]]:
    """What a sample of each of these parameters ends."""
    heard.clock.now_us = round(at_s * SECOND_US)
    found = heard.silence.arrived(of)
    return [(one.name.parameter, change.kind) for one, change in found]


def wake(heard: Heard, at_s: float) -> list[tuple[str, str]]:
    """What has begun by then, in order."""
    heard.clock.now_us = round(at_s * SECOND_US)
    return [(one.name.parameter, change.kind) for one, change in heard.silence.woken()]


def test_a_silence_is_told_the_moment_it_is_due_and_not_before():
    heard, one = Heard(), watched("p")
    assert heard.silence.wake_at_us is None
    assert hear(heard, 0, one) == []
    assert heard.silence.wake_at_us == AFTER_S * SECOND_US
    assert wake(heard, AFTER_S - 1e-6) == []
    assert wake(heard, AFTER_S) == [("p", "opened")]
    assert heard.silence.wake_at_us is None
    assert hear(heard, 60, one) == [("p", "closed")]


def test_who_was_heard_meanwhile_is_waited_for_anew():
    heard, one = Heard(), watched("p")
    hear(heard, 0, one)
    hear(heard, 4, one)
    assert wake(heard, 10) == []
    assert heard.silence.wake_at_us == 14 * SECOND_US
    assert wake(heard, 14) == [("p", "opened")]


def test_the_first_that_is_due_is_woken_for_and_all_that_are_by_then_are_told():
    heard = Heard()
    late, soon, later = watched("late", 9), watched("soon", 3), watched("later", 30)
    hear(heard, 0, late, soon, later)
    assert heard.silence.wake_at_us == 3 * SECOND_US
    assert wake(heard, 9) == [("soon", "opened"), ("late", "opened")]
    assert heard.silence.wake_at_us == 30 * SECOND_US


def test_however_often_a_parameter_is_heard_it_is_waited_for_once():
    heard, one = Heard(), watched("p")
    for at_s in range(1000):
        hear(heard, at_s / 100, one)
    assert len(heard.silence._due) == 1


def test_a_wait_that_was_shortened_leaves_nothing_behind():
    """As the clock is set back: then what was waited for is too far ahead."""
    heard, one = Heard(), watched("p")
    for at_s in (1000, 900, 800, 0):
        hear(heard, at_s, one)
    assert heard.silence.wake_at_us == AFTER_S * SECOND_US
    assert wake(heard, AFTER_S) == [("p", "opened")]
    # What is left of the waits before that says nothing, and goes in its time.
    assert hear(heard, 1005, one) == [("p", "closed")]
    assert wake(heard, 1010) == []
    assert len(heard.silence._due) == 1
    assert wake(heard, 1015) == [("p", "opened")]
    assert not heard.silence._due


def test_after_a_restart_a_silence_counts_from_then():
    heard, one, never = Heard(), watched("p"), watched("never heard")
    hear(Heard(), 0, one)
    heard.clock.now_us = 500 * SECOND_US
    for each in (one, never):
        heard.silence.resumed(each)
    assert heard.silence.wake_at_us == (500 + AFTER_S) * SECOND_US
    assert wake(heard, 500 + AFTER_S) == [("p", "opened")]


def test_after_an_interruption_a_silence_counts_from_its_end():
    heard, one = Heard(), watched("p")
    hear(heard, 0, one)
    heard.clock.since_us = 8 * SECOND_US
    assert wake(heard, 10) == []
    assert wake(heard, 18) == [("p", "opened")]


def test_while_the_clock_stands_nobody_is_silent_and_one_looks_again_soon():
    heard, one = Heard(), watched("p")
    hear(heard, 0, one)
    assert wake(heard, 9.9) == []
    heard.clock.behind_us = 3600 * SECOND_US  # an hour in which nothing was heard
    assert wake(heard, 9.9) == []
    wall_us = 9_900_000 + 3600 * SECOND_US
    assert heard.silence.wake_at_us == wall_us + SHORTEST_WAIT_US


@pytest.mark.parametrize("set_s", [-3600, 3600])
def test_a_silence_is_told_in_time_and_by_the_wall_clock_as_it_was_set(set_s: int):
    heard, one = Heard(), watched("p")
    hear(heard, 0, one)
    heard.clock.behind_us = set_s * SECOND_US
    assert heard.silence.wake_at_us == (AFTER_S + set_s) * SECOND_US
    heard.clock.now_us = AFTER_S * SECOND_US
    [(_, opened)] = heard.silence.woken()
    assert opened.started_us == (AFTER_S + set_s) * SECOND_US
    assert opened.explanation.observed == AFTER_S
    heard.clock.now_us = 60 * SECOND_US
    [(_, closed)] = heard.silence.arrived([one])
    assert closed.started_us == opened.started_us
    assert closed.ended_us == (60 + set_s) * SECOND_US
