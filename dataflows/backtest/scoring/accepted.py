"""Figures that were accepted, and whether a run still reaches them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

__all__ = ["Accepted", "changes", "renewed"]

DECIMALS = 6


@dataclass(frozen=True, slots=True)
class Accepted:
    """A figure that was accepted, and by how much it may get worse."""

    accepted: float
    tolerance: float

    def __str__(self) -> str:
        return f"accepted {self.accepted:g}, tolerance {self.tolerance:g}"


def changes(
    figures: Mapping[str, float | None],
    accepted: Mapping[str, Accepted],
    better: Mapping[str, int],
) -> tuple[list[str], list[str]]:
    """Return what fell and what rose by more than its tolerance, a line each.

    `better` says of a figure whether more is better (1) or less (-1). A figure that
    there is no more (None) has fallen.

    >>> was = {"recall": Accepted(0.8, 0.05), "precision": Accepted(0.5, 0.05)}
    >>> now, better = {"recall": 0.7, "precision": 0.6}, {"recall": 1, "precision": 1}
    >>> for lines in changes(now, was, better):
    ...     print(lines)
    ['recall fell: 0.7, accepted 0.8, tolerance 0.05']
    ['precision rose: 0.6, accepted 0.5, tolerance 0.05']
    """
    fallen, risen = [], []
    for name, figure in accepted.items():
        now = figures[name]
        told = f"{_short(now)}, {figure}"
        gain = better[name] * (now - figure.accepted) if now is not None else None
        # Accepted figures are rounded.
        allowed = figure.tolerance + 10**-DECIMALS
        if gain is None or gain < -allowed:
            fallen.append(f"{name} {_word(better[name], -1)}: {told}")
        elif gain > allowed:
            risen.append(f"{name} {_word(better[name], 1)}: {told}")
    return fallen, risen


def renewed(
    figures: Mapping[str, float | None], accepted: Mapping[str, Accepted]
) -> dict[str, Accepted]:
    """Return what the figures are now, with the tolerances they had.

    A figure that there is no more stays as it was.
    """
    found = {}
    for name, figure in accepted.items():
        now = figures[name]
        value = figure.accepted if now is None else round(now, DECIMALS)
        found[name] = replace(figure, accepted=value)
    return found


def _word(better: int, sign: int) -> str:
    if better == 1:
        return "rose" if sign > 0 else "fell"
    return "improved" if sign > 0 else "got worse"


def _short(value: float | None) -> str:
    return "nothing" if value is None else f"{value:.6g}"
