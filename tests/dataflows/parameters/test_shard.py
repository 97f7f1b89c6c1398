"""A shard judges its parameters together as each would be judged by itself."""

import gc
import tracemalloc
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from connectors.files.parameters import Definitions, ParameterDefinition
from connectors.messages.findings import AnomalyChange, Drift, ExpectedRange, Severity
from connectors.messages.polls import Poll, Polled, ToStore
from connectors.messages.samples import ParameterName, Runs, Samples
from connectors.metrics import FlowMetrics
from connectors.process.listening import Listening
from dataflows.detectors.limits import Limits
from dataflows.detectors.record_envelope import RecordEnvelope
from dataflows.parameters.most_watched import MostWatched
from dataflows.parameters.shard import ShardLogic
from dataflows.state.snapshot import SnapshotError
from dataflows.verdicts.bank import DetectorBank
from dataflows.verdicts.build import build_watch
from dataflows.verdicts.watch import ParameterWatch
from tests.outcome import Outcome, outcome

QUICK = {"record_envelope": {"blind_samples": 20, "veto_samples": 30}}
SOON_OVER = {"episodes": {"close_after_samples": 3}}
DEFINED: dict[str, dict[str, Any]] = {
    "plain": {"detectors": QUICK | SOON_OVER},
    "other": {"detectors": QUICK | SOON_OVER},
    "usual": {},
    "unlearned": {
        "soft": (-2.0, 2.0),
        "detectors": {"record_envelope": {"enabled": False}} | SOON_OVER,
    },
    "limited": {"soft": (-2.0, 2.0), "hard": (-3.0, 3.0), "detectors": QUICK},
    "patient": {
        "soft": (-2.0, 2.0),
        "detectors": QUICK | {"limits": {"raise_after_samples": 3}},
    },
    "more": {"detectors": QUICK | {"rolling_z_score": {}, "adwin": {}}},
}


def name(parameter: str) -> ParameterName:
    return ParameterName("SAT", "power", parameter)


DEFINITIONS = Definitions(
    ParameterDefinition(name(parameter), "V", **given)
    for parameter, given in DEFINED.items()
)


def shard(resume: bytes | None = None, definitions=DEFINITIONS) -> ShardLogic:
    metrics = FlowMetrics(CollectorRegistry())
    return ShardLogic(resume, definitions, metrics, Listening())


def watch_of(parameter: str) -> ParameterWatch:
    definition = DEFINITIONS.of(name(parameter))
    limits = Limits(*definition.soft, *definition.hard)
    return build_watch(limits, definition.detectors)


def stream(seed: int, count: int = 120) -> Iterator[Mapping[str, Samples]]:
    """Batches of all parameters: noise, steps, gaps, late samples, contexts, epochs.

    In some, the parameters have a context in common, as those of a packet.
    """
    random = np.random.default_rng(seed)
    done = dict.fromkeys(DEFINED, 0)
    for number in range(count):
        batch = {}
        packet = int(random.integers(1, 6)) if random.random() < 0.4 else 0
        told = {
            mode: (random.random(packet) < 0.5).astype(float)
            for mode in ("eclipse", "heater", "safe")[: number // 30]
        }
        for parameter in random.permutation(sorted(DEFINED)).tolist():
            length = packet or int(random.integers(0, 6))
            if not length:
                continue
            times = done[parameter] + np.arange(1, length + 1)
            done[parameter] += length
            if random.random() < 0.05:
                times = random.permutation(times) - int(random.integers(0, 3))
            values = random.normal(0, 1, length) + 6 * (random.random() < 0.03)
            values[random.random(length) < 0.05] = np.nan
            context: dict[str, Any] | None = told if packet else None
            epochs: tuple[tuple[int, str], ...] = ()
            if number > count / 2 and random.random() < 0.05:
                context = {"mode": random.integers(0, 2, length).astype(float)}
            if random.random() < 0.02:
                epochs = ((int(random.integers(0, length)), f"epoch {number % 2}"),)
            times_us = times.astype(np.int64) * 1_000_000
            batch[parameter] = Samples(
                name(parameter), times_us, values, context, epochs
            )
        if batch:
            yield batch


def polled(batch: Mapping[str, Samples]) -> Polled:
    return Polled(Runs.of(list(batch.values())), Poll(1, 1, (), 0))


def one(logic: ShardLogic, batch: Mapping[str, Samples]) -> Outcome:
    [scored], _ = logic.on_batch([polled(batch)])
    return outcome(scored)


@given(seed=st.integers(0, 10_000), restarts=st.sets(st.integers(0, 119), max_size=4))
@settings(max_examples=25, deadline=None)
def test_together_gives_the_same_bits_as_each_alone(seed, restarts):
    alone = {parameter: watch_of(parameter) for parameter in DEFINED}
    logic = shard()
    for number, batch in enumerate(stream(seed)):
        if number in restarts:
            logic = shard(logic.snapshot())
        scored = one(logic, batch)
        changes: list[AnomalyChange] = []
        drifts: list[Drift] = []
        ranges: list[tuple[ParameterName, ExpectedRange]] = []
        for place, (parameter, samples) in enumerate(batch.items()):
            verdict = alone[parameter].update(
                samples.times_us, samples.values, samples.context, samples.epochs
            )
            rows = scored.samples.rows(place)
            assert scored.scores[rows].tobytes() == verdict.scores.tobytes()
            assert scored.severities[rows].tobytes() == verdict.severities.tobytes()
            changes += verdict.changes
            drifts += verdict.drifts
            ranges += [(samples.name, told) for told in verdict.ranges]
        current = {
            samples.name: alone[parameter].episodes.current
            for parameter, samples in batch.items()
        }
        assert scored.open_since_us == {
            of: episode.started_us for of, episode in current.items() if episode
        }
        assert [found.change for found in scored.anomalies] == changes
        assert [drift for _, drift in scored.drifts] == drifts
        assert sorted(map(str, scored.expected)) == sorted(map(str, ranges))


def test_the_streams_above_have_anomalies_and_late_samples_in_them():
    logic = shard()
    found = [one(logic, batch) for batch in stream(1)]
    assert sum(len(scored.anomalies) for scored in found) > 10
    assert logic._metrics.judging.late._value.get() > 10
    assert len({name for scored in found for name, _ in scored.expected}) == 5


def test_a_snapshot_in_the_middle_of_an_anomaly_goes_on_with_it():
    logic = shard(
        definitions=Definitions(
            [ParameterDefinition(name("limited"), soft=(-2, 2), hard=(-50, 50))]
        )
    )
    times_us = np.arange(5) * 1_000_000
    first = Samples(name("limited"), times_us, np.array([0.0, 0, 0, 9, 0]))
    [opened] = one(logic, {"limited": first}).anomalies
    resumed = shard(logic.snapshot(), logic._definitions)
    later = Samples(
        name("limited"), times_us + 10_000_000, np.array([0.0, 0, 99, 0, 0])
    )
    [updated] = one(resumed, {"limited": later}).anomalies
    assert (updated.id, updated.change.kind) == (opened.id, "updated")


def test_anomalies_of_before_a_restart_count_as_open_once_their_parameter_is_heard():
    logic, open_of = shard(), dict[str, ParameterName]()
    heard: set[ParameterName] = set()
    carried_over = 0
    for number, batch in enumerate(stream(8)):
        known = {key for key, name in open_of.items() if name in heard}
        assert logic._metrics.anomalies._severity_of.keys() == known
        before = open_of.keys() - known
        for anomaly in one(logic, batch).anomalies:
            if anomaly.change.kind == "closed":
                del open_of[anomaly.id]
            else:
                open_of[anomaly.id] = anomaly.name
        heard |= {run.name for run in batch.values()}
        carried_over += len(before & logic._metrics.anomalies._severity_of.keys())
        if number % 10 == 0:
            logic, heard = shard(logic.snapshot()), set()
    assert carried_over > 3


LIMITED = Definitions(
    ParameterDefinition(name(parameter), hard=(0.0, 10.0), detectors=SOON_OVER)
    for parameter in ("ours", "theirs")
)


def steps(parameter: str, values: list[float], start_s: int = 0) -> dict[str, Samples]:
    times_us = (start_s + np.arange(len(values))) * 1_000_000
    return {parameter: Samples(name(parameter), times_us, np.array(values))}


def critical(logic: ShardLogic) -> float:
    return float(logic._metrics.anomalies._open.labels("CRITICAL")._value.get())


def test_an_open_anomaly_counts_in_one_of_two_processes_that_share_a_snapshot():
    before = shard(definitions=LIMITED)
    for parameter in ("ours", "theirs"):
        one(before, steps(parameter, [5.0, 50.0]))
    assert critical(before) == 2
    ours, theirs = (shard(before.snapshot(), LIMITED) for _ in "ab")
    one(ours, steps("ours", [50.0], 10))
    one(theirs, steps("theirs", [5.0] * 3, 10))
    assert (critical(ours), critical(theirs)) == (1, 0)
    one(ours, steps("ours", [5.0] * 3, 20))
    assert (critical(ours), critical(theirs)) == (0, 0)


def test_a_spacecraft_that_is_silent_since_before_a_restart_is_still_known(monkeypatch):
    before = shard(definitions=LIMITED)
    one(before, steps("ours", [5.0] * 10))
    one(before, steps("theirs", [5.0] * 30))
    registry = CollectorRegistry()
    ShardLogic(before.snapshot(), LIMITED, FlowMetrics(registry), Listening())
    monkeypatch.setattr("time.time", lambda: 60.0)
    labels = {"spacecraft": "SAT"}
    samples, lag = (
        registry.get_sample_value(f"orbitwatch_telemetry_{which}", labels)
        for which in ("samples_total", "event_time_lag_seconds")
    )
    assert (samples, lag) == (0, 31)


def test_thousands_of_parameters_share_a_few_arrays():
    names = [ParameterName("SAT", "power", f"p{n}") for n in range(1_000)]
    random = np.random.default_rng(3)
    logic, alone = shard(), [build_watch(None, {}) for _ in names]
    for round_ in range(6):
        times_us = np.arange(4) + 4 * round_
        values = random.normal(size=(len(names), 4)) * [0, 1, 5, 1]
        runs = [
            Samples(name, times_us, row)
            for name, row in zip(names, values, strict=True)
        ]
        scored = one(logic, {str(run.name): run for run in runs})
        expected = [
            watch.update(times_us, row).scores
            for watch, row in zip(alone, values, strict=True)
        ]
        assert scored.scores.tobytes() == np.concatenate(expected).tobytes()
    [bank] = logic._banks.values()
    assert len(bank) == 1_000
    assert len(logic.snapshot()) < 5_000 * 1_000


@pytest.mark.parametrize("detectors", [{}, {"rolling_z_score": {}}])
def test_nothing_is_kept_of_what_was_polled_with_an_anomaly(detectors):
    names = [ParameterName("SAT", "power", f"p{n}") for n in range(20)]
    logic = shard(
        definitions=Definitions(
            ParameterDefinition(each, soft=(0.0, 10.0), detectors=detectors)
            for each in names
        )
    )

    def poll(number: int, count: int) -> None:
        times_us, values = 10_000 * number + np.arange(count), np.full(count, 5.0)
        values[7] = 50.0
        found = one(logic, {"": Samples(names[number % 20], times_us, values)})
        assert found.anomalies

    for number in range(20):
        poll(number, 10)
    tracemalloc.start()
    for number in range(20, 40):
        poll(number, 5_000)
    gc.collect()
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 5_000 * 8


def test_a_parameter_that_learns_of_a_context_changes_the_bank_with_what_it_knows():
    logic, alone = shard(), watch_of("plain")
    random = np.random.default_rng(4)
    for start in range(0, 300, 10):
        times_us = np.arange(start, start + 10)
        context = {"mode": np.full(10, float(start > 100))}
        samples = Samples(name("plain"), times_us, random.normal(size=10), context)
        scored = one(logic, {"plain": samples})
        verdict = alone.update(times_us, samples.values, context)
        assert scored.scores.tobytes() == verdict.scores.tobytes()
    [with_mode] = logic._banks.values()
    assert len(with_mode) == 1
    assert with_mode.kind is not None
    assert with_mode.kind.context_names == ("mode",)
    another = Samples(name("other"), np.arange(10), random.normal(size=10))
    one(logic, {"other": another})
    assert [len(bank) for bank in logic._banks.values()] == [1, 1]


def test_what_is_beyond_the_bound_is_held_against_limits_only_and_nothing_is_kept(
    caplog,
):
    wild = [ParameterName("SAT", "power", f"p{n}") for n in range(50)]
    of_every = ParameterName("*", "power", "p9")
    described = [ParameterDefinition(name("described"), hard=(0.0, 10.0))]
    definitions = Definitions(
        [*described, ParameterDefinition(of_every, hard=(0.0, 10.0))]
    )
    metrics = FlowMetrics(CollectorRegistry())
    known = wild[:3]

    def logic(resume: bytes | None, most: int = 3) -> ShardLogic:
        most_watched = MostWatched(metrics, most)
        return ShardLogic(resume, definitions, metrics, Listening(), most_watched)

    def heard(by: ShardLogic, names: list[ParameterName], at: int) -> Outcome:
        runs = [Samples(each, np.array([at]), np.array([50.0])) for each in names]
        return one(by, {str(run.name): run for run in runs})

    first = logic(None)
    heard(first, known, 0)
    size = len(first.snapshot())
    scored = heard(first, [*wild, name("described")], 10)
    assert {*first._watched} == {*known, name("described")}
    assert [each.name for each in scored.anomalies] == [name("described")]
    np.testing.assert_equal(scored.scores[[3, 9, -1]], [np.nan, 2.0, 2.0])
    assert scored.severities[[3, 9, -1]].tolist() == [0, 4, 4]
    assert metrics.judging.unwatched._value.get() == 47
    assert metrics.judging.watched._value.get() == 4
    [warning] = caplog.messages
    assert warning.startswith("3 parameters are watched, the most that ORBITWATCH_MOST")
    assert len(first.snapshot()) < 2 * size
    # What was watched before a restart goes on, also with a lower bound.
    again = logic(first.snapshot(), 1)
    heard(again, wild, 20)
    assert {*again._watched} == {*known, name("described")}
    more = logic(first.snapshot(), 9)
    heard(more, wild, 20)
    assert len(more._watched) == 9


def test_all_shards_of_a_process_share_one_bound():
    metrics = FlowMetrics(CollectorRegistry())
    most_watched = MostWatched(metrics, 5)
    shards = [
        ShardLogic(None, Definitions(), metrics, Listening(), most_watched)
        for _ in range(3)
    ]
    for each in shards:
        one(each, {f"p{n}": steps(f"p{n}", [1.0])[f"p{n}"] for n in range(3)})
    assert [len(each._watched) for each in shards] == [3, 2, 0]


def test_what_is_replayed_takes_no_seats_from_what_is_live(caplog):
    metrics = FlowMetrics(CollectorRegistry())
    definitions = Definitions([ParameterDefinition(name("described"))])

    def logic(resume: bytes | None) -> ShardLogic:
        most_watched = MostWatched(metrics, 3)
        return ShardLogic(resume, definitions, metrics, Listening(), most_watched)

    def heard(by: ShardLogic, spacecraft: str, parameters: list[str]) -> None:
        names = [ParameterName(spacecraft, "power", each) for each in parameters]
        runs = [Samples(each, np.array([0]), np.array([1.0])) for each in names]
        one(by, {str(run.name): run for run in runs})

    first = logic(None)
    heard(first, "replay:SAT", ["described", *(f"p{n}" for n in range(9))])
    heard(first, "SAT", ["p1", "p2"])
    assert metrics.judging.unwatched._value.get() == 7
    [warning] = caplog.messages
    assert warning.startswith("3 replayed parameters are watched, the most")
    again = logic(first.snapshot())
    heard(again, "SAT", ["p1", "p2", "p3"])
    assert metrics.judging.unwatched._value.get() == 7
    heard(again, "SAT", ["p4"])
    assert metrics.judging.unwatched._value.get() == 8
    assert metrics.judging.watched._value.get() == 6


def test_a_bank_refuses_parameters_that_are_watched_otherwise():
    bank = DetectorBank(ParameterWatch([RecordEnvelope()]))
    with pytest.raises(ValueError, match="not watched as"):
        bank.add(b"p", ParameterWatch([]))
    with pytest.raises(ValueError, match="not watched as"):
        bank.add(b"p", ParameterWatch([RecordEnvelope(threshold=0.8)]))


def test_a_snapshot_that_was_cut_short_is_refused():
    logic = shard()
    for batch in stream(5, 10):
        one(logic, batch)
    data = logic.snapshot()
    for length in (0, 3, 50, len(data) - 1):
        with pytest.raises(SnapshotError):
            shard(data[:length] or b"x")


def test_other_settings_make_a_parameter_of_a_bank_start_afresh(caplog):
    logic = shard()
    for batch in stream(6, 40):
        one(logic, batch)
    new = {"record_envelope": {"blind_samples": 21, "veto_samples": 30}}
    changed = Definitions([ParameterDefinition(name("plain"), detectors=new)])
    resumed = shard(logic.snapshot(), changed)
    assert "/SAT/power/plain: record_envelope start afresh" in caplog.text
    run = Samples(name("plain"), np.array([10**12]), np.array([50.0]))
    assert one(resumed, {"plain": run}).scores.tolist() == [0.0]


def test_what_was_in_a_bank_goes_on_beside_new_detectors(caplog):
    logic = shard()
    for batch in stream(10, 60):
        one(logic, batch)
    more = {**QUICK, **SOON_OVER, "rolling_z_score": {}}
    changed = Definitions([ParameterDefinition(name("plain"), detectors=more)])
    resumed = shard(logic.snapshot(), changed)
    assert "/SAT/power/plain: rolling_z_score start afresh" in caplog.text
    run = Samples(name("plain"), np.array([10**12]), np.array([50.0]))
    expected = one(logic, {"plain": run}).scores
    assert expected[0] > 1
    assert one(resumed, {"plain": run}).scores.tolist() == expected.tolist()


def test_banks_that_nobody_is_in_any_more_are_gone():
    logic = shard()
    for flags in range(1, 6):
        context = {f"flag_{n}": np.ones(10) for n in range(flags)}
        times_us = np.arange(10) + flags * 1000
        batch = {
            parameter: Samples(name(parameter), times_us, np.ones(10), context)
            for parameter in ("plain", "other")
        }
        one(logic, batch)
    [bank] = logic._banks.values()
    assert len(bank) == 2


def test_a_batch_with_many_contexts_is_judged_piece_by_piece(monkeypatch):
    seen = 0
    judge = DetectorBank.judge

    def counting(bank, rows, begins, ends, times_us, values, *rest):
        nonlocal seen
        seen += len(values)
        return judge(bank, rows, begins, ends, times_us, values, *rest)

    monkeypatch.setattr(DetectorBank, "judge", counting)
    logic = shard(definitions=Definitions())
    runs = [
        Samples(
            ParameterName("SAT", f"subsystem {n}", "p"),
            np.arange(10),
            np.ones(10),
            {"mode": np.zeros(10)},
        )
        for n in range(30)
    ]
    [scored], _ = logic.on_batch([Polled(Runs.of(runs), Poll(1, 1, (), 0))])
    assert len(outcome(scored).scores) == seen == 300


def test_what_was_learnt_before_is_stored_with_its_limits_and_changes_nothing():
    """As where a database was restored that lacks what the detectors have learnt."""
    logic = shard()
    for batch in stream(7):
        logic.on_batch([polled(batch)])
    before = logic.snapshot()
    values = np.array([0.0, 2.5, 9.0])
    times_us = np.array([1, 2, 3], np.int64) * 1_000_000
    again = {
        parameter: Samples(name(parameter), times_us, values)
        for parameter in ("limited", "plain", "never heard")
    }
    item = polled(again)
    item = replace(item, poll=replace(item.poll, learnt=True))
    [stored], _ = logic.on_batch([item])
    assert logic.snapshot() == before
    assert stored.poll == item.poll
    scored = outcome(stored)
    limited = scored.severities[:3].tolist()
    assert limited == [Severity.IN_LIMITS, Severity.WARNING, Severity.CRITICAL]
    assert not scored.severities[3:].any()
    # Without limits nothing was judged.
    assert np.isnan(scored.scores).tolist() == [False] * 3 + [True] * 6
    assert scored.anomalies == []


def test_what_is_stored_again_tells_which_anomalies_are_still_open():
    """Else the database would close them as forgotten."""
    logic = shard()
    times_us = np.arange(30, dtype=np.int64) * 1_000_000
    high = Samples(name("limited"), times_us, np.full(30, 9.0))
    [found], _ = logic.on_batch([polled({"limited": high})])
    open_since_us = outcome(found).open_since_us
    assert open_since_us == {name("limited"): 0}
    item = polled({"limited": high})
    learnt = replace(item, poll=replace(item.poll, learnt=True))
    [stored], _ = logic.on_batch([learnt])
    assert outcome(stored).open_since_us == open_since_us


def test_a_poll_without_samples_passes_with_its_position():
    poll = Poll(4, 1, (), 0)
    [passed], _ = shard().on_batch([Polled(Runs.of([]), poll)])
    assert passed == ToStore(poll, ())
