"""Described parameters that never come are told of, once, with what does."""

from collections.abc import Iterable

import pytest
from prometheus_client import CollectorRegistry

from connectors.files.parameters import EVERY, Definitions, ParameterDefinition
from connectors.messages.samples import ParameterName
from connectors.metrics import FlowMetrics
from dataflows.parameters.roll_call import LOOK_EVERY_S, MOST_LISTED, WAIT_S, RollCall


def named(parameter: str, spacecraft: str = "SAT", subsystem: str = "power"):
    return ParameterName(spacecraft, subsystem, parameter)


class Call:
    """A roll call, and its clock."""

    def __init__(self, described: Iterable[ParameterName], is_whole: bool = True):
        self.now_s = 5_000.0
        self.registry = CollectorRegistry()
        definitions = Definitions(map(ParameterDefinition, described))
        metrics = FlowMetrics(self.registry)
        self.call = RollCall(definitions, metrics, self.clock, is_whole=is_whole)

    def clock(self) -> float:
        return self.now_s

    def hear(self, *names: ParameterName) -> None:
        for name in names:
            self.call.known(name)
        self.call.hear(names)

    def later(self, *names: ParameterName, seconds: float = WAIT_S) -> None:
        self.now_s += seconds
        self.call.hear(names)

    def unheard(self, spacecraft: str = "SAT") -> float | None:
        name, labels = "orbitwatch_parameters_unheard", {"spacecraft": spacecraft}
        return self.registry.get_sample_value(name, labels)


def test_a_typo_is_told_once_with_the_nearest_name_that_is_heard(caplog):
    call = Call([named("voltage"), named("current")])
    heard = named("voltge"), named("current")
    call.hear(*heard)
    # From 0 on: an alert that asks for a figure must find one.
    assert call.unheard() == 0
    call.later(*heard, seconds=WAIT_S - 1)
    assert caplog.messages == []
    call.later(*heard, seconds=LOOK_EVERY_S)
    [line] = caplog.messages
    assert "/SAT/power/voltage (heard: /SAT/power/voltge)" in line
    assert "current" not in line
    assert call.unheard() == 1
    for _ in range(5):
        call.later(*heard)
    assert len(caplog.messages) == 1


def test_a_parameter_in_another_subsystem_is_told_of(caplog):
    call = Call([named("voltage", subsystem="powr")])
    call.hear(named("voltage"))
    call.later(named("voltage"))
    assert "/SAT/powr/voltage (heard: /SAT/power/voltage)" in caplog.text


def test_what_comes_late_is_not_missing_any_more(caplog):
    call = Call([named("voltage"), named("current")])
    call.hear(named("current"))
    call.later(named("current"))
    assert call.unheard() == 1
    call.hear(named("voltage"))
    assert call.unheard() == 0
    assert len([one for one in caplog.records if one.levelname == "WARNING"]) == 1


def test_nothing_is_told_where_all_is_heard_or_nothing_is_described(caplog):
    for described in ([named("voltage")], []):
        call = Call(described)
        call.hear(named("voltage"), named("more"))
        call.later(named("voltage"))
    assert caplog.messages == []


def test_what_was_heard_before_a_restart_is_not_missing(caplog):
    call = Call([named("voltage"), named("current")])
    call.call.known(named("voltage"))
    call.hear(named("current"))
    call.later(named("current"))
    assert call.unheard() == 0
    assert caplog.messages == []


def test_a_spacecraft_that_is_not_heard_is_waited_for(caplog):
    """Also one that was heard before a restart, and is out of sight since."""
    call = Call([named("voltage"), named("current", "OUT-OF-SIGHT")])
    call.call.known(named("voltage", "OUT-OF-SIGHT"))
    call.hear(named("voltage"))
    call.later(named("voltage"), seconds=10 * WAIT_S)
    assert call.unheard("OUT-OF-SIGHT") is None
    assert caplog.messages == []


def test_what_is_described_of_every_spacecraft_is_not_asked_for(caplog):
    call = Call([named("altitude", EVERY)])
    call.hear(named("voltage"))
    call.later(named("voltage"))
    assert caplog.messages == []


def test_a_replay_makes_no_parameter_heard_and_no_spacecraft_waited_for(caplog):
    call = Call([named("voltage")])
    call.hear(named("voltage", "replay:SAT"))
    call.later(named("voltage", "replay:SAT"))
    assert caplog.messages == []
    call.hear(named("current"))
    call.later(named("current"))
    assert call.unheard() == 1


@pytest.mark.parametrize(("is_whole", "missing"), [(True, 2), (False, 1)])
def test_a_process_with_a_share_asks_for_subsystems_that_it_hears(is_whole, missing):
    call = Call([named("voltage"), named("angle", subsystem="attitude")], is_whole)
    call.hear(named("current"))
    call.later(named("current"))
    assert call.unheard() == missing


def test_many_are_counted_and_a_few_listed(caplog):
    call = Call([named(f"p{number}") for number in range(500)])
    call.hear(*(named(f"q{number}") for number in range(5_000)))
    call.later(named("q0"))
    assert call.unheard() == 500
    [line] = caplog.messages
    assert f"and {500 - MOST_LISTED} more" in line
    assert line.count("heard: ") <= MOST_LISTED


@pytest.mark.parametrize(
    ("heard", "is_told"),
    [("Orbiter-1", True), ("ORBITER1", True), ("LANDER", False), ("ORBITER-2", True)],
)
def test_a_spacecraft_that_is_called_almost_the_same_is_told_of(caplog, heard, is_told):
    call = Call([named("voltage", "ORBITER-1")])
    call.hear(named("voltage", heard))
    call.later(named("voltage", heard))
    told = f"ORBITER-1 is described, and {heard} is heard" in caplog.text
    assert told == is_told
    assert call.unheard("ORBITER-1") is None


def test_two_described_spacecraft_of_a_fleet_are_not_taken_for_each_other(caplog):
    call = Call([named("voltage", "ORBITER-1"), named("voltage", "ORBITER-2")])
    call.hear(named("voltage", "ORBITER-2"))
    call.later(named("voltage", "ORBITER-2"))
    assert caplog.messages == []
