"""`python -m simulators iss_tracking`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from itertools import islice

from connectors import topics
from connectors.command import whole
from connectors.errors import SettingsError
from connectors.files.orbital_elements import read_elements
from connectors.messages.times import moment
from connectors.messages.wire import Packet
from connectors.open_notify import SHORTEST_INTERVAL_S, OpenNotify, positions
from connectors.process.stopping import StopRequest
from connectors.settings import Settings
from simulators.arguments import Commands, add_general, general_play, new_command
from simulators.iss_tracking.packets import (
    DEFAULT_INTERVAL_S,
    constellation,
    newest_epoch_us,
    tracked_packets,
)
from simulators.pacing import EventPacer
from simulators.play import Play
from simulators.replay import wait
from simulators.timing import Timing

LIVE_INTERVAL_S = 5.0

SUMMARY = "positions of the ISS and other satellites"

DESCRIPTION = """\
Plays the positions of satellites into the topic telemetry.iss_tracking: those of the
file ORBITWATCH_ELEMENTS names, by SGP4, and more after their model if more are asked
for; or else (--live) the ISS as Open Notify tells it now. The broker is the one
ORBITWATCH_KAFKA names. Ctrl-C sends what was read, and ends; a second Ctrl-C ends at
once."""

EPILOG = """\
examples:
  python -m simulators iss_tracking --satellites 100
  python -m simulators iss_tracking --rate max --mode anomaly --samples 20000
  python -m simulators iss_tracking --live"""


def add_command(systems: Commands) -> None:
    """Adds the command, what can be asked of it, and who plays it."""
    about = DESCRIPTION, EPILOG
    command = new_command(systems, "iss_tracking", SUMMARY, about, play)
    _add_satellites(command.add_argument_group("what is played"))
    start = "the newest epoch of the elements"
    add_general(command, "1, with --live 5", start, "a second of event time a second")


def play(options: argparse.Namespace, settings: Settings, stop: StopRequest) -> Play:
    """What was asked for; raises SettingsError for elements that are none."""
    if options.live:
        packets, total = _live(options, settings, stop), options.samples
        return general_play(options, topics.ISS_TRACKING, packets, total)
    packets, total = _simulated(options, settings)
    # Satellites fly in a topic that others may fill, and no faster than they do.
    as_live = EventPacer(1.0)
    return general_play(options, topics.ISS_TRACKING, packets, total, as_live)


def _simulated(
    options: argparse.Namespace, settings: Settings
) -> tuple[Iterator[Packet], int | None]:
    elements = read_elements(settings.elements)
    count = options.satellites or len(elements)
    satellites = constellation(elements, count, options.seed)
    start = options.start or moment(newest_epoch_us(satellites))
    interval_s = options.interval or DEFAULT_INTERVAL_S
    timing = Timing(start, interval_s, options.samples)
    total = count * options.samples if options.samples else None
    return tracked_packets(satellites, timing), total


def _live(
    options: argparse.Namespace, settings: Settings, stop: StopRequest
) -> Iterator[Packet]:
    for name in ("satellites", "start"):
        if getattr(options, name) is not None:
            raise SettingsError(f"--{name}", "does not go with --live")
    interval_s = options.interval or LIVE_INTERVAL_S
    if interval_s < SHORTEST_INTERVAL_S:
        problem = f"with --live, {SHORTEST_INTERVAL_S:g} is the least"
        raise SettingsError("--interval", problem)
    packets = positions(
        OpenNotify(settings.open_notify),
        interval_s,
        lambda seconds: wait(seconds, stop),
        stop,
        _complain,
    )
    return islice(packets, options.samples)


def _complain(problem: str) -> None:
    sys.stderr.write(f"orbitwatch: {problem}\n")


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
