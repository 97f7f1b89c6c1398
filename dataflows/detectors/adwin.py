"""ADWIN: a window that grows while its mean holds, and drops what differs."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from dataflows.detectors.adwin_kernel import HEAD, LEVELS, run
from dataflows.detectors.drift import DriftDetector
from dataflows.detectors.setting_rules import Flag, Number, Rules, Whole
from dataflows.state.arrays import Floats

__all__ = ["Adwin"]


class Adwin(DriftDetector):
    """Compares each older part of the window with the rest, and tells when they differ.

    The window is kept as buckets of 1, 2, 4, ... samples, some of each size: a fixed
    number of sums for a window of any length.

    With `standardise` off it finds changes at the samples where River's `drift.ADWIN`
    finds them. That takes values for numbers from 0 to 1: of larger ones it finds
    changes too easily, of smaller ones hardly any. With it, four standard deviations of
    the window stand for that range, and no sample counts for more than 10.

    Args:
        delta: probability of a change that is none, at each check.
        clock: samples from check to check.
        max_buckets: buckets of each size; more are more exact and take more memory.
        min_window_length: samples that either part must have.
        grace_period: samples before the first check.
        standardise: whether changes are judged by the spread of the window, not in the
            parameter's unit.

    References: A. Bifet, R. Gavaldà, Learning from time-changing data with adaptive
    windowing, SIAM International Conference on Data Mining (2007).

    >>> detector = Adwin()
    >>> values = np.append(np.arange(500) % 7, np.arange(500) % 7 + 20.0)
    >>> (event,) = detector.update(np.arange(1000), values)
    >>> event.at_us, event.text
    (511, 'The mean changed from 2.98984 (492 samples) to 14.7 (the last 20).')
    """

    name = "adwin"
    rules: ClassVar[Rules] = {
        "delta": Number(1e-12, 1.0),
        "clock": Whole(1, 1_000_000),
        "max_buckets": Whole(2, 20),
        "min_window_length": Whole(1, 1_000_000),
        "grace_period": Whole(0, 1_000_000),
        "standardise": Flag(),
    }

    def __init__(
        self,
        *,
        delta: float = 0.002,
        clock: int = 32,
        max_buckets: int = 5,
        min_window_length: int = 5,
        grace_period: int = 10,
        standardise: bool = True,
    ) -> None:
        """Store the settings and start with an empty window."""
        self.delta = delta
        self.clock = clock
        self.max_buckets = max_buckets
        self.min_window_length = min_window_length
        self.grace_period = grace_period
        self.standardise = standardise
        self._check()
        self._state = np.zeros(HEAD + LEVELS * (1 + 3 * (max_buckets + 1)))

    def _run(self, values: Floats, found: Floats) -> int:
        return run(values, self._numbers, self._state, found)
