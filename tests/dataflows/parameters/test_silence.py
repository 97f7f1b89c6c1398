"""Of many parameters, those that are silent are told, each in time."""

from connectors.files.parameters import ParameterDefinition
from connectors.messages.samples import ParameterName
from dataflows.parameters.silence import Silence
from dataflows.parameters.watched import Watched

SECOND_US = 1_000_000
AFTER_S = 10


def watched(parameter: str, after_s: float = AFTER_S) -> Watched:
    name = ParameterName("SAT", "power", parameter)
    settings = {"staleness": {"after_seconds": after_s}}
    return Watched.afresh(ParameterDefinition(name, detectors=settings))


def hear(silence: Silence, at_s: float, *of: Watched) -> list[tuple[str, str]]:
    """What a sample of each of these parameters ends."""
    found = silence.arrived(of, round(at_s * SECOND_US))
    return [(one.name.parameter, change.kind) for one, change in found]


def wake(silence: Silence, at_s: float) -> list[tuple[str, str]]:
    """What has begun by then, in order."""
    found = silence.woken(round(at_s * SECOND_US))
    return [(one.name.parameter, change.kind) for one, change in found]


def test_a_silence_is_told_the_moment_it_is_due_and_not_before():
    silence, one = Silence(), watched("p")
    assert silence.wake_at_us is None
    assert hear(silence, 0, one) == []
    assert silence.wake_at_us == AFTER_S * SECOND_US
    assert wake(silence, AFTER_S - 1e-6) == []
    assert wake(silence, AFTER_S) == [("p", "opened")]
    assert silence.wake_at_us is None
    assert hear(silence, 60, one) == [("p", "closed")]


def test_who_was_heard_meanwhile_is_waited_for_anew():
    silence, one = Silence(), watched("p")
    hear(silence, 0, one)
    hear(silence, 4, one)
    assert wake(silence, 10) == []
    assert silence.wake_at_us == 14 * SECOND_US
    assert wake(silence, 14) == [("p", "opened")]


def test_the_first_that_is_due_is_woken_for_and_all_that_are_by_then_are_told():
    silence = Silence()
    late, soon, later = watched("late", 9), watched("soon", 3), watched("later", 30)
    hear(silence, 0, late, soon, later)
    assert silence.wake_at_us == 3 * SECOND_US
    assert wake(silence, 9) == [("soon", "opened"), ("late", "opened")]
    assert silence.wake_at_us == 30 * SECOND_US


def test_however_often_a_parameter_is_heard_it_is_waited_for_once():
    silence, one = Silence(), watched("p")
    for at_s in range(1000):
        hear(silence, at_s / 100, one)
    assert len(silence._due) == 1


def test_a_wait_that_was_shortened_leaves_nothing_behind():
    """As the clock is set back: then what was waited for is too far ahead."""
    silence, one = Silence(), watched("p")
    for at_s in (1000, 900, 800, 0):
        hear(silence, at_s, one)
    assert silence.wake_at_us == AFTER_S * SECOND_US
    assert wake(silence, AFTER_S) == [("p", "opened")]
    # What is left of the waits before that says nothing, and goes in its time.
    assert hear(silence, 1005, one) == [("p", "closed")]
    assert wake(silence, 1010) == []
    assert len(silence._due) == 1
    assert wake(silence, 1015) == [("p", "opened")]
    assert not silence._due


def test_after_a_restart_a_silence_counts_from_then():
    silence, one, never = Silence(), watched("p"), watched("never heard")
    hear(Silence(), 0, one)
    for each in (one, never):
        silence.resumed(each, 500 * SECOND_US)
    assert silence.wake_at_us == (500 + AFTER_S) * SECOND_US
    assert wake(silence, 500 + AFTER_S) == [("p", "opened")]
