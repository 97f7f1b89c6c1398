"""`make bench`: measures the whole chain, or the parts that are named.

Ctrl-C or SIGTERM ends it, with all that it started, and leaves nothing behind.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

import psycopg
from confluent_kafka import KafkaException

from connectors.errors import OrbitwatchError, one_line
from tests.benchmarks import chart, machine
from tests.benchmarks.figures import Findings, Plan
from tests.benchmarks.parts import BY_DEFAULT, PARTS
from tests.benchmarks.report import Report
from tests.benchmarks.stage import Stage
from tests.services.process import UnavailableError

OUT = Path(".cache/benchmark")
# A part that fails is told of, and the others are measured all the same. Flows that do
# not end well are AssertionErrors of what tests start them with.
FAILURES = (OrbitwatchError, AssertionError, psycopg.Error, KafkaException)


def say(line: str) -> None:
    """Tells the user."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def run(names: Sequence[str], plan: Plan, out: Path) -> int:
    """Measures the parts and writes the report; 1 if one of them failed."""
    for name in [name for name in os.environ if name.startswith("ORBITWATCH_")]:
        del os.environ[name]  # no setting of the caller's reaches a flow
    about = machine.describe()
    findings: list[Findings] = []
    begun_s = time.monotonic()
    with Stage(say) as stage:
        for name in names:
            say(f"{name}: {PARTS[name].about}")
            try:
                findings.append(PARTS[name].measure(stage, plan))
            except FAILURES as error:
                say(f"  {name} failed: {one_line(error)}")
                findings.append(Findings(name, failure=one_line(error)))
        about |= stage.versions()
    about["duration"] = f"{time.monotonic() - begun_s:.0f} s"
    report = Report(about, findings)
    files = report.write(out)
    chart.draw(findings, out / "benchmark.png")
    say("\n" + report.markdown())
    say(f"Written to {', '.join(map(str, files))} and {out / 'benchmark.png'}")
    return int(any(part.failure for part in findings))


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description=__doc__,
        epilog="; ".join(f"{name}: {part.about}" for name, part in PARTS.items()),
    )
    parser.add_argument("parts", nargs="*", metavar="part", help=", ".join(PARTS))
    parser.add_argument(
        "--out", type=Path, default=OUT, help=f"folder (default: {OUT})"
    )
    parser.add_argument("--quick", action="store_true", help="less of everything")
    options = parser.parse_args(arguments)
    if unknown := sorted(set(options.parts) - set(PARTS)):
        parser.error(
            f"no such part: {', '.join(unknown)} (there are {', '.join(PARTS)})"
        )
    if not Path("/proc/self/stat").exists():
        parser.exit(1, "orbitwatch: the benchmark needs Linux: there is no /proc\n")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        return run(options.parts or BY_DEFAULT, Plan(options.quick), options.out)
    except UnavailableError as error:
        sys.stderr.write(f"orbitwatch: no benchmark: {error}\n")
        return 1


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    sys.stderr.write("orbitwatch: interrupted; nothing is kept\n")
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
