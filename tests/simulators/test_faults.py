"""Faults spoil what they say they spoil, and nothing else."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.messages.samples import ParameterName
from connectors.messages.wire import Packet
from connectors.recordings.truth import Injected, read_truth
from simulators.faults import KINDS, FaultInjector, FaultPlan, Kind, inject
from simulators.spacecraft.packets import synthetic_packets
from simulators.timing import Timing
from simulators.truth import TruthFile

START = datetime(2024, 1, 1, tzinfo=UTC)
OFTEN = FaultPlan(warm_up_samples=50, mean_gap_samples=40, rest_samples=10)


def packets_of(values: Sequence[float | None]) -> list[Packet]:
    return [
        Packet(
            spacecraft="S",
            subsystem="power",
            generation_time=START + timedelta(seconds=index),
            values={"voltage": value, "state": float(index // 100)},
            context={"eclipse": 1.0},
        )
        for index, value in enumerate(values)
    ]


def spoil(
    packets: Sequence[Packet], seed: int, plan: FaultPlan = OFTEN
) -> tuple[list[Packet], list[Injected]]:
    injected: list[Injected] = []
    spoiled = list(inject(iter(packets), FaultInjector(seed, injected.append, plan)))
    return spoiled, injected


def changes(
    before: Sequence[Packet], after: Sequence[Packet]
) -> set[tuple[ParameterName, datetime]]:
    assert len(before) == len(after)
    return {
        (ParameterName(old.spacecraft, old.subsystem or "", name), old.generation_time)
        for old, new in zip(before, after, strict=True)
        for name in old.values
        if old.values[name] != new.values[name]
    }


def is_inside(fault: Injected, change: tuple[ParameterName, datetime]) -> bool:
    name, time = change
    return fault.name == name and fault.started_at <= time <= fault.ended_at


numbers = st.floats(allow_nan=False, allow_infinity=False) | st.none()


@settings(max_examples=40, deadline=None)
@given(st.lists(numbers, min_size=300, max_size=300), st.integers(0, 2**32))
def test_only_what_the_truth_names_is_changed(values: list[float | None], seed: int):
    packets = packets_of(values)
    spoiled, injected = spoil(packets, seed)
    for change in changes(packets, spoiled):
        assert sum(is_inside(fault, change) for fault in injected) == 1
    for old, new in zip(packets, spoiled, strict=True):
        assert (old.key, old.generation_time, old.context) == (
            new.key,
            new.generation_time,
            new.context,
        )
        assert all(v is None or math.isfinite(v) for v in new.values.values())


def test_every_fault_changes_something_and_is_as_long_as_its_kind_may_be():
    packets = list(synthetic_packets(3, Timing(samples=3000)))
    plan = FaultPlan(warm_up_samples=600, mean_gap_samples=500)
    spoiled, injected = spoil(packets, 3, plan)
    changed = changes(packets, spoiled)
    assert {fault.fault for fault in injected} == set(KINDS)
    end = packets[-1].generation_time
    for fault in injected:
        assert any(is_inside(fault, change) for change in changed), fault
        shortest, longest = KINDS[fault.fault].samples
        samples = 1 + (fault.ended_at - fault.started_at) / timedelta(seconds=10)
        assert samples <= longest
        assert samples >= shortest or fault.ended_at == end


def test_faults_of_a_parameter_come_after_the_warm_up_and_one_by_one():
    packets = packets_of([math.sin(index) for index in range(3000)])
    _, injected = spoil(packets, 7)
    voltage = sorted(
        (fault for fault in injected if fault.name.parameter == "voltage"),
        key=lambda fault: fault.started_at,
    )
    assert len(voltage) > 5
    assert voltage[0].started_at >= START + timedelta(seconds=OFTEN.warm_up_samples)
    for earlier, later in pairwise(voltage):
        rest = timedelta(seconds=OFTEN.rest_samples)
        assert later.started_at - earlier.ended_at > rest


def test_the_first_fault_may_come_just_after_the_warm_up_and_the_next_after_the_rest():
    plan = FaultPlan(warm_up_samples=50, mean_gap_samples=1, rest_samples=10)
    first, rests = set(), set()
    for seed in range(30):
        _, injected = spoil(packets_of([math.sin(n) for n in range(1000)]), seed, plan)
        faults = [fault for fault in injected if fault.name.parameter == "voltage"]
        first.add((faults[0].started_at - START) // timedelta(seconds=1))
        rests |= {
            (later.started_at - earlier.ended_at) // timedelta(seconds=1) - 1
            for earlier, later in pairwise(faults)
        }
    assert min(first) == plan.warm_up_samples
    assert min(rests) == plan.rest_samples


def test_what_a_fault_hid_does_not_count_for_the_size_of_the_next():
    """Nobody on the ground has seen it."""
    rail = {"rail": Kind((20, 20), (7, 10))}
    plan = FaultPlan(
        warm_up_samples=100, mean_gap_samples=1, rest_samples=50, kinds=rail
    )
    packets = packets_of([math.sin(n) for n in range(1000)])
    _, injected = spoil(packets, 1, plan)
    for fault in injected:
        if fault.name.parameter == "voltage":
            for packet in packets:
                if fault.started_at <= packet.generation_time <= fault.ended_at:
                    packet.values["voltage"] = 1e6
    spoiled, again = spoil(packets, 1, plan)
    assert again == injected
    assert len(again) > 5
    shown = [packet.values["voltage"] for packet in spoiled]
    assert max(abs(value) for value in shown if value is not None) < 20


def test_the_same_seed_gives_the_same_faults_and_another_seed_others():
    packets = packets_of([math.sin(index) for index in range(2000)])
    assert spoil(packets, 1) == spoil(packets, 1)
    assert spoil(packets, 1)[1] != spoil(packets, 2)[1]


def test_what_befalls_a_parameter_does_not_depend_on_the_others():
    packets = packets_of([math.sin(index) for index in range(2000)])
    alone = [
        Packet(
            spacecraft=packet.spacecraft,
            subsystem=packet.subsystem,
            generation_time=packet.generation_time,
            values={"voltage": packet.values["voltage"]},
        )
        for packet in packets
    ]
    of_voltage = [f for f in spoil(packets, 5)[1] if f.name.parameter == "voltage"]
    assert spoil(alone, 5)[1] == of_voltage


def test_the_packets_given_are_left_as_they_are():
    packets = packets_of([math.sin(index) for index in range(1000)])
    copies = packets_of([math.sin(index) for index in range(1000)])
    spoil(packets, 1)
    assert packets == copies


def test_a_state_that_rests_is_never_stuck():
    packets = packets_of([1.0] * 5000)
    _, injected = spoil(packets, 11)
    assert len(injected) > 20
    assert "stuck" not in {fault.fault for fault in injected}


def test_faults_are_far_outside_the_usual_spread():
    values = [math.sin(index) for index in range(5000)]
    packets = packets_of(values)
    spoiled, injected = spoil(packets, 2)
    for fault in injected:
        if fault.fault not in {"spike", "rail"} or fault.name.parameter == "state":
            continue
        first = (fault.started_at - START) // timedelta(seconds=1)
        shown = spoiled[first].values["voltage"]
        assert shown is not None
        assert abs(shown) > 5


def test_closing_early_records_the_faults_that_are_under_way():
    packets = packets_of([math.sin(index) for index in range(3000)])
    injected: list[Injected] = []
    plan = FaultPlan(warm_up_samples=0, mean_gap_samples=1, rest_samples=0)
    stream = inject(iter(packets), FaultInjector(4, injected.append, plan))
    taken = [next(stream) for _ in range(200)]
    stream.close()  # type: ignore[attr-defined]
    latest = max(fault.ended_at for fault in injected)
    assert latest == taken[-1].generation_time


def test_the_truth_file_gives_back_what_was_recorded_before_it_is_closed(
    tmp_path: Path,
):
    _, injected = spoil(packets_of([math.sin(i) for i in range(2000)]), 9)
    path = tmp_path / "truth.csv"
    with TruthFile(path) as truth:
        for fault in injected:
            truth.record(fault)
        assert list(read_truth(path)) == injected
    lines = path.read_text().splitlines()
    assert lines[0] == "spacecraft,subsystem,parameter,fault,started_at,ended_at"
    assert lines[1].endswith("Z")
