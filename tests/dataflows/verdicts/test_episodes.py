"""Anomalies begin, grow and end; nothing floods."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.messages.findings import AnomalyChange, Explanation, Severity
from dataflows.detectors.severities import learned_severities
from dataflows.state.snapshot import SnapshotError, pack
from dataflows.verdicts.episodes import Episodes

SCORES = st.lists(
    st.sampled_from([0.0, 0.5, 1.0, 1.4, 1.6, 3.0, 9.0, float("nan")]), max_size=60
)


def explained(index: int) -> Explanation:
    return Explanation("z", float(index), None, 0.0, 1.0, 1.0, f"Sample {index}.")


def run(episodes: Episodes, scores: list[float], first: int = 0):
    values = np.array(scores, np.float64)
    times = (np.arange(len(scores)) + first) * 10
    return episodes.update(
        times, values, learned_severities(values), lambda i: explained(i + first)
    )


def brief(changes: tuple[AnomalyChange, ...]) -> list[tuple[object, ...]]:
    return [(c.kind, c.revision, c.severity.name, c.peak_score) for c in changes]


def test_quiet_samples_bring_no_change():
    assert run(Episodes(), [0.0, 0.99, float("nan")]) == ()
    assert run(Episodes(), []) == ()


def test_an_anomaly_opens_grows_and_closes():
    changes = run(Episodes(close_after_samples=2), [0, 1.0, 1.2, 2.5, 2.6, 0, 1, 0, 0])
    assert brief(changes) == [
        ("opened", 1, "WATCH", 1.0),
        ("updated", 2, "WARNING", 2.5),
        ("closed", 3, "WARNING", 2.6),
    ]
    closed = changes[-1]
    assert (closed.started_us, closed.ended_us, closed.samples) == (10, 60, 5)
    assert closed.explanation.detector == "z"
    assert closed.explanation == explained(4)


def test_a_growing_anomaly_does_not_flood():
    changes = run(Episodes(), [1.0 + 0.01 * i for i in range(10_000)])
    assert len(changes) < 15


def test_an_anomaly_that_lasts_becomes_one_step_more_severe():
    changes = run(Episodes(lasting_samples=10), [1.5] * 40)
    assert brief(changes) == [
        ("opened", 1, "WATCH", 1.5),
        ("updated", 2, "WARNING", 1.5),
    ]
    assert changes[1].samples == 10


def test_no_anomaly_lasts_into_what_only_people_can_set():
    for score, severity in ((3.0, "DISTRESS"), (9.0, "DISTRESS")):
        changes = run(Episodes(lasting_samples=2), [score] * 40)
        assert changes[-1].severity.name == severity


def test_contributions_survive_a_snapshot():
    scores = {"z": 1.5, "trees": 0.25}

    def explain(index: int) -> Explanation:
        return replace(explained(index), contributions=scores)

    episodes, resumed = Episodes(close_after_samples=1), Episodes(close_after_samples=1)
    some = np.array([0]), np.array([1.5]), np.array([1], np.int8)
    episodes.update(*some, explain)
    resumed.restore(episodes.snapshot())
    quiet = np.array([1]), np.array([0.0]), np.array([0], np.int8)
    [closed] = resumed.update(*quiet, explained)
    assert closed.explanation.contributions == scores
    assert [*closed.explanation.contributions] == [*scores]


def test_an_anomaly_that_stays_is_told_once():
    assert len(run(Episodes(), [5.0] * 1000)) == 1


def test_a_missing_sample_neither_continues_nor_ends_an_anomaly():
    episodes, gap = Episodes(close_after_samples=2), [float("nan")] * 100
    opened = run(episodes, [1.0, 0.0, *gap])
    assert brief(opened) == [("opened", 1, "WATCH", 1.0)]
    [closed] = run(episodes, [0.0], 102)
    assert (closed.kind, closed.samples) == ("closed", 1)


def test_missing_samples_between_two_anomalous_ones_do_not_part_them():
    gap = [float("nan")] * 100
    changes = run(Episodes(close_after_samples=2), [1.0, 0.0, *gap, 1.0])
    assert brief(changes) == [("opened", 1, "WATCH", 1.0)]


def test_quiet_samples_are_counted_anew_after_each_anomalous_one():
    episodes = Episodes(close_after_samples=3)
    assert brief(run(episodes, [1.0, 0, 0, 1, 0, 0, 1])) == [("opened", 1, "WATCH", 1)]
    assert run(episodes, [0, 0], 7) == ()
    assert brief(run(episodes, [0], 9)) == [("closed", 2, "WATCH", 1)]


def test_two_anomalies_far_apart_are_two():
    changes = run(Episodes(close_after_samples=3), [1.0, 0, 0, 0, 1.0, 0, 0, 0])
    assert [c.kind for c in changes] == ["opened", "closed"] * 2
    assert [c.started_us for c in changes] == [0, 0, 40, 40]
    assert [c.revision for c in changes] == [1, 2, 1, 2]


@pytest.mark.parametrize("cut", [0, 3, 4, 5])
def test_an_anomaly_with_a_clock_set_back_in_it_is_two_and_none_ends_before_it_began(
    cut: int,
):
    times = np.array([1000, 1010, 1020, 1030, 50, 60, 70, 80, 90])
    scores = np.array([0.0, 3.0, 1.0, 0.0, 1.0, 9.0, 0.0, 0.0, 0.0])
    episodes, changes = Episodes(close_after_samples=3), []
    for some in (range(cut), range(cut, len(times))):
        found = scores[some]
        taken = episodes.update(
            times[some],
            found,
            learned_severities(found),
            lambda index, some=some: explained(some[index]),  # type: ignore[misc]
        )
        changes += [
            (one.kind, one.started_us, one.ended_us, one.explanation.text)
            for one in taken
        ]
    assert changes == [
        ("opened", 1010, None, "Sample 1."),
        ("closed", 1010, 1020, "Sample 1."),
        ("opened", 50, None, "Sample 4."),
        ("updated", 50, None, "Sample 5."),
        ("closed", 50, 60, "Sample 5."),
    ]


@given(st.sets(st.integers(1, 5)))
def test_an_anomaly_is_explained_by_its_most_severe_sample(cuts: set[int]):
    scores = np.array([3.0, 9.0, 2.0, 7.0, 10.0, 0.0])
    severities = np.array([3, 3, 4, 3, 3, 0], np.int8)
    episodes, last = Episodes(close_after_samples=1), None
    ends = [0, *sorted(cuts), len(scores)]
    for some in itertools.starmap(range, itertools.pairwise(ends)):
        for last in episodes.update(
            np.array(some),
            scores[some],
            severities[some],
            lambda index, some=some: explained(some[index]),  # type: ignore[misc]
        ):
            assert last.explanation.observed == {3: 1, 4: 2}[last.severity] or (
                last.kind == "opened"
            )
    assert last is not None
    assert (last.kind, last.severity, last.peak_score) == ("closed", 4, 10.0)


def test_the_severity_never_falls_within_an_anomaly():
    changes = run(Episodes(close_after_samples=1), [9.0, 1.0, 0.0])
    assert [c.severity for c in changes] == [Severity.DISTRESS] * 2


@given(scores=SCORES, cuts=st.lists(st.integers(0, 60), max_size=5))
@settings(max_examples=200, deadline=None)
def test_cuts_and_restarts_do_not_matter(scores, cuts):
    whole = Episodes(close_after_samples=3)
    expected = run(whole, scores)
    parts, found, episodes = sorted(min(c, len(scores)) for c in cuts), [], whole
    episodes = Episodes(close_after_samples=3)
    for start, end in zip([0, *parts], [*parts, len(scores)], strict=True):
        found += run(episodes, scores[start:end], start)
        resumed = Episodes(close_after_samples=3)
        resumed.restore(episodes.snapshot())
        episodes = resumed
    assert tuple(found) == expected
    assert episodes.snapshot() == whole.snapshot()


@given(scores=SCORES)
@settings(deadline=None)
def test_revisions_count_up_and_each_opening_is_closed_before_the_next(scores):
    last = 0
    for change in run(Episodes(close_after_samples=3), scores):
        assert change.revision == last + 1
        assert (change.kind == "opened") == (change.revision == 1)
        assert (change.ended_us is not None) == (change.kind == "closed")
        last = 0 if change.kind == "closed" else change.revision


def test_snapshots_of_another_shape_are_refused():
    episodes = Episodes()
    with pytest.raises(SnapshotError, match="another shape"):
        episodes.restore(pack(episodes._label, [b"too short"]))


def test_an_anomaly_in_progress_outlives_new_settings():
    before, after = Episodes(), Episodes(close_after_samples=2)
    run(before, [0, 2.0])
    after.restore(before.snapshot())
    assert brief(run(after, [0, 0], 2)) == [("closed", 2, "WARNING", 2.0)]


def test_a_wrong_setting_is_refused():
    with pytest.raises(ValueError, match="close_after_samples must be a whole number"):
        Episodes(close_after_samples=0)
