"""A detector that people gave a rule, rather than one that learns what is usual."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import ClassVar

import numpy as np

from connectors.messages.findings import Severity
from dataflows.detectors.array_detector import ArrayDetector, Arrays, Run
from dataflows.detectors.elapsed import elapsed_us, new_clock
from dataflows.state.arrays import Floats, Severities

__all__ = ["BELOW_ONE", "RuleDetector", "beyond"]

BELOW_ONE = math.nextafter(1.0, 0.0)
LARGEST = 1e300  # of a score
ROUNDING = 1e-9


class RuleDetector(ArrayDetector):
    """Everything but the rule: times, missing values and the severity.

    A subclass calls `_begin` and judges what it is given: values that were acquired,
    and the microseconds since the one before each.
    """

    severity: ClassVar[Severity] = Severity.WARNING

    def _begin(self, state: Floats) -> None:
        """Begin with this state, which `_judge` changes in place."""
        self._start((new_clock(), state))

    @abstractmethod
    def _judge(self, elapsed: Floats, values: Floats, state: Floats) -> Floats:
        """Score and learn acquired values; row 0 of the result holds the scores."""

    def severities(self, scores: Floats) -> Severities:
        """Return the severities of scores that `update` gave."""
        found = np.zeros(len(scores), np.int8)
        found[scores >= 1.0] = self.severity
        return found

    def _run(self, samples: Run, arrays: Arrays) -> Floats:
        clock, state = arrays
        acquired = np.isfinite(samples.values)
        elapsed = elapsed_us(samples.times_us[acquired], clock)
        judged = self._judge(elapsed, samples.values[acquired], state)
        bands = np.full((len(judged), len(samples.values)), np.nan)
        bands[:, acquired] = judged
        return bands


def beyond(ratios: Floats) -> Floats:
    """Return scores of ratios to a limit; what is on the limit is still within it.

    >>> beyond(np.array([0.5, 1.0, 1.5, np.inf])).round(2).tolist()
    [0.5, 1.0, 1.5, 1e+300]
    """
    on_limit = (ratios >= 1.0) & (ratios <= 1.0 + ROUNDING)
    scores: Floats = np.where(on_limit, BELOW_ONE, np.minimum(ratios, LARGEST))
    return scores
