"""`python -m simulators <system>`: telemetry for a system, from a file or made up."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import ExitStack

from connectors.errors import OrbitwatchError, SettingsError
from connectors.settings import Settings
from connectors.stopping import StopRequest
from simulators.command_line import DEFAULT_TRUTH, parser
from simulators.faults import FaultInjector, FaultPlan, inject
from simulators.feed import Feed
from simulators.pacing import Pacer
from simulators.progress import ProgressDisplay
from simulators.replay import replay
from simulators.sources import SYSTEMS
from simulators.truth import TruthFile


def run(options: argparse.Namespace) -> None:
    """Plays what was asked for; raises OrbitwatchError when that cannot be done."""
    if options.truth is not None and options.mode == "nominal":
        raise SettingsError("--truth", "goes with --mode anomaly only")
    settings = Settings.from_environment()
    stop = StopRequest()
    topic, source = SYSTEMS[options.system]
    packets, total = source(options, settings, stop)
    stop.listen()
    feed = Feed(settings, topic, options.arrow)
    with ExitStack() as stack:
        if options.mode == "anomaly":
            path = options.truth or DEFAULT_TRUTH
            truth = stack.enter_context(TruthFile(path))
            plan = FaultPlan(options.warm_up, options.fault_gap)
            injector = FaultInjector(options.seed, truth.record, plan)
            packets = inject(packets, injector)
            sys.stderr.write(f"writing the injected faults to {path}\n")
        display = stack.enter_context(ProgressDisplay(total))
        replay(packets, feed, Pacer(options.rate), stop, display)
    sys.stdout.write(f"sent {feed.packets} packets, {feed.samples} samples\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0 also after Ctrl-C, 2 for wrong arguments, 1 for the rest."""
    options = parser().parse_args(arguments)
    try:
        run(options)
    except SettingsError as error:
        sys.stderr.write(f"orbitwatch: {error}\n")
        return 2
    except OrbitwatchError as error:
        sys.stderr.write(f"orbitwatch: {error}\n")
        return 1
    except OverflowError:
        sys.stderr.write("orbitwatch: event time has come to the end of the calendar\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
