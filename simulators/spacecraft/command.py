"""`python -m simulators spacecraft`."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from connectors import topics
from connectors.errors import SettingsError
from connectors.messages.wire import Packet
from connectors.process.stopping import StopRequest
from connectors.recordings.telemanom import DEFAULT_INTERVAL_S as RECORDED_INTERVAL_S
from connectors.recordings.telemanom import PARTS, read_channels
from connectors.settings import Settings
from simulators.arguments import Commands, add_general, general_play, new_command
from simulators.play import Play
from simulators.spacecraft.packets import SUBSYSTEMS, synthetic_packets
from simulators.spacecraft.telemanom import packet_count, recorded_packets
from simulators.timing import DEFAULT_INTERVAL_S, DEFAULT_START, Timing

SUMMARY = "recorded channels, or a synthetic spacecraft"

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


def add_command(systems: Commands) -> None:
    """Adds the command, what can be asked of it, and who plays it."""
    about = DESCRIPTION, EPILOG
    command = new_command(systems, "spacecraft", SUMMARY, about, play)
    _add_recordings(command.add_argument_group("what is played"))
    add_general(command, "10, with --data 60", "2024-01-01T00:00:00Z")


def play(options: argparse.Namespace, _settings: Settings, _stop: StopRequest) -> Play:
    """What was asked for; raises SettingsError for recordings that are none."""
    asked = _synthetic(options) if options.data is None else _recorded(options)
    return general_play(options, topics.SPACECRAFT, *asked)


def _synthetic(options: argparse.Namespace) -> tuple[Iterator[Packet], int | None]:
    for name in ("part", "channels"):
        if getattr(options, name) is not None:
            raise SettingsError(f"--{name}", "goes with --data only")
    total = SUBSYSTEMS * options.samples if options.samples else None
    return synthetic_packets(options.seed, _timing(options, DEFAULT_INTERVAL_S)), total


def _recorded(options: argparse.Namespace) -> tuple[Iterator[Packet], int]:
    timing = _timing(options, RECORDED_INTERVAL_S)
    parts = PARTS if options.part in (None, "both") else (options.part,)
    names = [] if options.channels is None else options.channels.split(",")
    channels = read_channels(options.data, parts, names)
    return recorded_packets(channels, timing), packet_count(channels, timing)


def _timing(options: argparse.Namespace, interval_s: float) -> Timing:
    return Timing(
        options.start or DEFAULT_START, options.interval or interval_s, options.samples
    )


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
