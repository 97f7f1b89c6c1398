"""Parsers of arguments on the command line, and the options that systems share."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from typing_extensions import override

from simulators.faults import FaultPlan

DEFAULT_TRUTH = Path("injected_faults.csv")


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


def speed(text: str) -> float | None:
    """A parser of speeds, as multiples of the real one; None is no limit."""
    return None if text == "max" else number(1e-3, 1e9)(text)


def add_seed(group: argparse._ArgumentGroup) -> None:
    """Adds `--seed`."""
    group.add_argument(
        "--seed",
        type=whole(0, 2**63 - 1),
        default=0,
        metavar="N",
        help="the same seed gives the same telemetry and the same faults (default 0)",
    )


def add_faults(
    command: argparse.ArgumentParser, plan: FaultPlan, nominal: str = "nominal"
) -> None:
    """Adds what is asked of faults; without them the mode has the name `nominal`."""
    add = command.add_argument_group("faults (with --mode anomaly)").add_argument
    add(
        "--mode",
        choices=[nominal, "anomaly"],
        default=nominal,
        help=f"anomaly: injects faults ({', '.join(plan.kinds)})",
    )
    add(
        "--truth",
        type=Path,
        metavar="FILE",
        help=f"where to write which faults were injected (default: {DEFAULT_TRUTH})",
    )
    add(
        "--warm-up",
        type=whole(0),
        default=plan.warm_up_samples,
        metavar="N",
        help=f"samples of a parameter without faults ({plan.warm_up_samples})",
    )
    add(
        "--fault-gap",
        type=whole(1),
        default=plan.mean_gap_samples,
        metavar="N",
        help="mean number of samples between two faults of a parameter "
        f"({plan.mean_gap_samples})",
    )
