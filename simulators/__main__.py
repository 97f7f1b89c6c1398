"""`python -m simulators <system>`: telemetry for a system, from a file or made up."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from connectors import topics
from connectors.errors import OrbitwatchError, SettingsError
from connectors.messages import Packet
from connectors.settings import Settings
from connectors.stopping import StopRequest
from connectors.telemanom import DEFAULT_INTERVAL_S, PARTS, read_channels
from simulators import launch_command, spacecraft, telemanom
from simulators.arguments import (
    DEFAULT_TRUTH,
    Parser,
    add_faults,
    add_seed,
    instant,
    number,
    whole,
)
from simulators.faults import FaultInjector, FaultPlan, inject
from simulators.feed import Feed
from simulators.pacing import Pacer
from simulators.play import Play
from simulators.progress import ProgressDisplay
from simulators.replay import replay
from simulators.spacecraft import Timing
from simulators.truth import TruthFile

PLAN = FaultPlan()

DESCRIPTION = """\
Plays telemetry into the topic telemetry.spacecraft: recorded channels (--data), or
else a synthetic spacecraft in low Earth orbit with 40 parameters in six subsystems,
ten seconds apart, without end. The broker is the one ORBITWATCH_KAFKA names. Ctrl-C
sends what was read, and ends; a second Ctrl-C ends at once."""

EPILOG = """\
examples:
  python -m simulators spacecraft --rate 600
  python -m simulators spacecraft --mode anomaly --truth truth.csv --samples 20000
  python -m simulators spacecraft --data telemanom --part test"""


def parser() -> argparse.ArgumentParser:
    """What can be asked for on the command line."""
    top = Parser(prog="python -m simulators", description=__doc__)
    systems = top.add_subparsers(dest="system", required=True, metavar="system")
    command = systems.add_parser(
        "spacecraft",
        help="recorded channels, or a synthetic spacecraft",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_source(command.add_argument_group("what is played"))
    _add_pace(command.add_argument_group("how it is played"))
    add_faults(command, PLAN)
    command.set_defaults(play=_play)
    launch_command.add_arguments(
        systems.add_parser(
            "rocket_launch",
            help="recorded launches, or a simulated ascent",
            description=launch_command.DESCRIPTION,
            epilog=launch_command.EPILOG,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
    )
    return top


def _add_source(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add(
        "--data",
        type=Path,
        metavar="DIR",
        help="channels in the layout of the SMAP/MSL (Telemanom) data: train/*.npy, "
        "test/*.npy (column 0 the value, the others commands), labeled_anomalies.csv",
    )
    add(
        "--part",
        choices=["train", "test", "both"],
        help="with --data: the part to play; both (the default) plays train, then test",
    )
    add(
        "--channels",
        metavar="P-1,S-1",
        help="with --data: the channels to play (default: all)",
    )
    add(
        "--samples",
        type=whole(1),
        metavar="N",
        help="stop after N sample times (default: at the end of the data, or never)",
    )
    add_seed(group)


def _add_pace(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add(
        "--rate",
        type=number(1e-3, 1e9),
        metavar="N",
        help="packets a second (default: as fast as Kafka takes them)",
    )
    add(
        "--interval",
        type=number(1e-3, 86_400),
        metavar="SECONDS",
        help="event time between samples (default: 10, with --data 60)",
    )
    add(
        "--start",
        type=instant,
        default=spacecraft.DEFAULT_START,
        metavar="TIME",
        help="event time of the first sample (default: 2024-01-01T00:00:00Z)",
    )
    add(
        "--arrow",
        type=whole(1, 100_000),
        default=1,
        metavar="N",
        help="N packets of a subsystem a message, as Arrow: the bulk form, which does "
        "not carry context, sequence or epoch (default: one a message, as JSON)",
    )


def _play(options: argparse.Namespace) -> Play:
    packets, total = _source(options)
    plan = FaultPlan(options.warm_up, options.fault_gap)
    pacer = Pacer(options.rate)
    return Play(packets, total, topics.SPACECRAFT, pacer, plan, options.arrow)


def _source(options: argparse.Namespace) -> tuple[Iterator[Packet], int | None]:
    """The packets asked for, and how many they are (None: no end)."""
    if options.data is None:
        for name in ("part", "channels"):
            if getattr(options, name) is not None:
                raise SettingsError(f"--{name}", "goes with --data only")
        timing = Timing(
            options.start,
            options.interval or spacecraft.DEFAULT_INTERVAL_S,
            options.samples,
        )
        total = spacecraft.SUBSYSTEMS * options.samples if options.samples else None
        return spacecraft.synthetic_packets(options.seed, timing), total
    timing = Timing(
        options.start, options.interval or DEFAULT_INTERVAL_S, options.samples
    )
    parts = PARTS if options.part in (None, "both") else (options.part,)
    names = [] if options.channels is None else options.channels.split(",")
    channels = read_channels(options.data, parts, names)
    packets = telemanom.recorded_packets(channels, timing)
    return packets, telemanom.packet_count(channels, timing)


def run(options: argparse.Namespace) -> None:
    """Plays what was asked for; raises OrbitwatchError when that cannot be done."""
    if options.truth is not None and options.mode != "anomaly":
        raise SettingsError("--truth", "goes with --mode anomaly only")
    play: Play = options.play(options)
    packets = play.packets
    stop = StopRequest()
    stop.listen()
    feed = Feed(Settings.from_environment(), play.topic, play.bulk_packets)
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
