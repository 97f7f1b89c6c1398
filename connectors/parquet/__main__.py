"""`python -m connectors.parquet compact`: merges the small files of an archive."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from connectors.command import Parser, exit_code, timespan
from connectors.parquet.compaction import compact
from connectors.parquet.storage import Storage
from connectors.settings import Settings

DESCRIPTION = """\
Merges the small files of each spacecraft and day into large ones. It may be run while
archivers are at work, and again if it was killed; one at a time. While it exchanges the
files of a day, for moments, other readers of that day may see samples twice; if it is
killed just then, until it is run again. Nothing is ever lost."""


def parser() -> argparse.ArgumentParser:
    """What can be asked for on the command line."""
    top = Parser(prog="python -m connectors.parquet")
    commands = top.add_subparsers(dest="command", required=True, metavar="command")
    command = commands.add_parser(
        "compact", help="merge small files into large ones", description=DESCRIPTION
    )
    command.add_argument(
        "archive",
        nargs="?",
        metavar="URL",
        help="a folder or s3://bucket/folder (default: ORBITWATCH_ARCHIVE)",
    )
    command.add_argument(
        "--older-than",
        type=timespan("hours", timedelta(minutes=1)),
        default=timedelta(hours=1),
        metavar="HOURS",
        help="leave files alone that were written since then (default 1)",
    )
    return top


def run(options: argparse.Namespace) -> None:
    """Merges, and says what; raises OrbitwatchError when that cannot be done."""
    storage = Storage.at(options.archive or Settings.from_environment().archive)
    merged = 0
    for done in compact(storage, datetime.now(UTC), options.older_than):
        merged += done.files
        sys.stdout.write(
            f"{done.folder}: {done.files} files became one, {done.samples} samples\n"
        )
    if not merged:
        sys.stdout.write("there are no small files to merge\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 2 for wrong arguments and settings, 1 for what went wrong."""
    options = parser().parse_args(arguments)
    return exit_code(lambda: run(options))


if __name__ == "__main__":
    sys.exit(main())
