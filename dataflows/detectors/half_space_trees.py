"""Half-space trees: how much of the recent past lies around a sample.

River (`river.anomaly.HalfSpaceTrees`) builds the trees; arrays and a kernel run
them, with River's scores, and objects convert both ways. River is imported when trees
are built, not before: that takes as long as all other imports together.
"""

from __future__ import annotations

import random
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from connectors.messages.findings import Explanation
from dataflows.detectors.array_detector import ArrayDetector, Arrays, Run
from dataflows.detectors.half_space_trees_kernel import (
    BINS,
    LEARNT,
    SINCE_PIVOT,
    STATE,
    run,
)
from dataflows.detectors.setting_rules import Flag, Number, Rules, Span, Whole
from dataflows.state.arrays import Floats

__all__ = ["HalfSpaceTrees", "splits"]

PADDING = 0.15  # of a span on either side, where River puts no split


@lru_cache(maxsize=64)
def splits(n_trees: int, height: int, seed: int, limits: tuple[float, float]) -> Floats:
    """Return the split values of River's trees: a row per tree, level by level.

    The same settings give the same array, so that all parameters share it.
    """
    from river.tree.padded import make_padded_tree

    # Not for secrets: the same seed must give the trees of river.anomaly.
    rng = random.Random(seed)  # noqa: S311
    rows = np.empty((n_trees, 2**height - 1))
    for row in rows:
        tree = make_padded_tree(
            {"value": limits}, height, PADDING, rng, r_mass=0, l_mass=0
        )
        row[:] = [node.threshold for node in _level_by_level(tree)[: len(row)]]
    return rows


def _level_by_level(tree: Any) -> list[Any]:
    """Return the nodes of one of River's trees as a heap."""
    nodes = [tree]
    for node in nodes:
        nodes += getattr(node, "children", ())
    return nodes


class HalfSpaceTrees(ArrayDetector):
    """River's half-space trees with a scale and a threshold that learn.

    Without `limits`, values are scaled by the range of the samples learnt before, to
    the middle half of the unit interval. What is outside falls into places that were
    never visited. One sample widens the range by a tenth of its width at most, so that
    an outlier does not squeeze all others into one place. What is no longer reached is
    forgotten over some 12000 samples. The first window only sets the scale.

    A sample scores 1 where the trees' score reaches `threshold` and the `quantile` of
    its own past; 2 is half as much normal mass around it. Scores start when a window
    of tree scores is known. With `quantile=None` the threshold is fixed.

    The defaults were measured as for the rolling z-score: 20 of 52 labelled events and
    5 false alarms. Without the quantile there were 28 and 20, without the threshold 27
    and 37.

    Args:
        n_trees: number of trees.
        height: levels of splits in a tree.
        window_samples: samples that make up the reference, renewed when as many came.
        seed: of the trees' splits.
        limits: fixed range of the values, as for River; null to learn it.
        threshold: least score of the trees (0 to 1) that can be an anomaly.
        quantile: share of past tree scores that an anomaly exceeds, or null.
        learn_anomalies: whether samples that score 1 or more are learnt.
        readapt_after_samples: if not, how many in a row before they are all the same.

    >>> detector = HalfSpaceTrees(window_samples=50)
    >>> scores = detector.update(np.arange(400), np.arange(400) % 7.0)
    >>> detector.update(np.array([400]), np.array([9.5])).round(2).tolist()
    [1.43]
    >>> detector.explain(0).text
    '9.5 lies where samples were rare: tree score 0.997, threshold 0.995.'
    """

    name = "half_space_trees"
    rules: ClassVar[Rules] = {
        "n_trees": Whole(1, 200),
        "height": Whole(1, 12),
        "window_samples": Whole(2, 65535),
        "seed": Whole(0, 2**63 - 1),
        "limits": Span(),
        "threshold": Number(0.0, 1.0),
        "quantile": Number(0.5, 1.0, optional=True),
        "learn_anomalies": Flag(),
        "readapt_after_samples": Whole(0, 1_000_000),
    }

    def __init__(
        self,
        *,
        n_trees: int = 10,
        height: int = 8,
        window_samples: int = 250,
        seed: int = 1,
        limits: tuple[float, float] | None = None,
        threshold: float = 0.995,
        quantile: float | None = 0.999,
        learn_anomalies: bool = True,
        readapt_after_samples: int = 500,
    ) -> None:
        """Store the settings and start with empty trees."""
        self.n_trees = n_trees
        self.height = height
        self.window_samples = window_samples
        self.seed = seed
        self.limits = limits
        self.threshold = threshold
        self.quantile = quantile
        self.learn_anomalies = learn_anomalies
        self.readapt_after_samples = readapt_after_samples
        self._check()
        self._begin()

    def _begin(self) -> None:
        span = self.limits or (0.0, 1.0)
        self._splits = splits(self.n_trees, self.height, self.seed, span)
        quantile = -1.0 if self.quantile is None else self.quantile
        learns, readapt = self.learn_anomalies, self.readapt_after_samples
        numbers = [self.window_samples, self.threshold, quantile, learns, readapt]
        self._numbers = np.array([*numbers, self.limits is None], np.float64)
        self._leaves = np.zeros(self.n_trees, np.int64)
        nodes = 2 ** (self.height + 1) - 1
        masses = np.zeros((self.n_trees, 2 * nodes), np.uint16)
        self._start(
            (np.zeros(STATE), masses, np.zeros(BINS, np.uint32)),
            ("f8", "u1" if self.window_samples < 256 else "u2", "u4"),
        )

    @property
    def tree_scores(self) -> Floats:
        """River's scores (0 to 1) of the last update, before they met a threshold."""
        tree_scores: Floats = self._bands[1]
        return tree_scores

    @classmethod
    def from_river(cls, forest: Any, **settings: Any) -> HalfSpaceTrees:
        """Return a detector that goes on where a `river.anomaly.HalfSpaceTrees` is.

        `settings` are those River does not have. ValueError if the forest saw several
        features, or its trees are not those of its seed (None is no seed).
        """
        heaps = [_level_by_level(tree) for tree in forest.trees]
        n_splits = 2**forest.height - 1
        features = {node.feature for heap in heaps for node in heap[:n_splits]}
        if len(features) > 1 or forest.seed is None:
            raise ValueError(f"not one feature ({len(features)}) and a seed")
        detector = cls(
            n_trees=forest.n_trees,
            height=forest.height,
            window_samples=forest.window_size,
            seed=forest.seed,
            limits=forest.limits[next(iter(features), "value")],
            **settings,
        )
        if heaps:
            detector._take(forest, heaps)
        return detector

    def _take(self, forest: Any, heaps: list[list[Any]]) -> None:
        cuts = [[node.threshold for node in heap[: len(heap) // 2]] for heap in heaps]
        if not np.array_equal(self._splits, cuts):
            raise ValueError(f"the trees are not those of the seed {self.seed}")
        state, masses, _ = self._arrays
        for row, heap in zip(masses, heaps, strict=True):
            row[:] = [node.r_mass for node in heap] + [node.l_mass for node in heap]
        state[SINCE_PIVOT] = forest.counter
        first = forest._first_window  # noqa: SLF001  River tells it nowhere else
        whole = 0 if first else self.window_samples
        state[LEARNT] = whole + forest.counter

    def to_river(self, feature: str = "value") -> Any:
        """Return a `river.anomaly.HalfSpaceTrees` that goes on where this one is.

        ValueError if this one learns its scale, which River's cannot.
        """
        if self.limits is None:
            raise ValueError("half_space_trees.limits must be set: River needs them")
        from river import anomaly

        forest: Any = anomaly.HalfSpaceTrees(
            n_trees=self.n_trees,
            height=self.height,
            window_size=self.window_samples,
            limits={feature: self.limits},
            seed=self.seed,
        )
        state, masses, _ = self._arrays
        if state[LEARNT]:
            forest.learn_one({feature: self.limits[0]})  # builds the trees only now
            for tree, row in zip(forest.trees, masses.tolist(), strict=True):
                for i, node in enumerate(_level_by_level(tree)):
                    node.r_mass, node.l_mass = row[i], row[len(row) // 2 + i]
            forest.counter = int(state[SINCE_PIVOT])
            first = bool(state[LEARNT] < self.window_samples)
            forest._first_window = first  # noqa: SLF001
        return forest

    def _run(self, samples: Run, arrays: Arrays) -> Floats:
        bands = np.empty((5, len(samples.values)))
        state, masses, histogram = arrays
        numbers, cuts, leaves = self._numbers, self._splits, self._leaves
        run(samples.values, numbers, cuts, state, masses, histogram, leaves, bands)
        return bands

    def _explain(self, value: float, band: Floats) -> Explanation:
        score, tree_score, threshold, low, high = map(float, band)
        if tree_score == 0.0:
            text = "Too few samples for half-space trees so far."
            return Explanation(self.name, value, None, None, None, None, text)
        what = "rare" if score >= 1 else "common enough"
        text = (
            f"{value:.6g} lies where samples were {what}: tree score {tree_score:.3g}, "
            f"threshold {threshold:.3g}."
        )
        if self.limits is not None:
            low, high = self.limits
        return Explanation(self.name, value, None, low, high, threshold, text)
