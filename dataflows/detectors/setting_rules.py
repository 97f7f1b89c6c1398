"""Checks settings as found in a configuration file, and names what is wrong.

Each detector has a table of rules, one per setting, which serves its constructor
and the builder alike.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TypeAlias, TypeGuard

__all__ = ["Flag", "Number", "Numbers", "Rules", "SettingProblem", "Span", "Whole"]
__all__ += ["check", "refuse_unknown"]


class SettingProblem(ValueError):
    """What is wrong with the setting `where`, such as `rolling_z_score.threshold`."""

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(problem)
        self.where = where


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number from `low` to `high`, or None where `optional`.

    >>> Whole(1, 9).problem(5), Whole(1, 9).problem(5.5)
    (None, 'a whole number from 1 to 9')
    """

    low: int
    high: int
    optional: bool = False

    def problem(self, value: object) -> str | None:
        """Return what the value should be, or None if it is."""
        if value is None and self.optional:
            return None
        # True is an int to Python, and a mistake in a configuration.
        if isinstance(value, int) and not isinstance(value, bool):
            if self.low <= value <= self.high:
                return None
        nothing = ", or null" if self.optional else ""
        return f"a whole number from {self.low} to {self.high}{nothing}"


@dataclass(frozen=True, slots=True)
class Number:
    """A number from `low` to `high`, or None where `optional`.

    >>> Number(0.0, 1.0).problem(0.5), Number(0.0, 1.0).problem("0.5")
    (None, 'a number from 0 to 1')
    """

    low: float
    high: float
    optional: bool = False

    def problem(self, value: object) -> str | None:
        """Return what the value should be, or None if it is."""
        if value is None and self.optional:
            return None
        if _is_number(value) and self.low <= value <= self.high:
            return None
        nothing = ", or null" if self.optional else ""
        return f"a number from {self.low:g} to {self.high:g}{nothing}"


@dataclass(frozen=True, slots=True)
class Flag:
    """True or False.

    >>> Flag().problem(True), Flag().problem("yes")
    (None, 'true or false')
    """

    def problem(self, value: object) -> str | None:
        """Return what the value should be, or None if it is."""
        return None if isinstance(value, bool) else "true or false"


@dataclass(frozen=True, slots=True)
class Span:
    """A pair of finite numbers, the lower one first, or None.

    >>> Span().problem((0.0, 1.0)), Span().problem([1, 0])
    (None, 'two numbers, the lower one first, or null')
    """

    def problem(self, value: object) -> str | None:
        """Return what the value should be, or None if it is."""
        if value is None:
            return None
        if isinstance(value, list | tuple) and len(value) == 2:
            low, high = value
            if _is_number(low) and _is_number(high) and low < high:
                return None
        return "two numbers, the lower one first, or null"


@dataclass(frozen=True, slots=True)
class Numbers:
    """A list of `fewest` to `most` finite numbers, or None.

    >>> Numbers(1, 3).problem([0, 1.5]), Numbers(1, 3).problem([])
    (None, 'a list of 1 to 3 numbers, or null')
    """

    fewest: int
    most: int

    def problem(self, value: object) -> str | None:
        """Return what the value should be, or None if it is."""
        if value is None:
            return None
        if isinstance(value, list | tuple) and all(map(_is_number, value)):
            if self.fewest <= len(value) <= self.most:
                return None
        return f"a list of {self.fewest} to {self.most} numbers, or null"


Rules: TypeAlias = Mapping[str, Whole | Number | Flag | Span | Numbers]


def _is_number(value: object) -> TypeGuard[float]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) <= sys.float_info.max


def check(
    owner: str, rules: Rules, settings: Mapping[str, object]
) -> dict[str, object]:
    """Return the settings in one form, so that 5 and 5.0 are the same setting.

    Raises SettingProblem, naming owner and setting, unless all settings keep the rules.

    >>> check("episodes", {"close_after_samples": Whole(1, 99)}, {"close_after": 3})
    Traceback (most recent call last):
    ...
    dataflows.detectors.setting_rules.SettingProblem: unknown setting 'close_after' of \
episodes; known: close_after_samples; do you mean 'close_after_samples'?
    """
    refuse_unknown(f"setting {{!r}} of {owner}", settings, rules, f"{owner}.")
    for name, value in settings.items():
        wanted = rules[name].problem(value)
        if wanted is not None:
            where = f"{owner}.{name}"
            raise SettingProblem(where, f"{where} must be {wanted}, not {value!r}")
    return {name: _one_form(rules[name], value) for name, value in settings.items()}


def _one_form(rule: object, value: object) -> object:
    if isinstance(rule, Number) and isinstance(value, int):
        return float(value)
    if isinstance(value, list | tuple):
        return tuple(map(float, value))
    return value


def refuse_unknown(
    what: str, names: Iterable[object], known: Collection[str], owner: str = ""
) -> None:
    """Raise SettingProblem for a name that is not known; `what` has a {} for it."""
    for name in names:
        if name not in known:
            listed = ", ".join(sorted(known))
            near = get_close_matches(str(name).lower(), known, 1)
            meant = f"; do you mean {near[0]!r}?" if near else ""
            problem = f"unknown {what.format(name)}; known: {listed}{meant}"
            raise SettingProblem(f"{owner}{name}", problem)
