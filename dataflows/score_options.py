"""What the commands that score have in common: refusals, --check and --accept."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NoReturn

from typing_extensions import override

from connectors.errors import OrbitwatchError, SettingsError
from dataflows.acceptance import Acceptance

__all__ = ["Parser", "acceptance", "add_acceptance", "exit_code"]


class Parser(argparse.ArgumentParser):
    """Says in one line what is wrong with the arguments, and exits with 2."""

    @override
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"orbitwatch: {message} (see {self.prog} --help)\n")


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


def exit_code(
    run: Callable[[argparse.Namespace], int], options: argparse.Namespace
) -> int:
    """That of a run: 0, 1 if a figure fell, 2 if something cannot be used."""
    try:
        return run(options)
    except OrbitwatchError as error:
        print(f"orbitwatch: {error}", file=sys.stderr)
        return 2
