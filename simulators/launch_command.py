"""`python -m simulators rocket_launch`: its arguments."""

from __future__ import annotations

import argparse
from pathlib import Path

from connectors import topics
from connectors.command import Parser, instant, whole
from connectors.recordings.launch_recordings import read_launch
from simulators.arguments import add_faults, add_seed, speed
from simulators.pacing import EventPacer, Pacer
from simulators.play import Play
from simulators.rocket_launch import (
    DEFAULT_T0,
    Launches,
    fault_plan,
    recorded_packets,
    simulated_packets,
)

PLAN = fault_plan(300, 3000)

DESCRIPTION = """\
Plays launches into the topic telemetry.rocket_launch: a recorded one, or else the
simulated ascent of a two-stage launcher, 30 packets a second. The broker is the one
ORBITWATCH_KAFKA names. Ctrl-C sends what was read, and ends; a second Ctrl-C ends at
once."""

EPILOG = """\
examples:
  python -m simulators rocket_launch
  python -m simulators rocket_launch launch.json --speed 10 --mode anomaly
  python -m simulators rocket_launch --launches 100 --seed 7"""


def add_command(systems: argparse._SubParsersAction[Parser]) -> None:
    """Adds the command `rocket_launch`, what can be asked of it, and who plays it."""
    command = systems.add_parser(
        "rocket_launch",
        help="recorded launches, or a simulated ascent",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    group = command.add_argument_group("what is played")
    group.add_argument(
        "file",
        nargs="?",
        type=Path,
        metavar="FILE",
        help="a recorded launch: JSON with the arrays time (s), velocity (m/s) and "
        "altitude (km), or JSON lines of them",
    )
    group.add_argument(
        "--launches",
        type=whole(1, 10_000),
        default=1,
        metavar="N",
        help="how many vehicles fly at the same time, each with a name (default 1)",
    )
    group.add_argument(
        "--t0",
        type=instant,
        default=DEFAULT_T0,
        metavar="TIME",
        help="event time of liftoff (default: 2024-01-01T12:00:00Z)",
    )
    add_seed(group)
    command.add_argument_group("how it is played").add_argument(
        "--speed",
        type=speed,
        default=1.0,
        metavar="N",
        help="N times as fast as it was, or max: as fast as Kafka takes it (default 1)",
    )
    add_faults(command, PLAN, nominal="normal")
    command.set_defaults(play=play)


def play(options: argparse.Namespace, *_: object) -> Play:
    """What was asked for; raises SettingsError for a recording that is none."""
    launches = Launches(options.t0, options.launches, options.seed)
    if options.file is None:
        packets, total = simulated_packets(launches), None
    else:
        recording = read_launch(options.file)
        packets = recorded_packets(recording, launches)
        total = len(recording) * launches.count
    pacer = Pacer(None) if options.speed is None else EventPacer(options.speed)
    plan = fault_plan(options.warm_up, options.fault_gap)
    return Play(packets, total, topics.ROCKET_LAUNCH, pacer, plan)
