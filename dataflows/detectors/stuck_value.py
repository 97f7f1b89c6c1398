"""A value that no longer changes: a frozen sensor, or a copy sent again and again."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from connectors.messages.findings import Explanation
from dataflows.detectors.rule_detector import RuleDetector
from dataflows.detectors.setting_rules import Number, Rules, Whole
from dataflows.detectors.severities import learned_severities
from dataflows.detectors.stuck_value_kernel import STATE, run
from dataflows.state.arrays import Floats, Severities

__all__ = ["StuckValue"]


class StuckValue(RuleDetector):
    """How long a value has stayed the same, over how long it may.

    A run is samples that lie within the tolerance of its first one; a long gap ends it.
    With both limits given, both must be passed. With neither, the limit is learnt: the
    longest run so far times a factor, and 10 samples at least. A run is not judged if
    it began before warm-up was over, or while most samples repeat the one before. A
    value that rests most of the time is expected to. A learnt limit is one of what is
    usual, so its severities are those of learned scores.

    Args:
        tolerance: largest change that is none, in the parameter's unit.
        longest_seconds: longest time without a change, by generation time.
        longest_samples: most samples in a row without a change.
        warm_up_samples: samples learnt before the first score, if the limit is learnt.
        factor: how many times the longest run so far is too long, if it is learnt.
        longest_gap_seconds: time between two samples beyond which nobody knows whether
            the value has changed.

    >>> detector = StuckValue(longest_samples=3)
    >>> detector.update(np.arange(6), np.array([1.0, 2, 2, 2, 2, 2])).round(2).tolist()
    [0.33, 0.33, 0.67, 1.0, 1.33, 1.67]
    >>> detector.explain(4).text
    '2 has not changed in 4 samples and 3e-06 s (3 samples at most).'
    """

    name = "stuck_value"
    rules: ClassVar[Rules] = {
        "tolerance": Number(0.0, 1e150),
        "longest_seconds": Number(1e-6, 1e9, optional=True),
        "longest_samples": Whole(1, 1_000_000_000, optional=True),
        "warm_up_samples": Whole(10, 1_000_000),
        "factor": Number(1.0, 1e6),
        "longest_gap_seconds": Number(1e-6, 1e9),
    }

    def __init__(
        self,
        *,
        tolerance: float = 0.0,
        longest_seconds: float | None = None,
        longest_samples: int | None = None,
        warm_up_samples: int = 1000,
        factor: float = 3.0,
        longest_gap_seconds: float = 3600.0,
    ) -> None:
        """Store the settings; nothing was seen."""
        self.tolerance = tolerance
        self.longest_seconds = longest_seconds
        self.longest_samples = longest_samples
        self.warm_up_samples = warm_up_samples
        self.factor = factor
        self.longest_gap_seconds = longest_gap_seconds
        self._check()
        self._learns = longest_seconds is None and longest_samples is None
        self._numbers = self._as_numbers()
        self._begin(np.zeros(STATE))

    def _as_numbers(self) -> Floats:
        """Return the settings as the kernel wants them."""
        seconds, samples = self.longest_seconds, self.longest_samples
        numbers = [
            self.tolerance,
            math.inf if seconds is None else round(seconds * 1e6),
            math.inf if samples is None else samples,
            float(self._learns),
            self.warm_up_samples,
            self.factor,
            self.longest_gap_seconds * 1e6,
        ]
        return np.array(numbers, np.float64)

    def severities(self, scores: Floats) -> Severities:
        """Return the severities of scores that `update` gave."""
        return (
            learned_severities(scores) if self._learns else super().severities(scores)
        )

    def _judge(self, elapsed: Floats, values: Floats, state: Floats) -> Floats:
        bands = np.empty((5, len(values)))
        run(elapsed, values, self._numbers, state, bands)
        return bands

    def _explain(self, value: float, band: Floats) -> Explanation:
        _, samples, lasted, limit, judged = map(float, band)
        text = (
            f"{value:.6g} has not changed in {samples:.0f} samples and "
            f"{lasted / 1e6:.6g} s"
        )
        threshold: float | None = limit
        if self._learns and not judged:
            threshold, why = None, "how long it may is not known, or it mostly rests"
        elif self._learns:
            why = f"{limit:.0f} samples at most, by what was seen before"
        else:
            why, threshold = self._allowed()
        return Explanation(
            self.name, value, None, None, None, threshold, f"{text} ({why})."
        )

    def _allowed(self) -> tuple[str, float]:
        """Return the limits that were given, in words, and the first of them."""
        given = (self.longest_samples, "samples"), (self.longest_seconds, "s")
        known = [(most, unit) for most, unit in given if most is not None]
        words = " and ".join(f"{most:.6g} {unit}" for most, unit in known)
        return f"{words} at most", float(known[0][0])
