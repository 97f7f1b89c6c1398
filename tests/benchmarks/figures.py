"""What a part of the benchmark hands back: figures, goals and remarks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.benchmarks.statistics import Rounds, Spread, number


@dataclass(frozen=True, slots=True)
class Goal:
    """What was to be reached, and what was: at most, or at least, `wanted`."""

    text: str
    measured: float
    wanted: float
    at_least: bool = False

    @property
    def reached(self) -> bool:
        """Whether it was."""
        if self.at_least:
            return self.measured >= self.wanted
        return self.measured <= self.wanted

    @property
    def demand(self) -> str:
        """What was wanted, in words."""
        return f"{'at least' if self.at_least else 'at most'} {number(self.wanted)}"


@dataclass(frozen=True, slots=True)
class Table:
    """Figures by case and quantity, each with one number a round."""

    title: str
    rounds: Rounds

    @property
    def quantities(self) -> list[str]:
        """All quantities, in order of appearance."""
        return list(
            dict.fromkeys(name for case in self.rounds.values() for name in case)
        )

    def spread(self, case: str, quantity: str) -> Spread | None:
        """The figure of a case, if it was measured."""
        values = self.rounds[case].get(quantity)
        return Spread.of(values) if values else None


@dataclass(slots=True)
class Findings:
    """What one part found. `remarks` say what has to be known to read the figures."""

    part: str
    tables: list[Table] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured: everything, or (`quick`) enough to see that it works."""

    quick: bool = False

    @property
    def parameters(self) -> Sequence[int]:
        """The numbers of parameters that are tried."""
        return (50, 1_000) if self.quick else (50, 1_000, 10_000)

    def of(self, everything: int, quick: int) -> int:
        """One or the other number."""
        return quick if self.quick else everything
