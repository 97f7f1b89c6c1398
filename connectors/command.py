"""What all commands have in common: how arguments are read, and how one ends."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal, NoReturn

from typing_extensions import override

from connectors.errors import OrbitwatchError, SettingsError

WRONG_ARGUMENTS, FAILED, INTERRUPTED = 2, 1, 130
"""Exit codes."""
LONGEST = timedelta(days=36_500)


class Parser(argparse.ArgumentParser):
    """Says in one line what is wrong with the arguments, and exits with 2."""

    @override
    def error(self, message: str) -> NoReturn:
        self.exit(WRONG_ARGUMENTS, f"orbitwatch: {message} (see {self.prog} --help)\n")


def number(low: float, high: float) -> Callable[[str], float]:
    """A parser of numbers from `low` to `high`."""

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(
                f"{text!r} is not a number from {low:g} to {high:g}"
            )
        return value

    return parse


def whole(low: int, high: int = 10**12) -> Callable[[str], int]:
    """A parser of whole numbers from `low` to `high`."""

    def parse(text: str) -> int:
        value = int(text) if text.isascii() and text.isdigit() else -1
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(
                f"{text!r} is not a whole number from {low} to {high}"
            )
        return value

    return parse


def instant(text: str) -> datetime:
    """A parser of ISO times with a zone."""
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        value = None
    if value is None or value.tzinfo is None or not 1970 < value.year < 2200:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a time such as 2024-01-01T00:00:00Z, with a zone"
        )
    return value.astimezone(UTC)


def timespan(
    unit: Literal["hours", "days"], least: timedelta
) -> Callable[[str], timedelta]:
    """A parser of spans of time, as numbers of a unit."""

    def parse(text: str) -> timedelta:
        try:
            span = timedelta(**{unit: float(text)})
        except (ValueError, OverflowError):
            span = timedelta(-1)
        if not least <= span <= LONGEST:
            fewest = least / timedelta(**{unit: 1})
            raise argparse.ArgumentTypeError(
                f"{text!r} is not a number of {unit} (at least {fewest:.2g})"
            )
        return span

    return parse


def table(rows: Sequence[Sequence[str]]) -> Iterable[str]:
    """Lines of columns, each as wide as its widest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(map(str.ljust, row, widths)).rstrip() + "\n"


def exit_code(run: Callable[[], int | None], failed: int = FAILED) -> int:
    """That of a command: what it returns, or else 0.

    If it raises OrbitwatchError, that is told in one line; the code is 2 for settings
    and arguments that cannot be used, and `failed` for the rest. So is Ctrl-C, for
    which a shell expects 130.
    """
    try:
        return run() or 0
    except OrbitwatchError as error:
        sys.stderr.write(f"orbitwatch: {error}\n")
        return WRONG_ARGUMENTS if isinstance(error, SettingsError) else failed
    except KeyboardInterrupt:
        sys.stderr.write("orbitwatch: interrupted; it can be run again\n")
        return INTERRUPTED
