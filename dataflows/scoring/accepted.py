"""Figures that were accepted, and whether a run still reaches them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from dataflows.scoring.figures import BETTER, Figures

__all__ = ["Accepted", "changes", "renewed", "unknown"]

DECIMALS = 6


@dataclass(frozen=True, slots=True)
class Accepted:
    """A figure that was accepted, and by how much it may get worse."""

    accepted: float
    tolerance: float

    def __str__(self) -> str:
        return f"accepted {self.accepted:g}, tolerance {self.tolerance:g}"


def unknown(names: Iterable[str]) -> list[str]:
    """Return the names that are no figures with a better and a worse."""
    return sorted(set(names) - set(BETTER))


def changes(
    figures: Figures, accepted: Mapping[str, Accepted]
) -> tuple[list[str], list[str]]:
    """Return what fell and what rose by more than its tolerance, a line each.

    A figure that there is no more has fallen.

    >>> was = {"recall": Accepted(0.8, 0.05), "precision": Accepted(0.5, 0.05)}
    >>> now = Figures(1, 100, 1.0, 1, recall=0.7, precision=0.6)
    >>> for lines in changes(now, was):
    ...     print(lines)
    ['recall fell: 0.7, accepted 0.8, tolerance 0.05']
    ['precision rose: 0.6, accepted 0.5, tolerance 0.05']
    """
    fallen, risen = [], []
    for name, figure in accepted.items():
        now = getattr(figures, name)
        told = f"{_short(now)}, {figure}"
        gain = BETTER[name] * (now - figure.accepted) if now is not None else None
        # Accepted figures are rounded.
        allowed = figure.tolerance + 10**-DECIMALS
        if gain is None or gain < -allowed:
            fallen.append(f"{name} {_word(name, -1)}: {told}")
        elif gain > allowed:
            risen.append(f"{name} {_word(name, 1)}: {told}")
    return fallen, risen


def renewed(figures: Figures, accepted: Mapping[str, Accepted]) -> dict[str, Accepted]:
    """Return what the figures are now, with the tolerances they had.

    A figure that there is no more stays as it was.
    """
    found = {}
    for name, figure in accepted.items():
        now = getattr(figures, name)
        value = figure.accepted if now is None else round(now, DECIMALS)
        found[name] = replace(figure, accepted=value)
    return found


def _word(name: str, sign: int) -> str:
    if BETTER[name] == 1:
        return "rose" if sign > 0 else "fell"
    return "improved" if sign > 0 else "got worse"


def _short(value: float | None) -> str:
    return "nothing" if value is None else f"{value:.6g}"
