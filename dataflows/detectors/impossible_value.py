"""Values that the thing measured cannot have."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from connectors.messages.findings import Explanation, Severity
from dataflows.detectors.rule_detector import RuleDetector
from dataflows.detectors.setting_rules import Flag, Number, Numbers, Rules
from dataflows.state.arrays import Floats

__all__ = ["ImpossibleValue"]

IMPOSSIBLE = 4.0
"""The score of an impossible value: that of DISTRESS for a learned score."""


class ImpossibleValue(RuleDetector):
    """What is physically possible; the score is 0 if a value is, and 4 if not.

    An impossible value says that the measurement or its decoding failed, and is
    DISTRESS at once.

    Args:
        lowest: lowest possible value, in the parameter's unit.
        highest: highest possible value.
        allowed: the only possible values, for a state.
        whole_numbers: whether only whole numbers are possible.

    >>> detector = ImpossibleValue(lowest=-273.15, highest=1000.0)
    >>> detector.update(np.arange(3), np.array([20.0, -300.0, 1000.0])).tolist()
    [0.0, 4.0, 0.0]
    >>> detector.explain(1).text
    '-300 is impossible: the lowest possible value is -273.15.'
    """

    name = "impossible_value"
    severity = Severity.DISTRESS
    rules: ClassVar[Rules] = {
        "lowest": Number(-1e308, 1e308, optional=True),
        "highest": Number(-1e308, 1e308, optional=True),
        "allowed": Numbers(1, 1000),
        "whole_numbers": Flag(),
    }

    def __init__(
        self,
        *,
        lowest: float | None = None,
        highest: float | None = None,
        allowed: tuple[float, ...] | None = None,
        whole_numbers: bool = False,
    ) -> None:
        """Store what is possible; ValueError if everything or nothing is."""
        self.lowest = lowest
        self.highest = highest
        self.allowed = allowed
        self.whole_numbers = whole_numbers
        self._check()
        if not whole_numbers and (lowest, highest, allowed) == (None, None, None):
            raise ValueError(
                f"{self.name} needs lowest, highest, allowed or whole_numbers"
            )
        self._low = -math.inf if self.lowest is None else self.lowest
        self._high = math.inf if self.highest is None else self.highest
        if self._low > self._high:
            raise ValueError(f"{self.name}.lowest is above highest")
        self._begin(np.empty(0))

    def _judge(self, elapsed: Floats, values: Floats, state: Floats) -> Floats:
        del elapsed, state  # each value stands alone
        impossible = (values < self._low) | (values > self._high)
        if self.whole_numbers:
            impossible |= values != np.floor(values)
        if self.allowed is not None:
            impossible |= ~np.isin(values, self.allowed)
        bands: Floats = IMPOSSIBLE * impossible[None, :].astype(np.float64)
        return bands

    def _explain(self, value: float, band: Floats) -> Explanation:
        threshold: float | None = None
        if band[0] < 1.0:
            text = f"{value:.10g} is possible."
        elif value < self._low:
            threshold, text = self._low, f"the lowest possible value is {self._low:.6g}"
        elif value > self._high:
            threshold = self._high
            text = f"the highest possible value is {self._high:.6g}"
        elif self.whole_numbers and value != math.floor(value):
            text = "it is a whole number"
        else:
            text = f"it is one of {_listed(self.allowed or ())}"
        if band[0] >= 1.0:
            text = f"{value:.10g} is impossible: {text}."
        return Explanation(
            self.name, value, None, self.lowest, self.highest, threshold, text
        )


def _listed(values: tuple[float, ...]) -> str:
    shown = ", ".join(f"{value:.10g}" for value in values[:10])
    more = len(values) - 10
    return shown if more <= 0 else f"{shown} and {more} more"
