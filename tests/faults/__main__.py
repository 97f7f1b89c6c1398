"""`make test-faults`: disturbs everything at random, then looks whether anything is lost.

FAULT_SEED makes the same plan again, FAULT_COUNT says how many disturbances.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

from tests.faults.disk import keep_mounts_to_ourselves
from tests.faults.plan import ALL, Disturbance, Kind, make_plan
from tests.faults.trial import Outcome, run_trial
from tests.faults.world import Means
from tests.services.clock import MovedClock
from tests.services.process import UnavailableError

OUT = Path(".cache/faults")
TAIL_LINES = 40


def say(line: str) -> None:
    """Tells the user."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 1 if something was lost, doubled or judged in another way."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--without", default="", help="disturbances, comma-separated")
    parser.add_argument("--only", default="", help="disturbances, comma-separated")
    parser.add_argument("--out", type=Path, default=OUT, help="folder for logs")
    options = parser.parse_args(arguments)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    for name in [name for name in os.environ if name.startswith("ORBITWATCH_")]:
        del os.environ[name]
    folder = (options.out / f"{options.seed}-{time.monotonic_ns()}").resolve()
    folder.mkdir(parents=True)
    try:
        means = _means(folder)
        left_out = [
            one
            for one in ALL
            if not _is_possible(one, means)
            or str(one) in options.without.split(",")
            or (options.only and str(one) not in options.only.split(","))
        ]
        plan = make_plan(options.seed, options.count, left_out)
        say(f"FAULT_SEED={options.seed} FAULT_COUNT={options.count}")
        begun_s = time.monotonic()
        outcome = run_trial(plan, options.seed, folder, means, say)
    except UnavailableError as error:
        say(f"no faults: {error}")
        return 1
    say(f"{len(plan)} disturbances in {time.monotonic() - begun_s:.0f} s")
    _tell(outcome)
    return int(bool(outcome.faults))


def _tell(outcome: Outcome) -> None:
    for line in outcome.figures:
        say(f"  {line}")
    if not outcome.faults:
        say("0 samples lost, 0 doubled, all scores and anomalies the same")
        return
    for log in outcome.logs:
        say(f"--- the end of {log}")
        say("\n".join(log.read_text(errors="replace").splitlines()[-TAIL_LINES:]))
    say("FAULTS")
    for fault in outcome.faults:
        say(f"  {fault}")


def _means(folder: Path) -> Means:
    disks = clock = True
    try:
        keep_mounts_to_ourselves()
    except UnavailableError as error:
        say(f"left out: {error}")
        disks = False
    try:
        MovedClock(folder)
    except UnavailableError as error:
        say(f"left out: {error}")
        clock = False
    return Means(disks, clock)


def _is_possible(one: Disturbance, means: Means) -> bool:
    if one.kind is Kind.FILL:
        return means.disks
    return means.clock if one.kind is Kind.STEP else True


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
