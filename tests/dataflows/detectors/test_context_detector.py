"""What the detectors share that take context: growth, units, extremes, snapshots."""

import json
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataflows.detectors.arx_residual import ArxResidual
from dataflows.detectors.context_detector import ContextDetector
from dataflows.detectors.record_envelope import RecordEnvelope
from dataflows.state.snapshot import SnapshotError, pack, unpack

Make = Callable[..., ContextDetector]
both = pytest.mark.parametrize("make", [RecordEnvelope, ArxResidual])
quick = pytest.mark.parametrize(
    "make",
    [
        lambda: RecordEnvelope(blind_samples=60, veto_samples=90),
        lambda: ArxResidual(blind_samples=100, window_samples=200),
    ],
    ids=["record_envelope", "arx_residual"],
)


def run(detector, values, context=None):
    return detector.update(np.arange(len(values)), np.asarray(values, float), context)


def stream(seed: int, length: int = 3000) -> tuple[np.ndarray, np.ndarray]:
    """Return values that answer to commands, with odd stretches, and the commands."""
    rng = np.random.default_rng(seed)
    commands = (rng.random((length, 6)) < 0.01).astype(float)
    commands[:700, 4] = 0.0
    commands[:, 5] = 0.0
    pushed = np.convolve(commands[:, 0], np.exp(-np.arange(60) / 20))[:length]
    values = np.sin(np.arange(length) / 40) * 0.4 + 0.3 * pushed
    values += rng.normal(size=length) * 0.02
    for at in rng.integers(600, length - 50, 5):
        kind = rng.integers(4)
        values[at : at + 40] += [0.0, 0.9, -0.4, 0.0][kind]
        values[at] += 1.5 * (kind == 0)
        values[at : at + 200] = values[at] if kind == 3 else values[at : at + 200]
    values[length - 600 :] += 0.8
    return values, commands


def named(commands: np.ndarray) -> dict[str, np.ndarray]:
    return {f"command_{k}": column for k, column in enumerate(commands.T)}


@quick
@given(cuts=st.lists(st.integers(0, 900), max_size=6), seed=st.integers(0, 3))
@settings(max_examples=15, deadline=None)
def test_cuts_of_batches_do_not_matter_to_context(make, cuts, seed):
    values, commands = stream(seed, 900)
    values[[50, 400, 401]] = np.nan
    whole = run(make(), values, named(commands))
    detector, pieces = make(), []
    edges = [0, *sorted(cuts), 900]
    for start, stop in pairwise(edges):
        some = named(commands[start:stop])
        # What is not named is 0; and the order of names says nothing.
        some = {k: some[k] for k in reversed(some) if some[k].any()}
        pieces.append(run(detector, values[start:stop], some or None))
    assert np.concatenate(pieces).tobytes() == whole.tobytes()


@quick
@given(at=st.integers(0, 900))
@settings(max_examples=15, deadline=None)
def test_a_restored_detector_continues_while_context_grows(make, at):
    values, commands = stream(1, 900)
    first, second = make(), make()
    run(first, values[:at], named(commands[:at]))
    if at % 2:
        first.begin_epoch()
    run(second, values[:50], {"other": np.ones(50)})
    second.restore(first.snapshot())
    rest = values[at:], named(commands[at:])
    assert run(second, *rest).tobytes() == run(first, *rest).tobytes()
    assert second.snapshot() == first.snapshot()


def test_names_count_in_the_order_of_their_first_use_then_by_name():
    values, columns = np.zeros(30), {name: np.zeros(30) for name in "dcba"}
    columns["d"][3] = columns["b"][20] = columns["a"][20] = 1.0
    columns["c"][5] = np.nan
    detector = RecordEnvelope(most_context_columns=2)
    run(detector, values, columns)
    names, *_ = unpack(detector.snapshot(), detector._label)
    assert json.loads(names) == ["d", "a"]


@both
def test_too_much_context_is_ignored_and_memory_is_bounded(make):
    rng = np.random.default_rng(2)
    context = {f"mode_{k}": rng.random(300) for k in range(200)}
    detector, fewer = make(), make()
    first = {f"mode_{k}": context[f"mode_{k}"] for k in sorted(range(200), key=str)}
    kept = dict(sorted(first.items())[:64])
    values = rng.normal(size=300)
    scores = run(detector, values, context)
    assert scores.tobytes() == run(fewer, values, kept).tobytes()
    before = len(detector.snapshot())
    run(detector, values, {f"more_{k}": values for k in range(50)})
    assert len(detector.snapshot()) == before <= 40 * 1024


def test_a_snapshot_is_small():
    values, rng = np.zeros(10), np.random.default_rng(0)
    detector = RecordEnvelope()
    assert len(detector.snapshot()) <= 8 * 1024
    run(detector, values, {f"command_{k}": rng.random(10) for k in range(55)})
    assert len(detector.snapshot()) <= 40 * 1024


@both
def test_context_that_is_0_or_unknown_changes_nothing(make):
    values, _ = stream(0, 900)
    odd = {"zero": np.zeros(900), "nan": np.full(900, np.nan)}
    odd["infinite"] = np.full(900, -np.inf)
    assert run(make(), values, odd).tobytes() == run(make(), values).tobytes()


@both
def test_any_finite_context_gives_finite_scores(make):
    values, _ = stream(0, 1500)
    rng = np.random.default_rng(1)
    sizes = 10.0 ** rng.integers(-300, 300, (4, 1500))
    scores = run(make(), values, {f"c{k}": column for k, column in enumerate(sizes)})
    assert np.isfinite(scores).all()


def test_commands_may_be_whole_numbers_or_flags():
    values, commands = stream(0, 900)
    expected = run(RecordEnvelope(), values, named(commands))
    for kind in (np.int64, np.bool_, np.float32):
        found = run(RecordEnvelope(), values, named(commands.astype(kind)))
        assert found.tobytes() == expected.tobytes()


@both
def test_a_column_of_another_length_is_refused_and_nothing_learnt(make):
    detector = make()
    before = detector.snapshot()
    with pytest.raises(ValueError, match="not that of 3 values"):
        run(detector, np.zeros(3), {"a": np.ones(3), "b": np.ones(4)})
    with pytest.raises(ValueError, match="2 times for 3 values"):
        detector.update(np.arange(2), np.zeros(3), {"a": np.ones(3)})
    assert detector.snapshot() == before


def test_a_response_to_a_command_is_known_after_a_while():
    rng = np.random.default_rng(4)
    command = (rng.random(6000) < 0.01).astype(float)
    values = np.convolve(command, np.exp(-np.arange(200) / 30))[:6000]
    values += 0.01 * rng.normal(size=6000)
    context = {"heater": np.append(command[1:], 0.0)}
    with_it, without = RecordEnvelope(), RecordEnvelope()
    run(with_it, values, context)
    run(without, values)
    errors = [np.abs(d._bands[-3, 3000:]).mean() for d in (with_it, without)]
    assert errors[0] < 0.8 * errors[1]


@both
@pytest.mark.parametrize("seed", range(3))
@given(
    factor=st.sampled_from([1000.0, 1e-6, -2.0, 1e30]),
    offset=st.floats(-100.0, 100.0),
)
@settings(max_examples=5, deadline=None)
def test_scores_do_not_depend_on_units(make, seed, factor, offset):
    values, commands = stream(seed, 2500)
    scores = run(make(), values, named(commands))
    other = run(make(), (values + offset) * factor, named(commands))
    np.testing.assert_allclose(other, scores, rtol=1e-3, atol=1e-4)


@both
@pytest.mark.parametrize(
    "extreme",
    [[1e308], [-1e308, 1e308] * 5, [5e-324] * 20, [1e308] * 50],
    ids=["one", "both", "denormal", "many"],
)
@pytest.mark.parametrize("at", [0, 20, 300, 1500])
def test_extremes_do_not_spoil_a_detector_for_good(make, extreme, at):
    values, _ = stream(0, 1700)
    detector = make()
    usual = np.sin(np.arange(60_000) / 40) * 0.4
    assert np.isfinite(run(detector, np.insert(values, at, extreme))).all()
    scores = run(detector, usual)
    assert np.isfinite(scores).all()
    if len(extreme) == 1 or (0 < at and len(extreme) < 50):
        assert scores[30_000:].max() < 1
        assert run(detector, np.random.default_rng(0).normal(size=300)).max() >= 1


@both
def test_a_million_equal_values_are_quiet_and_then_a_change_is_seen(make):
    detector = make()
    for _ in range(10):
        assert run(detector, np.full(100_000, 28.1)).max() < 1
    assert run(detector, np.full(10, 28.2)).max() >= 1


@both
def test_damaged_parts_are_refused(make):
    detector = make()
    run(detector, np.arange(20.0), {"a": np.ones(20)})
    whole = detector.snapshot()
    names, *parts = unpack(whole, detector._label)
    for bad in ([names, *parts[1:]], [b"[]", *parts], [names, *parts[:-1], b"x" * 8]):
        with pytest.raises(SnapshotError):
            detector.restore(pack(detector._label, bad))
    assert detector.snapshot() == whole
    with pytest.raises(SnapshotError, match="settings"):
        make(prescaled=True).restore(whole)
