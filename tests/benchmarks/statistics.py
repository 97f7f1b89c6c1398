"""Figures of several rounds: their median and spread, and how rounds are mixed."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from connectors.errors import OrbitwatchError

Measured = dict[str, float]
"""What one round found of one case: a number by quantity, such as `samples/s`."""
Rounds = dict[str, dict[str, list[float]]]
"""By case and quantity, a number a round."""


@dataclass(frozen=True, slots=True)
class Spread:
    """The middle and the ends of what some rounds found."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """The spread of one value or more."""
        return cls(statistics.median(values), min(values), max(values))

    def __str__(self) -> str:
        """The median, and the ends where they differ from it."""
        if self.low == self.high:
            return number(self.median)
        return f"{number(self.median)} ({number(self.low)}-{number(self.high)})"


def number(value: float) -> str:
    """Three digits of it, with thousands set apart."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    digits = max(2 - math.floor(math.log10(abs(value))), 0)
    if abs(value) < 1000:
        return f"{value:.{digits}f}"
    magnitude = 10.0 ** (math.floor(math.log10(abs(value))) - 2)
    return f"{round(value / magnitude) * magnitude:,.0f}"


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that so many percent of all do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(math.ceil(percent / 100 * len(ordered)) - 1, 0)]


def interleaved(
    cases: Mapping[str, Callable[[], Measured]],
    rounds: int,
    say: Callable[[str], None],
) -> Rounds:
    """Measures every case once a round, so that what drifts meets them all.

    Every other round goes backwards: no case always follows the same other one.
    """
    found: Rounds = {case: {} for case in cases}
    for turn in range(1, rounds + 1):
        order = list(cases)[:: 1 if turn % 2 else -1]
        for case in order:
            say(f"  round {turn} of {rounds}: {case}")
            for quantity, value in cases[case]().items():
                found[case].setdefault(quantity, []).append(value)
    return found


def ratio(over: Sequence[float], under: Sequence[float]) -> Spread:
    """The ratios of figures found in the same rounds."""
    return Spread.of([a / b for a, b in zip(over, under, strict=True)])


@dataclass(frozen=True, slots=True)
class Mark:
    """How many samples were stored at a time, and what that had cost by then."""

    stored: int
    wall_s: float
    cpu_s: float


class TooShort(OrbitwatchError):
    """The run left nothing to measure between its first and its last mark."""


def steady(marks: Sequence[Mark]) -> Measured:
    """Throughput and cost from the first mark with samples stored to the last.

    What comes before, start and first batch, is left out. Raises TooShort if that is
    most of the run.
    """
    begun = [mark for mark in marks if mark.stored]
    if not begun or begun[-1].stored < 2 * begun[0].stored:
        raise TooShort("too few samples: most were stored at once")
    first, last = begun[0], begun[-1]
    samples, wall_s = last.stored - first.stored, last.wall_s - first.wall_s
    cpu_s = last.cpu_s - first.cpu_s
    return {
        "samples/s": samples / wall_s,
        "CPU s per million": cpu_s / samples * 1e6,
        "cores busy": cpu_s / wall_s,
    }
