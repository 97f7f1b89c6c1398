"""The shared steps in Bytewax's own runner."""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import bytewax.operators as op
import numpy as np
import pytest
from bytewax.dataflow import Dataflow
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.testing import TestingSink, TestingSource, run_main
from prometheus_client import CollectorRegistry

from connectors.decode.routing import by_subsystem, shard_of
from connectors.errors import SettingsError, StateUnreadable
from connectors.files.parameters import Definitions, ParameterDefinition
from connectors.messages.findings import Anomaly
from connectors.messages.polls import NO_POLL, DeadLetter, Poll, Polled, ToStore
from connectors.messages.samples import ParameterName, Runs, Samples, Situation
from connectors.messages.times import moment
from connectors.metrics import FlowMetrics
from connectors.process.listening import Listening
from dataflows.operators import (
    anomalies,
    by_shard,
    split,
    watch,
)
from dataflows.parameters.shard import ShardLogic
from dataflows.parameters.watched import check_definitions
from tests.outcome import Outcome, outcome

VOLTAGE = ParameterName("SAT", "power", "voltage")
LETTER = DeadLetter(b"{", None, "t", 0, 0, "not_json", "")
NOTHING_LEARNT = {
    "record_envelope": {"enabled": False},
    "episodes": {"close_after_samples": 3},
}


def polled(
    values: list[float], start: int = 0, name: ParameterName = VOLTAGE
) -> Polled:
    times_us = (np.arange(len(values)) + start) * 1_000_000
    samples = Samples(name, times_us, np.array(values, dtype=float))
    shard = shard_of(by_subsystem(name))
    return Polled(Runs.of([samples]), Poll(start, 1, (), 0), shard)


def voltage(**definition: Any) -> Definitions:
    return Definitions([ParameterDefinition(VOLTAGE, "V", **definition)])


LIMITED = voltage(soft=(26.0, 33.0), hard=(24.0, 34.0), detectors=NOTHING_LEARNT)


def number_of(scored: ToStore) -> int:
    assert scored.poll is not None
    return scored.poll.number


def scored_by(
    definitions: Definitions,
    items: Sequence[Any],
    registry: CollectorRegistry | None = None,
) -> tuple[list[Outcome], list[Anomaly], list[DeadLetter]]:
    scored: list[tuple[str, ToStore]] = []
    found: list[Anomaly] = []
    letters: list[DeadLetter] = []
    flow = Dataflow("test")
    parted = split("split", op.input("in", flow, TestingSource(items)))
    sharded = by_shard("sharded", parted.trues)
    metrics = FlowMetrics(registry or CollectorRegistry())
    up = watch("watch", sharded, definitions, metrics)
    op.output("scored", up, TestingSink(scored))
    op.output("found", anomalies("anomalies", up), TestingSink(found))
    op.output("letters", parted.falses, TestingSink(letters))
    run_main(flow)
    polls = [item for item in items if isinstance(item, Polled)]
    assert {key for key, _ in scored} == {f"shard {one.shard:02}" for one in polls}
    return [outcome(one) for _, one in scored], found, letters


def test_dead_letters_part_from_telemetry():
    scored, _, letters = scored_by(Definitions(), [polled([1.0]), LETTER])
    assert [one.samples.values.tolist() for one in scored] == [[1.0]]
    assert letters == [LETTER]


def test_every_batch_in_gives_one_batch_out_with_its_poll():
    batches = [polled([28.0] * 5, start) for start in range(0, 50, 5)]
    scored, _, _ = scored_by(Definitions(), batches)
    assert [one.poll for one in scored] == [batch.poll for batch in batches]


def test_a_violated_limit_opens_updates_and_closes_one_anomaly():
    values = [28.0, 33.5, 35.0, 28.0, 28.0, 28.0, 28.0]
    [scored], found, _ = scored_by(LIMITED, [polled(values)])
    assert scored.severities.tolist() == [0, 2, 4, 0, 0, 0, 0]
    assert scored.scores[1] == 1.5
    assert scored.scores[2] >= 2
    changes = [one.change for one in found]
    assert [(one.kind, one.revision, one.severity.name) for one in changes] == [
        ("opened", 1, "WARNING"),
        ("updated", 2, "CRITICAL"),
        ("closed", 3, "CRITICAL"),
    ]
    opened, _, closed = found
    assert {one.id for one in found} == {opened.id}
    assert uuid.UUID(opened.id).version == 5
    ended = closed.change
    assert (ended.started_us, ended.ended_us) == (1_000_000, 2_000_000)
    why = opened.change.explanation
    assert (why.detector, why.observed, why.upper) == ("limits", 33.5, 33.0)
    assert "33.5" in why.text


def test_replayed_anomalies_are_told_to_the_database_only():
    replayed = VOLTAGE._replace(spacecraft="replay:SAT")
    [scored], found, _ = scored_by(LIMITED, [polled([28.0, 35.0], name=replayed)])
    assert [one.name for one in scored.anomalies] == [replayed]
    assert found == []


def test_the_id_of_an_anomaly_depends_on_parameter_and_start_only():
    def first_id(items: list[Polled]) -> str:
        return scored_by(LIMITED, items)[1][0].id

    whole = first_id([polled([28.0, 35.0, 35.0])])
    assert whole == first_id([polled([28.0]), polled([34.5], 1), polled([40.0], 2)])
    assert whole != first_id([polled([28.0, 28.0, 35.0])])


def test_late_samples_are_counted_and_open_no_anomaly():
    registry = CollectorRegistry()
    items = [polled([28.0] * 3, 10), polled([50.0], 4)]
    scored, found, _ = scored_by(LIMITED, items, registry)
    assert found == []
    assert scored[1].severities.tolist() == [4]
    name = "orbitwatch_telemetry_late_samples_total"
    assert registry.get_sample_value(name) == 1


def test_anomalies_are_counted_by_severity():
    registry = CollectorRegistry()
    scored_by(LIMITED, [polled([35.0])], registry)
    labels = {"change": "opened", "severity": "CRITICAL"}
    assert registry.get_sample_value("orbitwatch_anomalies_total", labels) == 1


@pytest.mark.parametrize(
    ("definition", "problem"),
    [
        ({"soft": (33.0, 26.0)}, "voltage"),
        ({"hard": (30.0, 40.0), "soft": (26.0, 33.0)}, "voltage"),
        ({"detectors": {"rolling_zscore": {}}}, "rolling_zscore"),
        ({"detectors": {"rolling_z_score": {"window": 3}}}, "window"),
        ({"detectors": {"rolling_z_score": {"threshold": "high"}}}, "threshold"),
    ],
)
def test_settings_that_make_no_detectors_are_refused_by_name(definition, problem):
    with pytest.raises(SettingsError, match=rf"power\.yaml: .*{problem}") as refusal:
        check_definitions(voltage(source="power.yaml", **definition))
    assert "\n" not in str(refusal.value)


def resumable(
    items: list[Polled],
    out: list[tuple[str, ToStore]],
    definitions: Definitions,
    crash_at: int | None = None,
) -> Dataflow:
    """A flow that keeps `out`; it breaks after the detectors saw poll `crash_at`."""

    def crash(item: tuple[str, ToStore]) -> tuple[str, ToStore]:
        if number_of(item[1]) == crash_at:
            raise RuntimeError("crash")
        return item

    flow = Dataflow("resumable")
    source = TestingSource(items, batch_size=1)
    sharded = by_shard("sharded", op.input("in", flow, source))
    scored = watch("watch", sharded, definitions, FlowMetrics(CollectorRegistry()))
    op.output("out", op.map("crash", scored, crash), TestingSink(out))
    return flow


def wave(count: int) -> list[float]:
    rng = np.random.default_rng(5)
    waves = 28 + np.sin(np.arange(count) / 9) + rng.normal(0, 0.1, count)
    return [float(value) for value in waves]


def test_scores_after_a_crash_are_those_of_an_undisturbed_run(tmp_path):
    values = wave(2_000)
    batches = [polled(values[n : n + 40], n) for n in range(0, 2_000, 40)]
    undisturbed: list[tuple[str, ToStore]] = []
    run_main(resumable(list(batches), undisturbed, Definitions()))

    init_db_dir(tmp_path, 1)
    resumed: list[tuple[str, ToStore]] = []
    for crash_at in (280, 840, 1400, None):
        resume = partial(
            run_main,
            resumable(batches, resumed, Definitions(), crash_at),
            epoch_interval=timedelta(0),
            recovery_config=RecoveryConfig(str(tmp_path)),
        )
        if crash_at is None:
            resume()
        else:
            with pytest.raises(RuntimeError):
                resume()
    by_poll = {number_of(one): outcome(one).scores for _, one in resumed}
    assert len(by_poll) == len(batches)
    for _, one in undisturbed:
        expected = outcome(one).scores
        np.testing.assert_array_equal(by_poll[number_of(one)], expected)


def test_new_settings_make_a_parameter_learn_anew_instead_of_stopping(tmp_path, caplog):
    init_db_dir(tmp_path, 1)
    recovery = RecoveryConfig(str(tmp_path))
    out: list[tuple[str, ToStore]] = []
    items = [polled(wave(200)), polled([28.0], 200)]
    for count, window_samples in ((1, 100), (2, 200)):
        settings = {"rolling_z_score": {"window_samples": window_samples}}
        run_main(
            resumable(items[:count], out, voltage(detectors=settings)),
            epoch_interval=timedelta(0),
            recovery_config=recovery,
        )
    assert len(out) == 2
    assert "/SAT/power/voltage: rolling_z_score start afresh" in caplog.text


def test_a_parameter_that_stopped_arriving_is_told_of_and_its_return_too():
    """The engine's timer is real, so the silence is short and its length not judged."""
    settings = {**NOTHING_LEARNT, "staleness": {"after_seconds": 0.3}}
    pause = TestingSource.PAUSE(timedelta(seconds=1))
    items = [polled([28.0]), pause, polled([28.0], 1)]
    scored, found, _ = scored_by(voltage(detectors=settings), items)
    assert [one.change.kind for one in found] == ["opened", "closed"]
    opened, closed = found
    assert opened.id == closed.id
    assert opened.change.explanation.detector == "staleness"
    assert closed.change.ended_us is not None
    assert [len(one.samples) for one in scored if one.poll is None] == [0, 0]


class Clock:
    """What silence is judged by, as a test sets it."""

    now_us, since_us, behind_us = 0, 0, 0


def test_silence_counts_anew_after_a_restart_and_is_not_forgotten():
    settings = {**NOTHING_LEARNT, "staleness": {"after_seconds": 10}}
    definitions, metrics = voltage(detectors=settings), FlowMetrics(CollectorRegistry())
    clock = Clock()
    before = ShardLogic(None, definitions, metrics, clock)
    before.on_batch([polled([28.0])])
    clock.now_us = 99_000_000
    after = ShardLogic(before.snapshot(), definitions, metrics, clock)
    assert after.notify_at() == moment(109_000_000)
    clock.now_us = 109_000_001
    [told], _ = after.on_notify()
    [opened] = outcome(told).anomalies
    assert opened.change.kind == "opened"
    known = FlowMetrics(CollectorRegistry())
    again = ShardLogic(after.snapshot(), definitions, known, clock)
    told, _ = again.on_batch([polled([28.0], 1)])[0]
    [closed] = outcome(told).anomalies
    assert closed.change.kind == "closed"
    assert closed.id == opened.id
    assert known.anomalies._severity_of == {}


def test_a_shard_without_a_batch_looks_at_the_clock_when_it_is_told_to():
    settings = {**NOTHING_LEARNT, "staleness": {"after_seconds": 10}}
    clock = Clock()
    metrics = FlowMetrics(CollectorRegistry())
    logic = ShardLogic(None, voltage(detectors=settings), metrics, clock)
    logic.on_batch([polled([28.0])])
    clock.now_us, clock.behind_us = 4_000_000, -3_600_000_000
    look = Polled(Runs.of([]), NO_POLL)
    assert logic.on_batch([look])[0] == []
    assert logic.notify_at() == moment(10_000_000 - 3_600_000_000)
    clock.now_us = 10_000_000
    [told], _ = logic.on_batch([look])
    assert told.poll is None
    assert [one.change.kind for one in outcome(told).anomalies] == ["opened"]


def test_new_limits_leave_what_was_learnt_and_an_open_anomaly_alone(caplog):
    def logic(resume: bytes | None, **limits: Any) -> ShardLogic:
        metrics = FlowMetrics(CollectorRegistry())
        return ShardLogic(resume, voltage(**limits), metrics, Listening())

    before = logic(None, soft=(20.0, 30.0))
    before.on_batch([polled([*wave(1_000), 31.0])])
    after = logic(before.snapshot(), soft=(20.0, 40.0))
    [scored], _ = after.on_batch([polled(wave(40), 1_001)])
    assert [one.change.kind for one in outcome(scored).anomalies] == ["closed"]
    undisturbed = logic(None, soft=(20.0, 40.0))
    undisturbed.on_batch([polled([*wave(1_000), 31.0])])
    [expected], _ = undisturbed.on_batch([polled(wave(40), 1_001)])
    np.testing.assert_array_equal(outcome(scored).scores, outcome(expected).scores)
    assert "/SAT/power/voltage: limits start afresh" in caplog.text


def test_drifts_come_with_their_samples():
    settings = {**NOTHING_LEARNT, "adwin": {}}
    values = [28.0 + n % 3 for n in range(500)] + [48.0 + n % 3 for n in range(500)]
    registry = CollectorRegistry()
    [scored], found, _ = scored_by(
        voltage(detectors=settings), [polled(values)], registry
    )
    [(name, drift)] = scored.drifts
    assert (name, drift.detector) == (VOLTAGE, "adwin")
    assert drift.mean_after > drift.mean_before + 10
    assert found == []
    labels = {"detector": "adwin"}
    assert registry.get_sample_value("orbitwatch_drifts_total", labels) == 1


SEQUENCE = ParameterName("SAT", "power", "packet_sequence")
GAP = [float(n) for n in (*range(300), 317, *range(318, 330))]


def test_a_sequence_count_is_not_watched_unless_asked_for():
    [scored], found, _ = scored_by(Definitions(), [polled(GAP, name=SEQUENCE)])
    assert found == []
    assert not scored.scores.any()


def test_a_sequence_count_can_be_watched_for_gaps():
    definition = ParameterDefinition(SEQUENCE, detectors={"counter": {"modulo": 16384}})
    items = [polled(GAP, name=SEQUENCE)]
    [_], found, _ = scored_by(Definitions([definition]), items)
    assert (
        found[0].change.explanation.text == "17 counts are missing between 299 and 317."
    )
    assert {one.change.explanation.detector for one in found} == {"counter"}


def test_an_epoch_is_told_to_the_detectors():
    quiet, loud = wave(2_000), [value + 40 for value in wave(2_000)]
    one = polled([*quiet, *loud])
    _, without, _ = scored_by(Definitions(), [one])
    epochs = ((0, "cruise"), (2_000, "landing"))
    told = replace(one.samples, situations={0: Situation(epochs=epochs)})
    _, found, _ = scored_by(Definitions(), [replace(one, samples=told)])
    assert len(without) > 0
    assert found == []


def test_a_state_of_another_version_is_refused_in_one_line_that_says_what_to_do(
    tmp_path, monkeypatch
):
    init_db_dir(tmp_path, 1)

    def run(items: list[Polled]) -> None:
        run_main(
            resumable(items, [], Definitions()),
            epoch_interval=timedelta(0),
            recovery_config=RecoveryConfig(str(tmp_path)),
        )

    with monkeypatch.context() as patch:
        patch.setattr(ShardLogic, "snapshot", lambda _: b"of another version")
        run([polled([28.0])])
    with pytest.raises(StateUnreadable, match=r"holds .* start with an empty"):
        run([polled([28.0]), polled([28.0], 1)])
