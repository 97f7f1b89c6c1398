"""Trackers get a vehicle's parameters side by side, and add what they find."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from connectors.decode.decoder import Decoder
from connectors.messages.polls import Poll, Polled
from connectors.messages.samples import ParameterName, Runs, Samples
from connectors.messages.times import moment
from connectors.messages.wire import Packet, encode_packet
from connectors.messages.writes import Records
from connectors.metrics import FlowMetrics
from dataflows.state.snapshot import SnapshotError
from dataflows.vehicles.followed import Followed, Follower
from dataflows.vehicles.most_tracked import MostTracked
from dataflows.vehicles.shard import TrackLogic
from dataflows.vehicles.vehicle import Vehicle

INPUTS = ("a", "b")


class Summing:
    """Adds a and b, and all sums so far; refuses times that do not rise."""

    def __init__(self) -> None:
        self.total, self.newest = 0.0, -1
        self.refused: Counter[str] = Counter()

    def follow(self, times_us, values: Mapping[str, np.ndarray]) -> Followed:
        used, sums = np.zeros(len(times_us), bool), np.full(len(times_us), np.nan)
        for k, time in enumerate(times_us.tolist()):
            used[k] = time > self.newest
            if used[k]:
                self.newest = time
                parts = [values[name][k] for name in INPUTS if name in values]
                self.total += float(np.nansum(parts))
                sums[k] = self.total
        row = (int(used.sum()), self.total)
        return Followed(used, {"sum": sums}, [Records("t", ("n",), ("n", "s"), [row])])

    def refuse(self, reason: str, detail: str, samples: int = 1) -> None:
        assert detail
        self.refused[reason] += samples

    def begin_epoch(self) -> None:
        self.total = 0.0

    def begin_anew(self) -> None:
        self.total, self.newest = 0.0, -1

    def snapshot(self) -> bytes:
        return f"{self.total!r} {self.newest}".encode()

    def restore(self, data: bytes) -> None:
        total, newest = data.split()
        self.total, self.newest = float(total), int(newest)


def logic(
    resume: bytes | None = None,
    new: Callable[[Vehicle], Follower] = lambda _: Summing(),
    most: int = 100,
) -> TrackLogic:
    metrics = FlowMetrics(CollectorRegistry())
    return TrackLogic(resume, INPUTS, new, MostTracked(metrics, most), metrics)


def packet(second: int, craft: str = "SAT", **values: float | None) -> bytes:
    at = moment(second * 10**6)
    return encode_packet(Packet(spacecraft=craft, generation_time=at, values=values))


def polls(messages: Sequence[bytes], kinds: Sequence[str | None] = ()) -> list[Polled]:
    received = np.full(len(messages), 10**15)
    decoded = Decoder(1e9).decode(messages, kinds or [None] * len(messages), received)
    assert not decoded.refused
    return [Polled(samples, Poll(1, 1, (), 0)) for samples in decoded.samples]


def derived(tracked: Polled, craft: str = "SAT") -> list[tuple[int, float]]:
    place = tracked.samples.names.index(ParameterName(craft, "", "sum"))
    run = tracked.samples.run(place)
    return list(zip((run.times_us // 10**6).tolist(), run.values.tolist(), strict=True))


def test_derived_parameters_and_records_join_the_batch():
    [polled] = polls([packet(1, a=1, b=2, c=9), packet(2, a=3, b=None, c=9)])
    [tracked], _ = logic().on_batch([polled])
    assert derived(tracked) == [(1, 3.0), (2, 6.0)]
    assert [name.parameter for name in tracked.samples.names] == ["a", "b", "c", "sum"]
    assert tracked.samples.run(1).values.tolist()[0] == 2
    [records] = tracked.writes
    assert isinstance(records, Records)
    assert records.rows == [(2, 6.0)]
    assert tracked.poll is polled.poll


def test_what_was_learnt_before_does_not_move_the_trackers_again():
    [first], [again] = polls([packet(1, a=1)]), polls([packet(2, a=9)])
    tracking = logic()
    tracking.on_batch([first])
    before = tracking.snapshot()
    learnt = replace(again, poll=replace(again.poll, learnt=True))
    [passed], _ = tracking.on_batch([learnt])
    assert passed == learnt
    assert tracking.snapshot() == before


def test_what_a_tracker_does_not_use_has_no_derived_samples():
    [polled] = polls([packet(5, a=1), packet(4, a=100), packet(6, a=2)])
    [tracked], _ = logic().on_batch([polled])
    assert derived(tracked) == [(5, 1.0), (6, 3.0)]
    assert tracked.samples.run(0).times_us.tolist() == [5 * 10**6, 4 * 10**6, 6 * 10**6]


def test_packets_without_the_inputs_are_no_vehicles():
    [polled] = polls([packet(1, c=1)])
    tracking = logic()
    [tracked], _ = tracking.on_batch([polled])
    assert tracked.samples is polled.samples
    assert tracked.writes == ()


@given(
    packets=st.lists(
        st.tuples(
            st.integers(0, 30),
            st.sampled_from(["SAT", "ISS"]),
            st.dictionaries(st.sampled_from("abc"), st.floats(-1, 1), min_size=1),
        ),
        min_size=1,
        max_size=30,
    ),
    cuts=st.sets(st.integers(1, 29)),
)
@settings(max_examples=60, deadline=None)
def test_other_cuts_and_a_restart_give_the_same_bits(packets, cuts):
    messages = [packet(at, craft, **values) for at, craft, values in packets]

    def found(bounds: list[int]) -> dict[str, list[tuple[int, float]]]:
        tracking, out = logic(), {"SAT": [], "ISS": []}  # type: ignore[var-annotated]
        for first, last in pairwise(bounds):
            tracking = logic(tracking.snapshot())
            for polled in polls(messages[first:last]):
                [tracked], _ = tracking.on_batch([polled])
                for craft, rows in out.items():
                    if ParameterName(craft, "", "sum") in tracked.samples.names:
                        rows += derived(tracked, craft)
        return out

    count = len(messages)
    inner = sorted(cut for cut in cuts if cut < count)
    assert found([0, *inner, count]) == found([0, count])


def test_a_parameter_that_is_sent_is_not_derived():
    at_us = np.array([10**6])
    runs = Runs.of(
        [
            Samples(ParameterName("SAT", "", name), at_us, np.array([value]))
            for name, value in (("a", 1.0), ("sum", 50.0))
        ]
    )
    [tracked], _ = logic().on_batch([Polled(runs, Poll(1, 1, (), 0))])
    assert [name.parameter for name in tracked.samples.names] == ["a", "sum"]
    assert derived(tracked) == [(1, 50.0)]


def test_a_vehicle_whose_snapshot_is_of_another_version_is_tracked_afresh(caplog):
    before = logic()
    for polled in polls([packet(1, "OLD", a=1.0), packet(1, "SAT", a=5.0)]):
        before.on_batch([polled])

    class Newer(Summing):
        def restore(self, data: bytes) -> None:
            if data.startswith(b"1.0"):
                raise SnapshotError("snapshot of version 1, but this is version 2")
            super().restore(data)

    after = logic(before.snapshot(), lambda _: Newer())
    assert "OLD/: tracked afresh: snapshot of version 1" in caplog.text
    found = {}
    for polled in polls([packet(2, "OLD", a=2.0), packet(2, "SAT", a=2.0)]):
        [tracked], _ = after.on_batch([polled])
        samples = tracked.samples
        for place, name in enumerate(samples.names):
            if name.parameter == "sum":
                found[name.spacecraft] = samples.run(place).values.tolist()
    assert found == {"OLD": [2.0], "SAT": [7.0]}


def test_vehicles_beyond_the_bound_are_not_tracked_and_told_of_once(caplog):
    registry = CollectorRegistry()
    metrics = FlowMetrics(registry)
    shared = MostTracked(metrics, 2)
    one, other = (
        TrackLogic(None, INPUTS, lambda _: Summing(), shared, metrics) for _ in range(2)
    )
    found: list[bool] = []
    for logic_of, craft in [(one, "A"), (other, "B"), (one, "C"), (one, "D")] * 2:
        [polled] = polls([packet(len(found), craft, a=1.0, b=2.0)])
        [tracked], _ = logic_of.on_batch([polled])
        found.append("sum" in [name.parameter for name in tracked.samples.names])
    assert found == [True, True, False, False] * 2
    reason = {"reason": "too_many"}
    counted = registry.get_sample_value("orbitwatch_not_tracked_samples_total", reason)
    assert counted == 4
    [warning] = caplog.messages
    assert "2 vehicles are tracked" in warning
    assert "from C/ on" in warning


def test_vehicles_that_were_tracked_before_a_restart_are_though_the_bound_is_lower():
    before = logic()
    for craft in "AB":
        before.on_batch(polls([packet(1, craft, a=1.0)]))
    after = logic(before.snapshot(), most=1)
    for craft in "AB":
        [tracked], _ = after.on_batch(polls([packet(2, craft, a=1.0)]))
        assert derived(tracked, craft) == [(2, 2.0)]
