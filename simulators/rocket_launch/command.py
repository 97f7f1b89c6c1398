"""`python -m simulators rocket_launch`."""

from __future__ import annotations

import argparse
from pathlib import Path

from connectors import topics
from connectors.command import instant, whole
from connectors.process.stopping import StopRequest
from connectors.recordings.launch_recordings import read_launch
from connectors.settings import Settings
from simulators.arguments import (
    Commands,
    add_faults,
    add_seed,
    new_command,
    pace_of,
    speed,
)
from simulators.play import Play
from simulators.rocket_launch.packets import (
    DEFAULT_T0,
    Launches,
    fault_plan,
    recorded_packets,
    simulated_packets,
)

PLAN = fault_plan(300, 3000)

SUMMARY = "recorded launches, or a simulated ascent"

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


def add_command(systems: Commands) -> None:
    """Adds the command, what can be asked of it, and who plays it."""
    about = DESCRIPTION, EPILOG
    command = new_command(systems, "rocket_launch", SUMMARY, about, play)
    _add_launches(command.add_argument_group("what is played"))
    command.add_argument_group("how it is played").add_argument(
        "--speed",
        type=speed,
        default=1.0,
        metavar="N",
        help="N times as fast as it was, or max: as fast as Kafka takes it (default 1)",
    )
    add_faults(command, PLAN, nominal="normal")


def play(options: argparse.Namespace, _settings: Settings, _stop: StopRequest) -> Play:
    """What was asked for; raises SettingsError for a recording that is none."""
    launches = Launches(options.t0, options.launches, options.seed)
    if options.file is None:
        packets, total = simulated_packets(launches), None
    else:
        recording = read_launch(options.file)
        packets = recorded_packets(recording, launches)
        total = len(recording) * launches.count
    plan = fault_plan(options.warm_up, options.fault_gap)
    return Play(packets, total, topics.ROCKET_LAUNCH, pace_of(options.speed), plan)


def _add_launches(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add(
        "file",
        nargs="?",
        type=Path,
        metavar="FILE",
        help="a recorded launch: JSON with the arrays time (s), velocity (m/s) and "
        "altitude (km), or JSON lines of them",
    )
    add(
        "--launches",
        type=whole(1, 10_000),
        default=1,
        metavar="N",
        help="how many vehicles fly at the same time, each with a name (default 1)",
    )
    add(
        "--t0",
        type=instant,
        default=DEFAULT_T0,
        metavar="TIME",
        help="event time of liftoff (default: 2024-01-01T12:00:00Z)",
    )
    add_seed(group)
