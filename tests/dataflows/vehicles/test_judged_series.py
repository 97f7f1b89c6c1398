"""What a follower has judged itself becomes samples, anomalies and an open state."""

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from connectors.files.parameters import Definitions
from connectors.messages.findings import Anomaly, Explanation, Severity
from connectors.messages.polls import Poll, Polled, ToStore
from connectors.messages.samples import ParameterName, Runs, Samples
from connectors.messages.writes import Findings, ScoredSamples
from connectors.metrics import FlowMetrics
from connectors.process.listening import Listening
from dataflows.parameters.shard import ShardLogic
from dataflows.state.snapshot import label, pack, unpack
from dataflows.vehicles.followed import Followed, Judged
from dataflows.vehicles.most_tracked import MostTracked
from dataflows.vehicles.shard import TrackLogic

INPUTS = ("current", "voltage")
HEALTH = ParameterName("SAT", "power", "health")
NEGATIVE_IS_NOT_USED = -1.0


class Balance:
    """Judges two parameters together: how far their product is from 10."""

    def follow(self, times_us, values: Mapping[str, np.ndarray]) -> Followed:
        assert (np.diff(times_us) > 0).all()
        current, voltage = values["current"], values["voltage"]
        off = np.abs(current * voltage - 10.0)
        scores = off / 5.0

        def explain(index: int) -> Explanation:
            share = float(scores[index]) / 2
            return Explanation(
                *("balance", float(off[index]), 0.0, None, 5.0, 1.0),
                f"The power is {off[index]:.6g} W from 10 W.",
                {"current": share, "voltage": share},
            )

        severities = np.where(scores >= 1, Severity.WARNING, Severity.IN_LIMITS)
        judged = Judged(off, scores, severities.astype(np.int8), explain)
        used = current != NEGATIVE_IS_NOT_USED
        return Followed(used, {}, judged={HEALTH.parameter: judged})

    def refuse(self, reason: str, detail: str, samples: int = 1) -> None:
        pass

    def begin_epoch(self) -> None:
        pass

    def begin_anew(self) -> None:
        pass

    def snapshot(self) -> bytes:
        return b""

    def restore(self, data: bytes) -> None:
        pass


def logic(
    resume: bytes | None = None, registry: CollectorRegistry | None = None
) -> TrackLogic:
    metrics = FlowMetrics(registry or CollectorRegistry())
    most = MostTracked(metrics, 10)
    return TrackLogic(resume, INPUTS, lambda _: Balance(), most, metrics)


def polled(currents: list[float], start: int = 0, craft: str = "SAT") -> Polled:
    times_us = (np.arange(len(currents)) + start) * 1_000_000
    columns = [np.array(currents), np.full(len(currents), 5.0)]
    runs = [
        Samples(ParameterName(craft, "power", name), times_us, column)
        for name, column in zip(INPUTS, columns, strict=True)
    ]
    return Polled(Runs.of(runs), Poll(1, 1, (), 0))


def track(tracking: TrackLogic, polled: Polled) -> Polled:
    [tracked], _ = tracking.on_batch([polled])
    return tracked


def anomalies(tracked: Polled) -> list[Anomaly]:
    found = [one for one in tracked.writes if isinstance(one, Findings)]
    return [anomaly for one in found for anomaly in one.anomalies]


def test_a_judged_series_is_stored_with_its_own_scores_and_not_watched_again():
    tracked = track(logic(), polled([2.0, 2.5, 4.0]))
    [scored, found] = tracked.writes
    assert isinstance(scored, ScoredSamples)
    assert scored.samples.names == [HEALTH]
    assert scored.samples.values.tolist() == [0.0, 2.5, 10.0]
    assert scored.scores.tolist() == [0.0, 0.5, 2.0]
    assert scored.severities.tolist() == [0, 0, Severity.WARNING]
    assert HEALTH not in tracked.samples.names
    assert isinstance(found, Findings)
    assert found.open_since_us == {HEALTH: 2_000_000}


def test_its_anomaly_is_explained_by_shares_that_sum_to_the_score():
    [opened] = anomalies(track(logic(), polled([2.0, 2.5, 4.0])))
    change = opened.change
    assert (opened.name, change.kind) == (HEALTH, "opened")
    assert (change.severity, change.peak_score) == (Severity.WARNING, 2.0)
    assert sum(change.explanation.contributions.values()) == change.peak_score
    assert "10 W from 10 W" in change.explanation.text


def test_samples_that_the_follower_does_not_use_are_not_judged():
    currents = [2.0, NEGATIVE_IS_NOT_USED, 4.0]
    tracked = track(logic(), polled(currents))
    [scored, _] = tracked.writes
    assert isinstance(scored, ScoredSamples)
    assert scored.samples.times_us.tolist() == [0, 2_000_000]
    [opened] = anomalies(tracked)
    assert "10 W from 10 W" in opened.change.explanation.text
    only_unused = track(logic(), polled([NEGATIVE_IS_NOT_USED]))
    assert only_unused.writes == ()


@given(
    currents=st.lists(st.sampled_from([2.0, 2.5, 4.0, 9.0, -1.0]), max_size=120),
    cuts=st.sets(st.integers(1, 119)),
)
@settings(max_examples=40, deadline=None)
def test_other_cuts_and_a_restart_tell_the_same(currents, cuts):
    def told(bounds: list[int]) -> list[Anomaly]:
        tracking, found = logic(), list[Anomaly]()
        for first, last in pairwise(bounds):
            tracking = logic(tracking.snapshot())
            if last > first:
                part = polled(currents[first:last], first)
                found += anomalies(track(tracking, part))
        return found

    count = len(currents)
    inner = sorted(cut for cut in cuts if cut < count)
    assert told([0, *inner, count]) == told([0, count])


def test_its_anomalies_are_counted_and_open_again_after_a_restart_once_heard():
    def open_in(registry: CollectorRegistry) -> float | None:
        labels = {"severity": "WARNING"}
        return registry.get_sample_value("orbitwatch_anomalies_open", labels)

    before, after = CollectorRegistry(), CollectorRegistry()
    first = logic(registry=before)
    track(first, polled([4.0]))
    assert open_in(before) == 1
    resumed = logic(first.snapshot(), after)
    assert open_in(after) == 0
    track(resumed, polled([2.0], 1, craft="OTHER"))
    assert open_in(after) == 0
    track(resumed, polled([2.0], 1))
    assert open_in(after) == 1
    track(resumed, polled([2.0] * 40, 2))
    assert open_in(after) == 0
    # It has ended for good: what was open at the restart is taken in once.
    track(resumed, polled([2.0], 42))
    assert open_in(after) == 0


def test_what_is_judged_goes_with_the_poll_to_the_database():
    metrics = FlowMetrics(CollectorRegistry())
    shard = ShardLogic(None, Definitions(), metrics, Listening())
    tracked = track(logic(), polled([4.0]))
    [stored], _ = shard.on_batch([tracked])
    assert isinstance(stored, ToStore)
    assert stored.poll == tracked.poll
    assert stored.writes[: len(tracked.writes)] == tracked.writes
    of_inputs = stored.writes[len(tracked.writes)]
    assert isinstance(of_inputs, ScoredSamples)
    assert [name.parameter for name in of_inputs.samples.names] == [*INPUTS]


def test_a_snapshot_of_before_there_were_judged_series_goes_on():
    tracking = logic()
    track(tracking, polled([4.0]))
    parts = unpack(tracking.snapshot(), label("trackers", 3, {}))
    [name, arrivals, follower, _] = parts
    older = pack(label("trackers", 2, {}), [name, arrivals, follower])
    resumed = logic(older)
    # Late: its time was seen before the restart.
    assert track(resumed, polled([4.0])).writes == ()
    assert [one.change.kind for one in anomalies(track(resumed, polled([4.0], 1)))] == [
        "opened"
    ]
