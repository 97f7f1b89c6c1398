"""`python -m dataflows.backtest DATA`: detectors over recordings, scored."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path

from connectors.command import Parser, exit_code, instant, whole
from connectors.errors import SettingsError
from connectors.files.parameters import DetectorSet, read_detector_set
from dataflows.backtest.recordings import Recording, read_recordings
from dataflows.backtest.score_options import (
    acceptance,
    add_acceptance,
)
from dataflows.backtest.scoring.comparison import compare
from dataflows.backtest.scoring.events import MERGE_GAP
from dataflows.backtest.scoring.figures import BETTER
from dataflows.backtest.scoring.report import (
    Run,
    alarms_text,
    as_json,
    changes_text,
    comparison,
    scoreboard,
)
from dataflows.backtest.trials import Trial

DEFAULT = "default"
MOST_LISTED = 50
"""How many alarms a terminal is given; a file gets all."""

DESCRIPTION = """\
Runs detectors over recordings, without Kafka, database or engine, and says how good
their alarms are: event-wise precision, recall and F0.5, the same corrected for the
share of nominal time in alarm (F05c), detection delay and false alarms, beside
detectors that know nothing. The same recordings and settings give the same bytes.

Lists each alarm: when, how severe, which detector, its score (1 is the threshold) and
why; and, where there are labels, whether it is true or false.

DATA is one of:
  a folder in the layout of NASA's SMAP/MSL (Telemanom) data: train/*.npy is learnt,
    test/*.npy is scored against labeled_anomalies.csv, which no detector sees;
  an archive: the folder or URL that the archive flow writes to;
  tables of samples: a Parquet or CSV file, or a folder of them, with the columns
    spacecraft, subsystem (may be missing), parameter, generation_time (a timestamp
    with a time zone; in CSV such as 2024-01-01T00:00:00Z) and value.
An archive and tables are scored against --truth if given: a CSV file, a row a fault,
with the columns spacecraft, subsystem, parameter, fault (any name), started_at and
ended_at (times with a zone, of the first and the last sample of the fault)."""

EPILOG = """\
examples:
  python -m dataflows.backtest ../shared/data/telemanom --output scores
  python -m dataflows.backtest samples.parquet --truth injected_faults.csv
  python -m dataflows.backtest archive --configuration new.yaml --against default
  python -m dataflows.backtest s3://bucket/folder --score-from 2024-02-01T00:00:00Z

exit code: 0, or 1 if a figure of --check fell, or 2 if something cannot be used"""


def parser() -> argparse.ArgumentParser:
    """What can be asked for on the command line."""
    command = Parser(
        prog="python -m dataflows.backtest",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("data", metavar="DATA", help="what is scored")
    _add_tried(command.add_argument_group("what is tried"))
    _add_scored(command.add_argument_group("how it is scored"))
    _add_told(command.add_argument_group("what is told"))
    return command


def _add_tried(group: argparse._ArgumentGroup) -> None:
    for name, meaning in (
        ("--configuration", f"what to try (default: {DEFAULT}, the project's own)"),
        ("--against", "compare with these: alarms added, removed, moved, and figures"),
    ):
        group.add_argument(name, metavar="FILE.yaml", help=meaning)
    group.add_argument(
        "--jobs",
        type=int,
        choices=[1, 2],
        default=1,
        help="processes; 2 are worth it for slow detectors and plots (default 1)",
    )


def _add_scored(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add(
        "--truth",
        type=Path,
        metavar="FILE.csv",
        help="labels of an archive or of tables",
    )
    add(
        "--score-from",
        type=instant,
        metavar="TIME",
        help="of an archive or tables, only learn what is earlier (default: score all)",
    )
    add(
        "--merge-gap",
        type=whole(0, 10**9),
        default=MERGE_GAP,
        metavar="N",
        help=f"flags less than N samples apart are one alarm (default {MERGE_GAP})",
    )
    add(
        "--blind",
        type=whole(0, 10**9),
        default=0,
        metavar="N",
        help="ignore alarms on the first N scored samples of a channel (default 0)",
    )


def _add_told(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--output", type=Path, metavar="DIR", help="write scores.md and scores.json")
    add("--plot", type=Path, metavar="DIR", help="write a PNG a channel")
    add_acceptance(group, "provisioning/scores.yaml")


def _detector_set(given: str | None) -> tuple[str, DetectorSet]:
    """The detectors asked for, and a name for them."""
    if given is None or given == DEFAULT:
        return DEFAULT, DetectorSet()
    return Path(given).stem, read_detector_set(Path(given))


def run(options: argparse.Namespace) -> int:
    """Does what was asked for; the exit code. Raises SettingsError."""
    accepted = acceptance(options, BETTER)
    _prepare(options)
    name, detectors = _detector_set(options.configuration)
    recordings, notes = read_recordings(options.data, options.truth, options.score_from)
    recorded = _recorded(recordings)
    if accepted is not None:
        if not recorded["labels"]:
            raise SettingsError(str(options.check), "there are no labels to score by")
        accepted.refuse_others(recorded, options.accept)
    trial = Trial(recordings, options.merge_gap, options.blind, options.jobs)
    runs, moves, told = [trial.run(name, detectors)], None, []
    if options.against is not None:
        runs.append(_against(options.against, trial, name))
        moves = compare(runs[1].scores, runs[0].scores)
        told = [comparison(runs[1], runs[0]), changes_text(moves, trial.place)]
    everything = [*runs, *trial.baselines()]
    board = scoreboard(everything)
    told += [f"Note: {note}.\n" for note in notes]
    some = alarms_text(runs[0], trial.place, MOST_LISTED)
    print("\n".join([board, some, *told]), end="")
    if options.output is not None:
        text = "\n".join([board, alarms_text(runs[0], trial.place), *told])
        content = as_json(everything, moves, trial.place)
        _write(options.output, {"scores.md": text, "scores.json": content})
    if options.plot is not None:
        trial.plot(options.plot, detectors, runs[0])
    if accepted is None:
        return 0
    figures = runs[0].figures.judged()
    good, verdict = accepted.verdict(figures, recorded, options.accept)
    print(f"\n{verdict}")
    return 0 if good else 1


def _recorded(recordings: Sequence[Recording]) -> dict[str, int]:
    labels = sum(len(one.labels or ()) for one in recordings)
    return {"channels": len(recordings), "labels": labels}


def _prepare(options: argparse.Namespace) -> None:
    """Makes sure, before anything is tried, that it can be written and drawn."""
    if options.plot is not None:
        try:
            import_module("matplotlib")
        except ImportError:
            problem = "needs matplotlib: in the checkout, pip install '.[plots]'"
            raise SettingsError("--plot", problem) from None
    for option, folder in (("--plot", options.plot), ("--output", options.output)):
        if folder is not None:
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise SettingsError(option, f"{folder}: {error.strerror}") from None


def _against(given: str, trial: Trial, other: str) -> Run:
    name, detectors = _detector_set(given)
    return trial.run(name + " (against)" * (name == other), detectors)


def _write(folder: Path, texts: Mapping[str, str]) -> None:
    for name, text in texts.items():
        try:
            (folder / name).write_text(text, encoding="utf-8")
        except OSError as error:
            raise SettingsError(
                "--output", f"{folder / name}: {error.strerror}"
            ) from None


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0, 1 if a figure fell, 2 if something cannot be used."""
    options = parser().parse_args(arguments)
    return exit_code(lambda: run(options), failed=2)


if __name__ == "__main__":
    sys.exit(main())
