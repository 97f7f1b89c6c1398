"""Faults are planted one at a time where they show, and judged by alarms near them."""

from collections import Counter

import numpy as np

from dataflows.backtest.scoring import Span
from dataflows.backtest.scoring.planted import KINDS, ROUNDS, Fault, judge, plant

COUNT = 6000
TIMES_US = np.arange(COUNT) * 33_333
SAMPLES = np.arange(COUNT, dtype=np.float64)
# Climbs and speeds up all the time, so that whatever is stuck shows.
VALUES = {
    "velocity": 500.0 + SAMPLES * 0.5,
    "altitude": 20.0 + SAMPLES * 0.02,
}
QUIET = np.zeros(COUNT, bool)


def test_each_place_gets_each_fault_in_turn():
    rounds = [plant(TIMES_US, VALUES, turn)[1] for turn in range(ROUNDS)]
    counts = Counter((one.kind, one.parameter) for faults in rounds for one in faults)
    assert {kind for kind, _ in counts} == set(KINDS)
    assert set(counts.values()) == {10}
    assert len(counts) == ROUNDS


def test_only_what_is_told_is_changed_and_nothing_of_what_was_given():
    before = {name: column.copy() for name, column in VALUES.items()}
    spoiled, faults = plant(TIMES_US, VALUES, 0)
    changed = {name: QUIET.copy() for name in VALUES}
    for fault in faults:
        span = slice(fault.span.first, fault.span.last + 1)
        changed[fault.parameter][span] = True
    for name, column in VALUES.items():
        np.testing.assert_array_equal(column, before[name])
        same = spoiled[name] == column
        np.testing.assert_array_equal(same, ~changed[name])


def test_kinds_are_what_their_names_say():
    for turn in range(ROUNDS):
        spoiled, faults = plant(TIMES_US, VALUES, turn)
        for fault in faults:
            first, last = fault.span
            shown = spoiled[fault.parameter][first : last + 1]
            clean = VALUES[fault.parameter]
            match fault.kind:
                case "dropout":
                    assert np.isnan(shown).all()
                case "zero":
                    assert not shown.any()
                case "stuck":
                    assert (shown == clean[first - 1]).all()
                case "spike":
                    assert len(shown) <= 3
                    size = {"velocity": 75.0, "altitude": 7.5}[fault.parameter]
                    off = np.abs(shown - clean[first : last + 1])
                    np.testing.assert_allclose(off, size)


def test_no_fault_comes_where_it_would_not_show():
    level = {"velocity": np.full(COUNT, 0.0), "altitude": np.full(COUNT, 0.1)}
    kinds = {
        fault.kind
        for turn in range(ROUNDS)
        for fault in plant(TIMES_US, level, turn)[1]
    }
    assert kinds == {"spike", "dropout"}


def test_a_spike_never_goes_below_zero():
    low = {"velocity": np.full(COUNT, 10.0), "altitude": np.full(COUNT, 1.0)}
    for turn in range(ROUNDS):
        spoiled, _ = plant(TIMES_US, low, turn)
        assert all(np.nanmin(column) >= 0 for column in spoiled.values())


def test_no_fault_comes_in_or_near_a_gap():
    times_us = TIMES_US.copy()
    times_us[910:] += 60_000_000
    missing = {name: column.copy() for name, column in VALUES.items()}
    missing["velocity"][1520] = missing["altitude"][1520] = np.nan
    for turn in range(ROUNDS):
        firsts = {fault.span.first for fault in plant(times_us, missing, turn)[1]}
        assert firsts.isdisjoint({900, 1500})
        assert 300 in firsts


def flags(*places: int) -> np.ndarray:
    found = QUIET.copy()
    found[list(places)] = True
    return found


FAULT = Fault("zero", "altitude", Span(1000, 1049))


def test_an_alarm_during_a_fault_finds_it():
    found = judge(TIMES_US, [FAULT], {"altitude_silence": flags(1040)}, QUIET)
    assert (found.found, found.missed, found.strays) == ((FAULT,), (), 0)


def test_an_alarm_of_another_series_finds_nothing_but_is_no_stray():
    found = judge(TIMES_US, [FAULT], {"velocity": flags(1040)}, QUIET)
    assert (found.found, found.missed, found.strays) == ((), (FAULT,), 0)


def test_an_alarm_too_late_finds_nothing():
    found = judge(TIMES_US, [FAULT], {"altitude": flags(1070)}, QUIET)
    assert (found.found, found.missed, found.strays) == ((), (FAULT,), 0)


def test_alarms_of_nothing_are_strays_but_for_those_of_the_clean_flight():
    alarms = {"altitude": flags(1020, 3000, 3001), "velocity": flags(3002, 4000, 5000)}
    found = judge(TIMES_US, [FAULT], alarms, flags(4020))
    assert found.found == (FAULT,)
    assert found.strays == 2
