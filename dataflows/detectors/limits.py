"""Soft and hard limits that people have set for a parameter."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from connectors.messages.findings import Explanation, Severity
from dataflows.detectors.array_detector import Arrays, Run
from dataflows.detectors.limits_kernel import STATE, follow, run
from dataflows.detectors.rule_detector import RuleDetector
from dataflows.detectors.setting_rules import Number, Rules, Whole
from dataflows.state.arrays import Floats, Severities

__all__ = ["Limits"]

LARGEST = 1e150  # of a limit: differences stay finite
LONGEST_SECONDS = 1e9


class Limits(RuleDetector):
    """A soft and a hard band; a value on a limit is still within it.

    Inside the soft band the score is the distance from its middle (1 would be its
    edge), or 0 if the band is open on a side. Beyond, it grows from 1 at the soft to 2
    at the hard limit. Beyond a hard limit, with or without a soft one, it is 2.

    A violation may have to last before it counts, and so may the return. Both are
    counted for the soft and for the hard limits separately; values that were not
    acquired count for neither. Until a violation counts the score stays below 1 (or 2),
    and until the return counts it stays at 1 (or 2).

    Args:
        soft_low: below it is a WARNING, in the parameter's unit; None for no limit.
        soft_high: above it is a WARNING.
        hard_low: below it is CRITICAL.
        hard_high: above it is CRITICAL.
        raise_after_samples: consecutive samples beyond a limit that make a violation.
        raise_after_seconds: how long they must last, from the first to the last of
            them, by generation time; both must hold.
        clear_after_samples: consecutive samples back inside that end a violation.
        clear_after_seconds: how long they must last; both must hold.
        deadband: how far inside the violated limit is back, in the parameter's unit.

    >>> limits = Limits(soft_low=10.0, soft_high=30.0, hard_high=40.0)
    >>> limits.update(np.arange(4), np.array([20.0, 28.0, 35.0, 41.0])).tolist()
    [0.0, 0.8, 1.5, 2.0]
    >>> limits.explain(3).text
    '41 is above the hard limit 40.'
    >>> limits = Limits(soft_high=30.0, raise_after_samples=2, deadband=1.0)
    >>> scores = limits.update(np.arange(5), np.array([31.0, 20.0, 31.0, 31.0, 29.5]))
    >>> (scores >= 1.0).tolist()
    [False, False, False, True, True]
    >>> limits.explain(4).text
    '29.5 is not yet back by 1 within the soft limit 30.'
    """

    name = "limits"
    rules: ClassVar[Rules] = {
        "hard_low": Number(-LARGEST, LARGEST, optional=True),
        "soft_low": Number(-LARGEST, LARGEST, optional=True),
        "soft_high": Number(-LARGEST, LARGEST, optional=True),
        "hard_high": Number(-LARGEST, LARGEST, optional=True),
        "raise_after_samples": Whole(1, 1_000_000),
        "raise_after_seconds": Number(0.0, LONGEST_SECONDS),
        "clear_after_samples": Whole(1, 1_000_000),
        "clear_after_seconds": Number(0.0, LONGEST_SECONDS),
        "deadband": Number(0.0, LARGEST),
    }

    def __init__(
        self,
        soft_low: float | None = None,
        soft_high: float | None = None,
        hard_low: float | None = None,
        hard_high: float | None = None,
        *,
        raise_after_samples: int = 1,
        raise_after_seconds: float = 0.0,
        clear_after_samples: int = 1,
        clear_after_seconds: float = 0.0,
        deadband: float = 0.0,
    ) -> None:
        """Store the limits; ValueError unless they are in order."""
        self.soft_low = soft_low
        self.soft_high = soft_high
        self.hard_low = hard_low
        self.hard_high = hard_high
        self.raise_after_samples = raise_after_samples
        self.raise_after_seconds = raise_after_seconds
        self.clear_after_samples = clear_after_samples
        self.clear_after_seconds = clear_after_seconds
        self.deadband = deadband
        self._check()
        self.edges = self._ordered()
        self._numbers = self._patience()
        self.at_once = self._numbers.tolist() == [1, 0, 1, 0, 0]
        self._begin(np.zeros((2, STATE)))

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
        if self.deadband > soft_high - soft_low:
            raise ValueError(
                f"limits.deadband {self.deadband:g} is wider than the soft band, "
                f"{soft_low:g} to {soft_high:g}: a violation would never end"
            )
        return np.array([hard_low, soft_low, soft_high, hard_high], np.float64)

    def _patience(self) -> Floats:
        """Return what the kernel needs to know of persistence and hysteresis."""
        numbers = [
            self.raise_after_samples,
            round(self.raise_after_seconds * 1e6),
            self.clear_after_samples,
            round(self.clear_after_seconds * 1e6),
            self.deadband,
        ]
        return np.array(numbers, np.float64)

    def severities(self, scores: Floats) -> Severities:
        """Return the severities of scores that `update` gave."""
        return self.severities_of(scores)

    @staticmethod
    def severities_of(scores: Floats) -> Severities:
        """Return the severities of scores of any limits."""
        found = np.zeros(len(scores), np.int8)
        found[scores >= 1.0] = Severity.WARNING
        found[scores == 2.0] = Severity.CRITICAL
        return found

    def judge(self, values: Floats) -> Floats:
        """Return the scores of values each by itself, for which nothing must last."""
        bands = np.empty((1, len(values)))
        run(np.ascontiguousarray(values, np.float64), self.edges, bands)
        scores: Floats = bands[0]
        return scores

    def _run(self, samples: Run, arrays: Arrays) -> Floats:
        if not self.at_once:
            return super()._run(samples, arrays)
        bands = np.empty((1, len(samples.values)))
        run(samples.values, self.edges, bands)
        return bands

    def _judge(self, elapsed: Floats, values: Floats, state: Floats) -> Floats:
        bands = np.empty((4, len(values)))
        run(values, self.edges, bands)
        follow(elapsed, values, self.edges, self._numbers, state, bands)
        return bands

    def _explain(self, value: float, band: Floats) -> Explanation:
        alone = float(self.judge(np.array([value]))[0])
        shown, found = _level(float(band[0])), _level(alone)
        high = value > self.edges[2]
        limit: float | None = None
        text = f"{value:.6g} is within its limits."
        if found:
            limit, kind = self._limit(found, high)
            side = "above" if high else "below"
            text = f"{value:.6g} is {side} the {kind} limit {limit:.6g}."
        if found > shown:
            text = f"{text[:-1]}, {self._waits('raise', band)}."
        if found < shown:
            limit, kind = self._limit(shown, high=band[3] > 0)
            text = self._held(value, limit, kind, band)
        lower, upper = (
            float(edge) if math.isfinite(edge) else None for edge in self.edges[1:3]
        )
        return Explanation(self.name, value, None, lower, upper, limit, text)

    def _limit(self, level: int, high: bool) -> tuple[float, str]:
        """Return the limit of a level on one side, and what it is called."""
        at = (2, 3) if high else (1, 0)
        return float(self.edges[at[level - 1]]), ("soft", "hard")[level - 1]

    def _held(self, value: float, limit: float, kind: str, band: Floats) -> str:
        if band[1] > 0:
            waits = self._waits("clear", band)
            return f"{value:.6g} is back within the {kind} limit {limit:.6g}, {waits}."
        by = f" by {self.deadband:.6g}" if self.deadband else ""
        return f"{value:.6g} is not yet back{by} within the {kind} limit {limit:.6g}."

    def _waits(self, what: str, band: Floats) -> str:
        """Return how long values speak for a change, and how long they must."""
        samples = getattr(self, f"{what}_after_samples")
        seconds = getattr(self, f"{what}_after_seconds")
        return (
            f"for {band[1]:.0f} of {samples} samples and {band[2] / 1e6:.6g} of "
            f"{seconds:.6g} s so far"
        )


def _level(score: float) -> int:
    return int(score >= 1.0) + int(score >= 2.0)
