"""Parsers of arguments on the command line, which say what they expected."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NoReturn

from typing_extensions import override


class Parser(argparse.ArgumentParser):
    """Says in one line what is wrong with the arguments, and exits with 2."""

    @override
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"orbitwatch: {message} (see {self.prog} --help)\n")


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
