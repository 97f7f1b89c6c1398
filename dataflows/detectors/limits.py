"""Soft and hard limits that people have set for a parameter."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from dataflows.detectors import Explanation, Floats
from dataflows.detectors.array_detector import ArrayDetector, Arrays, Run
from dataflows.detectors.compiled import ARRAY, NOTHING, TABLE, VALUES, compiled
from dataflows.detectors.settings import Number, Rules
from dataflows.detectors.severity import Severities, Severity

__all__ = ["Limits"]

BELOW_ONE = math.nextafter(1.0, 0.0)
BELOW_TWO = math.nextafter(2.0, 0.0)
LARGEST = 1e150  # of a limit: differences stay finite


@compiled(NOTHING(VALUES, ARRAY, TABLE))
def run(values: Floats, edges: Floats, out: Floats) -> None:
    """Score each value by its soft and hard edges (infinite where there is none)."""
    hard_low, soft_low, soft_high, hard_high = edges
    middle = 0.5 * (soft_low + soft_high)
    for i in range(values.size):
        value = values[i]
        if not math.isfinite(value):
            out[0, i] = np.nan
        elif value < hard_low or value > hard_high:
            out[0, i] = 2.0
        elif value > soft_high:
            out[0, i] = min(
                1 + (value - soft_high) / (hard_high - soft_high), BELOW_TWO
            )
        elif value < soft_low:
            out[0, i] = min(1 + (soft_low - value) / (soft_low - hard_low), BELOW_TWO)
        elif math.isfinite(middle):
            far = abs(value - middle) / (0.5 * (soft_high - soft_low))
            out[0, i] = min(far, BELOW_ONE)
        else:
            out[0, i] = 0.0


class Limits(ArrayDetector):
    """A soft and a hard band; a value on a limit is still within it.

    Inside the soft band the score is the distance from its middle (1 would be its
    edge), or 0 if the band is open on a side. Beyond, it grows from 1 at the soft to 2
    at the hard limit. Beyond a hard limit, with or without a soft one, it is 2.

    Args:
        soft_low: below it is a WARNING, in the parameter's unit; None for no limit.
        soft_high: above it is a WARNING.
        hard_low: below it is CRITICAL.
        hard_high: above it is CRITICAL.

    >>> limits = Limits(soft_low=10.0, soft_high=30.0, hard_high=40.0)
    >>> limits.update(np.arange(4), np.array([20.0, 28.0, 35.0, 41.0])).tolist()
    [0.0, 0.8, 1.5, 2.0]
    >>> limits.explain(3).text
    '41 is above the hard limit 40.'
    """

    name = "limits"
    rules: ClassVar[Rules] = {
        key: Number(-LARGEST, LARGEST, optional=True)
        for key in ("hard_low", "soft_low", "soft_high", "hard_high")
    }

    def __init__(
        self,
        soft_low: float | None = None,
        soft_high: float | None = None,
        hard_low: float | None = None,
        hard_high: float | None = None,
    ) -> None:
        """Store the limits; ValueError unless they are in order."""
        self.soft_low = soft_low
        self.soft_high = soft_high
        self.hard_low = hard_low
        self.hard_high = hard_high
        self._check()
        self._edges = self._ordered()
        self._start(())

    def _ordered(self) -> Floats:
        hard_low = -math.inf if self.hard_low is None else self.hard_low
        hard_high = math.inf if self.hard_high is None else self.hard_high
        soft_low = hard_low if self.soft_low is None else self.soft_low
        soft_high = hard_high if self.soft_high is None else self.soft_high
        if not hard_low <= soft_low < soft_high <= hard_high:
            raise ValueError(
                "limits must be ordered hard_low <= soft_low < soft_high <= hard_high, "
                f"not {self.hard_low}, {self.soft_low}, {self.soft_high}, "
                f"{self.hard_high}"
            )
        return np.array([hard_low, soft_low, soft_high, hard_high], np.float64)

    def severities(self, scores: Floats) -> Severities:
        """Return the severities of scores that `update` gave."""
        found = np.zeros(len(scores), np.int8)
        found[scores >= 1.0] = Severity.WARNING
        found[scores == 2.0] = Severity.CRITICAL
        return found

    def _run(self, samples: Run, arrays: Arrays) -> Floats:
        del arrays  # limits learn nothing
        bands = np.empty((1, len(samples.values)))
        run(samples.values, self._edges, bands)
        return bands

    def _explain(self, value: float, band: Floats) -> Explanation:
        score = float(band[0])
        high = value > self._edges[2]
        crossed: float | None = None
        text = f"{value:.6g} is within its limits."
        if score >= 1:
            soft, hard = (self._edges[2:]) if high else (self._edges[1::-1])
            crossed = float(hard if score == 2.0 else soft)
            side, kind = (
                "above" if high else "below",
                "hard" if score == 2.0 else "soft",
            )
            text = f"{value:.6g} is {side} the {kind} limit {crossed:.6g}."
        lower, upper = (
            float(edge) if math.isfinite(edge) else None for edge in self._edges[1:3]
        )
        return Explanation(self.name, value, None, lower, upper, crossed, text)
