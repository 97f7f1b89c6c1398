"""The options that the commands of several systems share."""

from __future__ import annotations

import argparse
from pathlib import Path

from connectors.command import number, whole
from simulators.faults import FaultPlan

DEFAULT_TRUTH = Path("injected_faults.csv")


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
