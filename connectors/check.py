"""`python -m connectors.check` says in seconds whether flows could work here.

It looks at what each flow looks at when it starts, and goes on after what is wrong: a
line each, with what is there or what to do.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from connectors import topics
from connectors.command import FAILED, Parser, exit_code
from connectors.errors import OrbitwatchError, one_line
from connectors.parquet.sink import check_archive
from connectors.prerequisites import Prerequisite, prerequisites
from connectors.settings import Settings
from connectors.systems import ARCHIVE, SYSTEMS

OK, NOTE, WRONG, SKIPPED = "ok", "note", "WRONG", "-"


def parser() -> argparse.ArgumentParser:
    """What can be asked for on the command line."""
    top = Parser(
        prog="python -m connectors.check",
        description="Looks at what flows need: settings, ports, Kafka and its topics, "
        "the database with its encoding, migrations and rights, the clock, and the "
        "folders. Says what to do about what is wrong. A running flow has its ports: "
        "they count as wrong then.",
    )
    top.add_argument(
        "flow",
        nargs="*",
        type=_flow,
        help="which flows, such as spacecraft or archive; by default all that store in "
        "the database",
    )
    top.add_argument(
        "-r", "--state", type=Path, metavar="FOLDER", help="a state folder, as for -r"
    )
    return top


def _flow(text: str) -> str:
    flows = [system.stem for system in SYSTEMS]
    if text not in flows:
        raise argparse.ArgumentTypeError(f"{text!r} is not one of {', '.join(flows)}")
    return text


def needed(
    settings: Settings, flows: Sequence[str], state: Path | None
) -> list[Prerequisite]:
    """What these flows need, the archive alone or with others."""
    named = [*flows] or list(topics.TELEMETRY_OF)
    storing = [stem for stem in named if stem != ARCHIVE.stem]
    reads = [topics.TELEMETRY_OF[stem] for stem in storing] or topics.TELEMETRY
    writes = (topics.ANOMALIES, topics.DEAD_LETTERS) if storing else ()
    found = prerequisites(settings, reads, writes, database=bool(storing), state=state)
    if ARCHIVE.stem in named:
        found.append(Prerequisite("archive", lambda: check_archive(settings)))
    return found


def looked_at(all_needed: Sequence[Prerequisite]) -> Iterator[tuple[str, str, str]]:
    """How each is: OK, a NOTE, WRONG or SKIPPED; its name; and what is to be said."""
    failed: set[str] = set()
    for each in all_needed:
        if each.after in failed:
            failed.add(each.name)
            yield SKIPPED, each.name, f"not looked at: see {each.after}"
            continue
        try:
            yield OK, each.name, each.look()
        except OrbitwatchError as error:
            failed.add(each.name)
            yield (WRONG if each.is_vital else NOTE), each.name, one_line(error)


def run(options: argparse.Namespace) -> int:
    """Looks at everything, and says how it is; the exit code."""
    # What the clients say of their attempts would stand between the lines.
    logging.getLogger("orbitwatch").setLevel(logging.CRITICAL)
    settings = Settings.from_environment()
    sys.stdout.write(f"{OK:5}  settings: all are known\n")
    code = 0
    for how, name, text in looked_at(needed(settings, options.flow, options.state)):
        sys.stdout.write(f"{how:5}  {name}: {text}\n")
        sys.stdout.flush()
        code = FAILED if how == WRONG else code
    return code


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 2 for wrong arguments and settings, 1 for what is wrong else."""
    options = parser().parse_args(arguments)
    return exit_code(lambda: run(options))


if __name__ == "__main__":
    sys.exit(main())
