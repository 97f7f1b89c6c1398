"""`python -m connectors.parameters check` reads files of parameters as a flow would.

Without a flow, a broker or a database: in an editor, or before files are merged.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from connectors.command import WRONG_ARGUMENTS, Parser, exit_code
from connectors.errors import SettingsError
from connectors.files.parameters import read_files, yaml_files
from connectors.settings import Settings

# A flow's own check of detectors, which is all that is needed of them here.
from dataflows.parameters.watched import check_definitions


def problems(files: Sequence[Path]) -> Iterator[str]:
    """Yields the first problem of each file, or else of all of them together."""
    found = False
    for file in files:
        try:
            check_definitions(read_files([file]))
        except SettingsError as error:
            found = True
            yield error.problem
    if not found:
        try:
            read_files(files)
        except SettingsError as error:
            yield error.problem


def parser() -> argparse.ArgumentParser:
    """What can be asked for on the command line."""
    top = Parser(prog="python -m connectors.parameters")
    commands = top.add_subparsers(dest="command", required=True, metavar="command")
    check = commands.add_parser(
        "check", help="say what is wrong with files of parameters, and on which line"
    )
    check.add_argument(
        "files",
        type=Path,
        nargs="*",
        metavar="FILE",
        help="files or folders; without any, the folder ORBITWATCH_PARAMETERS",
    )
    return top


def run(options: argparse.Namespace) -> int:
    """Says what is wrong, or how many parameters are described; returns the exit code.

    Raises SettingsError where there is nothing to read.
    """
    given: list[Path] = options.files or [Settings.from_environment().parameters]
    files = [
        file
        for path in given
        for file in (yaml_files(path) if path.is_dir() else [path])
    ]
    if not files:
        raise SettingsError(
            "files", f"there is no YAML in {', '.join(map(str, given))}"
        )
    found = [*problems(files)]
    for problem in found:
        sys.stderr.write(f"{problem}\n")
    if found:
        return WRONG_ARGUMENTS
    count = sum(1 for _ in read_files(files))
    sys.stdout.write(f"{count} parameters in {len(files)} files: nothing is wrong\n")
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 2 if something is wrong with files or arguments."""
    options = parser().parse_args(arguments)
    return exit_code(lambda: run(options))


if __name__ == "__main__":
    sys.exit(main())
