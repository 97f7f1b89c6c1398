"""`python -m simulators <system>`: telemetry for a system, from a file or made up."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import ExitStack

from connectors.command import exit_code
from connectors.errors import SettingsError
from connectors.process.stopping import StopRequest
from connectors.settings import Settings
from simulators.arguments import DEFAULT_TRUTH
from simulators.command_line import parser
from simulators.faults import FaultInjector, inject
from simulators.feed import Feed
from simulators.play import Play
from simulators.progress import ProgressDisplay
from simulators.replay import replay
from simulators.truth import TruthFile


def run(options: argparse.Namespace) -> None:
    """Plays what was asked for; raises OrbitwatchError when that cannot be done."""
    if options.truth is not None and options.mode != "anomaly":
        raise SettingsError("--truth", "goes with --mode anomaly only")
    settings = Settings.from_environment()
    stop = StopRequest()
    play: Play = options.play(options, settings, stop)
    packets = play.packets
    stop.listen()
    feed = Feed(settings, play.topic, play.bulk_packets)
    with ExitStack() as stack:
        if options.mode == "anomaly":
            path = options.truth or DEFAULT_TRUTH
            truth = stack.enter_context(TruthFile(path))
            injector = FaultInjector(options.seed, truth.record, play.plan)
            packets = inject(packets, injector)
            sys.stderr.write(f"writing the injected faults to {path}\n")
        display = stack.enter_context(ProgressDisplay(play.total))
        replay(packets, feed, play.pacer, stop, display)
    sys.stdout.write(f"sent {feed.packets} packets, {feed.samples} samples\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0 also after Ctrl-C, 2 for wrong arguments, 1 for the rest."""
    options = parser().parse_args(arguments)
    try:
        return exit_code(lambda: run(options))
    except OverflowError:
        sys.stderr.write("orbitwatch: event time has come to the end of the calendar\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
