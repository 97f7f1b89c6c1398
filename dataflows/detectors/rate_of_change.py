"""How fast a value changes, against the fastest change that people expect."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from connectors.messages.findings import Explanation
from dataflows.detectors.rule_detector import RuleDetector, beyond
from dataflows.detectors.setting_rules import Number, Rules
from dataflows.state.arrays import Floats

__all__ = ["RateOfChange"]

SMALLEST, LARGEST = 1e-30, 1e150  # of a limit, in units per second
HIGHEST = 1e308  # of a rate: an overflow is not told apart


class RateOfChange(RuleDetector):
    """Change per second since the sample before, by generation time.

    The score is the rate over its limit. There is no rate, and the score is 0, for the
    first sample, after a longer gap, and where a time repeats or runs backwards.

    Args:
        highest_per_second: fastest change, in the parameter's unit per second.
        highest_rise_per_second: the same for a rise alone, instead.
        highest_fall_per_second: the same for a fall alone, instead.
        longest_gap_seconds: time between two samples beyond which they give no rate.

    >>> detector = RateOfChange(highest_per_second=2.0)
    >>> times_us = np.array([0, 1, 2, 4]) * 1_000_000
    >>> detector.update(times_us, np.array([20.0, 21.0, 26.0, 27.0])).tolist()
    [0.0, 0.5, 2.5, 0.25]
    >>> detector.explain(2).text
    '26 is 5 above the value 1 s before (21), a rise of 5 per second (2 at most).'
    """

    name = "rate_of_change"
    rules: ClassVar[Rules] = {
        "highest_per_second": Number(SMALLEST, LARGEST, optional=True),
        "highest_rise_per_second": Number(SMALLEST, LARGEST, optional=True),
        "highest_fall_per_second": Number(SMALLEST, LARGEST, optional=True),
        "longest_gap_seconds": Number(1e-6, 1e9),
    }

    def __init__(
        self,
        *,
        highest_per_second: float | None = None,
        highest_rise_per_second: float | None = None,
        highest_fall_per_second: float | None = None,
        longest_gap_seconds: float = 300.0,
    ) -> None:
        """Store the limits; ValueError if there is none."""
        self.highest_per_second = highest_per_second
        self.highest_rise_per_second = highest_rise_per_second
        self.highest_fall_per_second = highest_fall_per_second
        self.longest_gap_seconds = longest_gap_seconds
        self._check()
        self._rise = _limit(self.highest_rise_per_second, self.highest_per_second)
        self._fall = _limit(self.highest_fall_per_second, self.highest_per_second)
        if np.isinf([self._rise, self._fall]).all():
            raise ValueError(f"{self.name} needs a highest rate (highest_per_second)")
        self._begin(np.array([np.nan]))

    def _judge(self, elapsed: Floats, values: Floats, state: Floats) -> Floats:
        bands = np.zeros((4, len(values)))
        if not len(values):
            return bands
        before = np.append(state, values[:-1])
        state[0] = values[-1]
        known = (elapsed > 0) & (elapsed <= self.longest_gap_seconds * 1e6)
        seconds = np.where(known, elapsed / 1e6, np.inf)
        with np.errstate(over="ignore"):
            change = np.where(known, values - before, 0.0).clip(-HIGHEST, HIGHEST)
            rates = np.clip(change / seconds, -HIGHEST, HIGHEST)
            bands[0] = beyond(
                np.abs(rates) / np.where(change > 0, self._rise, self._fall)
            )
        bands[1:] = rates, seconds, before
        return bands

    def _explain(self, value: float, band: Floats) -> Explanation:
        _, rate, seconds, before = map(float, band)
        if np.isinf(seconds):
            text = "There is no sample shortly before it to tell a rate from."
            return Explanation(self.name, value, None, None, None, None, text)
        limit = self._rise if rate > 0 else self._fall
        return Explanation(
            self.name,
            value,
            None,
            _finite(before - self._fall * seconds),
            _finite(before + self._rise * seconds),
            _finite(limit),
            self._text(value, before, seconds, rate),
        )

    def _text(self, value: float, before: float, seconds: float, rate: float) -> str:
        if rate == 0:
            return f"{value:.6g} has not changed in {seconds:.6g} s."
        limit, kind = (self._rise, "rise") if rate > 0 else (self._fall, "fall")
        most = "no limit" if np.isinf(limit) else f"{limit:.6g} at most"
        change = abs(rate) * seconds
        side = "above" if rate > 0 else "below"
        return (
            f"{value:.6g} is {change:.6g} {side} the value {seconds:.6g} s before "
            f"({before:.6g}), a {kind} of {abs(rate):.6g} per second ({most})."
        )


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _limit(own: float | None, common: float | None) -> float:
    given = common if own is None else own
    return np.inf if given is None else given
