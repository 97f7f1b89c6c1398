"""What the commands that score have in common: --check and --accept."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from connectors.errors import SettingsError
from dataflows.backtest.acceptance import Acceptance

__all__ = ["acceptance", "add_acceptance"]


def add_acceptance(group: argparse._ArgumentGroup, example: str) -> None:
    """Adds the options that compare with accepted figures, as in the file `example`."""
    group.add_argument(
        "--check",
        type=Path,
        metavar="FILE.yaml",
        help=f"compare with accepted figures, such as {example}",
    )
    group.add_argument(
        "--accept",
        action="store_true",
        help="with --check: write what is reached now into the file",
    )


def acceptance(
    options: argparse.Namespace, better: Mapping[str, int]
) -> Acceptance | None:
    """What to compare with, if that was asked for; raises SettingsError."""
    if options.check is not None:
        return Acceptance(options.check, better)
    if options.accept:
        raise SettingsError("--accept", "goes with --check only")
    return None
