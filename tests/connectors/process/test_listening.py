"""Silence counts while telemetry could be heard, whatever clocks are set to."""

import pytest

from connectors.process.listening import INTERRUPTION_US, Listening

SECOND_US = 1_000_000
NOON_US = 1_800_000_000 * SECOND_US


class Machine:
    """A machine with its two clocks, on which a flow may listen."""

    def __init__(self) -> None:
        self.monotonic_us, self.wall_us = 77 * SECOND_US, NOON_US
        self.listening = Listening(lambda: self.monotonic_us, lambda: self.wall_us)

    def passes(self, seconds: float) -> None:
        self.monotonic_us += round(seconds * SECOND_US)
        self.wall_us += round(seconds * SECOND_US)

    def listens(self, seconds: int, answers: bool = True) -> None:
        """The loop turns ten times a second, and looks for Kafka every five."""
        for tenth in range(10 * seconds):
            self.passes(0.1)
            self.listening.turned()
            if tenth % 50 == 49:
                if answers:
                    self.listening.answered()
                else:
                    self.listening.unanswered()

    @property
    def heard_s(self) -> float:
        """How much time has counted."""
        return (self.listening.now_us - NOON_US) / SECOND_US

    @property
    def since_s(self) -> float:
        return (self.listening.since_us - NOON_US) / SECOND_US


@pytest.fixture
def machine() -> Machine:
    """One whose flow has just turned for the first time."""
    machine = Machine()
    machine.listening.turned()
    machine.listening.answered()
    return machine


def test_time_counts_while_kafka_answers(machine: Machine):
    machine.listens(300)
    assert machine.heard_s == 300
    assert machine.since_s == 0
    assert machine.listening.behind_us == 0


def test_time_counts_only_once_kafka_has_answered_after_it(machine: Machine):
    machine.listens(304)
    assert machine.heard_s == 300
    machine.listening.answered()
    assert machine.heard_s == 304


def test_while_kafka_is_away_no_time_counts_and_then_it_counts_anew(machine: Machine):
    machine.listens(10)
    machine.listens(3600, answers=False)
    assert (machine.heard_s, machine.since_s) == (10, 0)
    machine.listens(5)
    assert (machine.heard_s, machine.since_s) == (15, 15)
    assert machine.listening.behind_us == 3600 * SECOND_US
    machine.listens(5)
    assert (machine.heard_s, machine.since_s) == (20, 15)


def test_a_flow_that_was_suspended_has_not_listened(machine: Machine):
    machine.listens(10)
    machine.passes(3600)
    machine.listens(5)
    assert machine.heard_s == pytest.approx(10 + 1 + 4.9)
    assert machine.since_s == machine.heard_s


def test_a_flow_that_waits_now_and_then_listens_less_and_goes_on(machine: Machine):
    for _ in range(10):
        machine.passes(INTERRUPTION_US / SECOND_US - 1)
        machine.listening.turned()
        machine.listening.answered()
    assert (machine.heard_s, machine.since_s) == (10, 0)


@pytest.mark.parametrize("set_s", [-3600, 3600])
def test_a_wall_clock_that_is_set_moves_nothing(machine: Machine, set_s: int):
    machine.listens(100)
    machine.wall_us += set_s * SECOND_US
    machine.listens(100)
    assert (machine.heard_s, machine.since_s) == (200, 0)
    assert machine.listening.behind_us == set_s * SECOND_US


def test_a_wall_clock_that_was_set_back_is_told_once(machine: Machine):
    machine.listens(10)
    assert not machine.listening.was_set_back()
    machine.wall_us += 3600 * SECOND_US
    machine.listens(1)
    assert not machine.listening.was_set_back()
    machine.wall_us -= 3600 * SECOND_US
    machine.listens(1)
    assert machine.listening.was_set_back()
    assert not machine.listening.was_set_back()


def test_where_no_source_reports_all_time_counts():
    machine = Machine()
    machine.passes(3600)
    assert machine.heard_s == 3600
    machine.wall_us -= 7200 * SECOND_US
    assert machine.heard_s == 3600
