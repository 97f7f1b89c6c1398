"""The Page-Hinkley test: deviations from the mean that add up in one direction."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from dataflows.detectors.drift import DriftDetector
from dataflows.detectors.page_hinkley_kernel import STATE, run
from dataflows.detectors.setting_rules import Flag, Number, Rules, Whole
from dataflows.state.arrays import Floats

__all__ = ["PageHinkley"]


class PageHinkley(DriftDetector):
    """Adds up how far samples lie from their mean, and tells when that gets too much.

    With `standardise` off it finds changes at the samples where River's
    `drift.PageHinkley` finds them. With it, deviations are measured in standard
    deviations of the samples since the last change, and none counts for more than 10.
    So the defaults fit any unit, and a single outlier is no change. The first
    `min_instances` samples only teach the spread.

    Args:
        min_instances: samples needed before a change is told.
        delta: deviation that is tolerated without end (River: 0.005, with which noise
            alone adds up to a change every few thousand samples).
        threshold: sum of the deviations beyond it at which the mean has changed.
        alpha: share of the sum that is kept from sample to sample.
        increases: whether to tell a mean that rises.
        decreases: whether to tell a mean that falls.
        standardise: whether deviations are in standard deviations, not in the
            parameter's unit.

    References: E. S. Page, Continuous inspection schemes, Biometrika 41 (1954).

    >>> detector = PageHinkley()
    >>> values = np.append(np.arange(500) % 7, np.arange(500) % 7 + 20.0)
    >>> (event,) = detector.update(np.arange(1000), values)
    >>> event.at_us, event.text
    (506, 'The mean changed from 3.09543 (503 samples) to 24.5 (the last 4).')
    """

    name = "page_hinkley"
    rules: ClassVar[Rules] = {
        "min_instances": Whole(1, 1_000_000),
        "delta": Number(0.0, 1e100),
        "threshold": Number(0.0, 1e100),
        "alpha": Number(0.0, 1.0),
        "increases": Flag(),
        "decreases": Flag(),
        "standardise": Flag(),
    }

    def __init__(
        self,
        *,
        min_instances: int = 30,
        delta: float = 0.25,
        threshold: float = 50.0,
        alpha: float = 0.9999,
        increases: bool = True,
        decreases: bool = True,
        standardise: bool = True,
    ) -> None:
        """Store the settings; nothing was seen."""
        self.min_instances = min_instances
        self.delta = delta
        self.threshold = threshold
        self.alpha = alpha
        self.increases = increases
        self.decreases = decreases
        self.standardise = standardise
        self._check()
        self._state = np.zeros(STATE)

    def _run(self, values: Floats, found: Floats) -> int:
        return run(values, self._numbers, self._state, found)
