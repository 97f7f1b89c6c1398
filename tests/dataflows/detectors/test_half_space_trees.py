"""Half-space trees against River, and the scale and threshold around them."""

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import ArrayLike
from river import anomaly

from dataflows.detectors.half_space_trees import HalfSpaceTrees, splits

ROOT = Path(__file__).parents[3]


def run(detector: HalfSpaceTrees, values: ArrayLike) -> np.ndarray:
    column = np.asarray(values, np.float64)
    return detector.update(np.arange(len(column)), column)


def rivers_scores(values: np.ndarray, **settings) -> np.ndarray:
    forest = anomaly.HalfSpaceTrees(**settings)
    scores = []
    for value in values.tolist():
        scores.append(forest.score_one({"value": value}))
        forest.learn_one({"value": value})
    return np.array(scores, np.float64)


def our_scores(values: np.ndarray, window_size: int, **settings) -> np.ndarray:
    settings = {"limits": (0.0, 1.0), "quantile": None, **settings}
    detector = HalfSpaceTrees(window_samples=window_size, **settings)
    scores = []
    for part in np.array_split(values, 7):
        run(detector, part)
        scores.append(detector.tree_scores)
    return np.concatenate(scores)


def bursts(samples: int) -> np.ndarray:
    rng = np.random.default_rng(11)
    values = np.clip(rng.normal(0.45, 0.05, samples), 0, 1)
    values[rng.integers(0, samples, samples // 50)] = rng.random(samples // 50)
    values[samples // 2 : samples // 2 + 300] = 0.9
    return values


@pytest.mark.parametrize(
    "settings",
    [
        {"n_trees": 10, "height": 8, "window_size": 250, "seed": 42},
        {"n_trees": 5, "height": 3, "window_size": 3, "seed": 1},
        {"n_trees": 3, "height": 10, "window_size": 300, "seed": 0},
        {"n_trees": 1, "height": 1, "window_size": 2, "seed": 5},
    ],
    ids=str,
)
def test_scores_equal_rivers(settings):
    values = bursts(6000)
    expected = rivers_scores(values, **settings)
    np.testing.assert_allclose(our_scores(values, **settings), expected, atol=1e-12)


def test_scores_equal_rivers_with_other_limits():
    values = bursts(2000) * 40.0 - 10.0
    settings = {"n_trees": 4, "height": 6, "window_size": 100, "seed": 9}
    expected = rivers_scores(values, limits={"value": (-10.0, 30.0)}, **settings)
    found = our_scores(values, limits=(-10.0, 30.0), **settings)
    np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize("name", ["P-1", "T-1"])
def test_scores_equal_rivers_on_recordings(channel, name):
    values = np.clip((channel(name)[0][:5000] + 1) / 2, 0, 1)
    settings = {"n_trees": 10, "height": 8, "window_size": 250, "seed": 42}
    expected = rivers_scores(values, **settings)
    np.testing.assert_allclose(our_scores(values, **settings), expected, atol=1e-12)


def test_a_fixed_threshold_is_where_the_score_is_one():
    detector = HalfSpaceTrees(limits=(0.0, 1.0), quantile=None, threshold=0.99)
    scores = run(detector, bursts(3000))
    above = detector.tree_scores >= 0.99
    assert above.any()
    assert ((scores >= 1) == above).all()


def test_twice_the_score_is_half_the_normal_mass():
    detector = HalfSpaceTrees(limits=(0.0, 1.0), quantile=None, threshold=0.9)
    scores = run(detector, bursts(1000))[250:]
    mass = 1 - detector.tree_scores[250:]
    np.testing.assert_allclose(scores, 0.1 / mass)


@pytest.mark.parametrize(
    ("n_trees", "height", "seed", "limits"),
    [(10, 8, 1, (0.0, 1.0)), (3, 12, 2**62, (-7.3, 1e6)), (1, 1, 0, (1e-9, 2e-9))],
)
def test_splits_are_the_bits_of_rivers(n_trees, height, seed, limits):
    forest = anomaly.HalfSpaceTrees(n_trees, height, seed=seed, limits={"x": limits})
    forest.learn_one({"x": limits[0]})
    rows = splits(n_trees, height, seed, limits)
    for row, tree in zip(rows, forest.trees, strict=True):
        level = [tree]
        thresholds: list[float] = []
        for _ in range(height):
            thresholds += [node.threshold for node in level]
            level = [child for node in level for child in node.children]
        assert row.tolist() == thresholds


def test_river_is_imported_when_trees_are_built():
    program = """
import sys
from dataflows.detectors.half_space_trees import HalfSpaceTrees
assert "river" not in sys.modules
HalfSpaceTrees()
assert "river.tree.padded" in sys.modules
assert "river.anomaly" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)


@pytest.mark.parametrize("learnt", [0, 100, 250, 900, 1000])
def test_rivers_forest_and_ours_continue_each_other(learnt):
    values = bursts(2000)
    forest = anomaly.HalfSpaceTrees(seed=7)
    for value in values[:learnt].tolist():
        forest.learn_one({"height": value})
    ours = HalfSpaceTrees.from_river(forest, quantile=None)
    back = ours.to_river("height")
    expected, found = [], []
    for value in values[learnt:].tolist():
        sample = {"height": value}
        expected.append(forest.score_one(sample))
        found.append(back.score_one(sample))
        forest.learn_one(sample)
        back.learn_one(sample)
    assert found == expected
    run(ours, values[learnt:])
    np.testing.assert_allclose(ours.tree_scores, expected, atol=1e-12)
    again = HalfSpaceTrees.from_river(forest, quantile=None)
    assert again.score_one(0.1) == ours.score_one(0.1)
    assert back.limits["height"] == (0.0, 1.0)


def test_a_forest_that_is_not_one_parameters_is_refused():
    forest = anomaly.HalfSpaceTrees(seed=7)
    forest.learn_one({"a": 0.1, "b": 0.2})
    with pytest.raises(ValueError, match="not one feature"):
        HalfSpaceTrees.from_river(forest)
    with pytest.raises(ValueError, match="and a seed"):
        HalfSpaceTrees.from_river(anomaly.HalfSpaceTrees())
    used = anomaly.HalfSpaceTrees(seed=7)
    used.rng.random()
    used.learn_one({"a": 0.1})
    with pytest.raises(ValueError, match="not those of the seed 7"):
        HalfSpaceTrees.from_river(used)
    with pytest.raises(ValueError, match="limits must be set"):
        HalfSpaceTrees().to_river()


def test_trees_are_shared_between_parameters():
    assert HalfSpaceTrees(seed=3)._splits is HalfSpaceTrees(seed=3)._splits


def test_a_tree_splits_what_its_parent_left():
    for row in splits(5, 6, 2, (0.0, 1.0)):
        in_order = sorted(row)
        assert len(set(in_order)) == len(row) == 63
        assert all(low < high for low, high in pairwise(in_order))


def test_a_constant_channel_that_jumps_is_flagged():
    detector = HalfSpaceTrees()
    run(detector, np.full(5000, 3.3))
    assert run(detector, [3.4])[0] >= 1


def test_a_value_beyond_all_seen_is_flagged_and_one_amid_them_is_not():
    detector = HalfSpaceTrees()
    run(detector, np.sin(np.arange(5000) / 30.0))
    assert detector.score_one(3.0) >= 1
    assert detector.score_one(0.3) < 1


def test_an_outlier_widens_the_scale_by_a_tenth_only():
    detector = HalfSpaceTrees()
    run(detector, np.sin(np.arange(3000) / 30.0))
    run(detector, [1e9])
    run(detector, [0.0])
    why = detector.explain(0)
    assert why.lower == pytest.approx(-1.0, abs=0.01)
    assert why.upper == pytest.approx(1.2, abs=0.02)


def test_a_new_range_is_reached_in_few_samples():
    detector = HalfSpaceTrees()
    run(detector, np.sin(np.arange(3000) / 30.0))
    run(detector, 1000 * np.sin(np.arange(600) / 30.0))
    upper = detector.explain(599).upper
    assert upper is not None
    assert upper > 900


def test_the_tracked_quantile_limits_how_many_samples_are_flagged():
    noise = np.random.default_rng(8).normal(size=60_000) ** 3
    fixed = run(HalfSpaceTrees(quantile=None, threshold=0.98), noise)
    tracked = run(HalfSpaceTrees(threshold=0.98), noise)
    assert (tracked >= 1).mean() < 0.0015 < (fixed >= 1).mean()


def test_old_scores_are_forgotten_but_the_threshold_stays():
    detector = HalfSpaceTrees(threshold=0.9, height=4, n_trees=2)
    noise = np.random.default_rng(8).normal(size=250_000)
    scores = run(detector, noise)
    assert 0 < (scores[200_000:] >= 1).mean() < 0.002


def test_a_lasting_new_level_is_learnt_in_the_end():
    rng = np.random.default_rng(9)
    values = np.concatenate([rng.normal(size=3000), rng.normal(20, 0.1, size=3000)])
    detector = HalfSpaceTrees(learn_anomalies=False, readapt_after_samples=100)
    scores = run(detector, values)
    assert (scores[3000:3100] >= 1).any()
    assert (scores[4500:] < 1).all()


def test_explanations_tell_the_range_and_the_threshold():
    detector = HalfSpaceTrees(limits=(0.0, 1.0), quantile=None)
    run(detector, bursts(1000))
    assert detector.explain(0).text == "Too few samples for half-space trees so far."
    why = detector.explain(300)
    assert (why.lower, why.upper) == (0.0, 1.0)
    assert why.threshold == pytest.approx(0.995)
    assert "common enough" in why.text
