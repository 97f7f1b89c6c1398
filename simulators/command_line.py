"""The command line of `python -m simulators`: what can be asked for."""

from __future__ import annotations

import argparse
from pathlib import Path

from connectors.command import Parser, instant, number, whole
from simulators import archive_replay, launch_command
from simulators.arguments import add_faults, add_seed
from simulators.faults import FaultPlan
from simulators.sources import play_satellites, play_spacecraft

PLAN = FaultPlan()

ABOUT = "Telemetry for a system, from a file or made up."

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


ISS_DESCRIPTION = """\
Plays the positions of satellites into the topic telemetry.iss_tracking: those of the
file ORBITWATCH_ELEMENTS names, by SGP4, and more after their model if more are asked
for; or else (--live) the ISS as Open Notify tells it now. The broker is the one
ORBITWATCH_KAFKA names. Ctrl-C sends what was read, and ends; a second Ctrl-C ends at
once."""

ISS_EPILOG = """\
examples:
  python -m simulators iss_tracking --satellites 100 --rate 100
  python -m simulators iss_tracking --mode anomaly --truth truth.csv --samples 20000
  python -m simulators iss_tracking --live"""


def parser() -> argparse.ArgumentParser:
    """What can be asked for on the command line."""
    top = Parser(prog="python -m simulators", description=ABOUT)
    systems = top.add_subparsers(dest="system", required=True, metavar="system")
    command = systems.add_parser(
        "spacecraft",
        help="recorded channels, or a synthetic spacecraft",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_recordings(command.add_argument_group("what is played"))
    _add_general(command, "10, with --data 60", "2024-01-01T00:00:00Z")
    command.set_defaults(play=play_spacecraft)
    launch_command.add_command(systems)
    command = systems.add_parser(
        "iss_tracking",
        help="positions of the ISS and other satellites",
        description=ISS_DESCRIPTION,
        epilog=ISS_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_satellites(command.add_argument_group("what is played"))
    _add_general(command, "1, with --live 5", "the newest epoch of the elements")
    command.set_defaults(play=play_satellites)
    archive_replay.add_command(systems)
    return top


def _add_satellites(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add(
        "--satellites",
        type=whole(1, 99_999),
        metavar="N",
        help="how many satellites (default: those of the file)",
    )
    add(
        "--live",
        action="store_true",
        help="the ISS, from the address ORBITWATCH_OPEN_NOTIFY, at most once a second",
    )


def _add_general(command: argparse.ArgumentParser, interval_s: str, start: str) -> None:
    _add_sampling(command.add_argument_group("how much is played"))
    _add_pace(command.add_argument_group("how it is played"), interval_s, start)
    add_faults(command, PLAN)


def _add_recordings(group: argparse._ArgumentGroup) -> None:
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


def _add_sampling(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add(
        "--samples",
        type=whole(1),
        metavar="N",
        help="stop after N sample times (default: at the end of the data, or never)",
    )
    add_seed(group)


def _add_pace(group: argparse._ArgumentGroup, interval_s: str, start: str) -> None:
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
        help=f"event time between samples (default: {interval_s})",
    )
    add(
        "--start",
        type=instant,
        metavar="TIME",
        help=f"event time of the first sample (default: {start})",
    )
    add(
        "--arrow",
        type=whole(1, 100_000),
        default=1,
        metavar="N",
        help="N packets of a subsystem a message, as Arrow: the bulk form, which does "
        "not carry context, sequence or epoch (default: one a message, as JSON)",
    )
