"""Disturbs everything at random, then looks whether anything is lost.

`make test-faults` runs it; FAULT_SEED has it make the same plan again, and FAULT_COUNT
says how many disturbances.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

from tests.faults.disk import keep_mounts_to_ourselves
from tests.faults.plan import ALL, Disturbance, Kind, Step, make_plan
from tests.faults.trial import Outcome, run_trial
from tests.faults.world import Means
from tests.services.clock import MovedClock
from tests.services.process import UnavailableError

OUT = Path(".cache/faults")
TAIL_LINES = 40
MOST_SEEDS = 1_000_000
KNOWN = {str(one): one for one in ALL}


def say(line: str) -> None:
    """Tells the user."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 1 if something was lost, doubled or judged in another way."""
    options = _options(arguments)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    for name in [name for name in os.environ if name.startswith("ORBITWATCH_")]:
        del os.environ[name]  # no setting of the caller's reaches a flow
    folder = (options.out / f"seed-{options.seed}-{os.getpid()}").resolve()
    folder.mkdir(parents=True)
    means = _means(folder)
    chosen = options.only or ALL
    left_out = {*options.without} | {
        one for one in ALL if one not in chosen or not _is_possible(one, means)
    }
    plan = make_plan(options.seed, options.count, left_out)
    say(f"FAULT_SEED={options.seed} FAULT_COUNT={options.count}; logs in {folder}")
    begun_s = time.monotonic()
    try:
        outcome = run_trial(plan, options.seed, folder, means, say)
    except UnavailableError as error:
        say(f"no faults: {error}")
        return 1
    _tell(plan, outcome, time.monotonic() - begun_s)
    return int(bool(outcome.faults))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.faults",
        description=__doc__,
        epilog="Disturbances: " + "; ".join(KNOWN),
    )
    seed = random.randrange(MOST_SEEDS)
    parser.add_argument("--seed", type=int, default=seed)
    parser.add_argument("--count", type=int, default=100)
    for option, meaning in (("--only", "these of"), ("--without", "all but these of")):
        parser.add_argument(
            option,
            type=_disturbances,
            default=(),
            metavar="NAMES",
            help=f"{meaning} the disturbances, separated by semicolons",
        )
    parser.add_argument("--out", type=Path, default=OUT, help="folder for logs")
    return parser.parse_args(arguments)


def _disturbances(text: str) -> tuple[Disturbance, ...]:
    names = [name.strip() for name in text.split(";") if name.strip()]
    if unknown := [name for name in names if name not in KNOWN]:
        raise argparse.ArgumentTypeError(f"no such disturbance: {', '.join(unknown)}")
    return tuple(KNOWN[name] for name in names)


def _tell(plan: Sequence[Step], outcome: Outcome, seconds: float) -> None:
    """The result; with a fault, the ends of the logs before it."""
    if outcome.faults:
        for log in outcome.logs:
            say(f"--- the end of {log}")
            lines = log.read_text(errors="replace").splitlines()
            say("\n".join(lines[-TAIL_LINES:]))
        say("--- the plan")
        for step in plan:
            say(str(step))
    say(f"{len(plan)} disturbances in {seconds:.0f} s")
    for line in outcome.figures:
        say(f"  {line}")
    if not outcome.faults:
        say("0 samples lost, 0 doubled, all scores and anomalies the same")
    for fault in outcome.faults:
        say(f"FAULT {fault}")


def _means(folder: Path) -> Means:
    """What this machine can do; says what is left out, and why."""
    return Means(
        disks=_can(keep_mounts_to_ourselves), clock=_can(lambda: MovedClock(folder))
    )


def _can(try_it: Callable[[], object]) -> bool:
    try:
        try_it()
    except UnavailableError as error:
        say(f"left out: {error}")
        return False
    return True


def _is_possible(one: Disturbance, means: Means) -> bool:
    if one.kind is Kind.FILL:
        return means.disks
    return means.clock if one.kind is Kind.STEP else True


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
