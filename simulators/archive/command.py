"""`python -m simulators replay`."""

from __future__ import annotations

import argparse
from itertools import chain

from connectors.command import Parser, instant
from connectors.errors import SettingsError
from connectors.parquet.storage import Storage
from connectors.process.stopping import StopRequest
from connectors.settings import Settings
from connectors.topics import TELEMETRY_OF, Topic
from simulators.archive.packets import Stretch, archived_packets
from simulators.arguments import Commands, new_command, pace_of, speed
from simulators.faults import FaultPlan
from simulators.play import Play

SUMMARY = "telemetry from the archive, once more"

DESCRIPTION = """\
Plays archived telemetry into the topic it came from, marked as replayed, so that it
raises no alarms. Packets carry the values of one spacecraft, subsystem and instant;
context and epoch are not archived. Ctrl-C sends what was read, and ends; a second
Ctrl-C ends at once."""

EPILOG = """\
example:
  python -m simulators replay --archive s3://bucket/folder --speed 60 \\
    --from 2024-01-01T00:00:00Z --to 2024-01-02T00:00:00Z"""


def add_command(systems: Commands) -> None:
    """Adds the command, what can be asked of it, and who plays it."""
    about = DESCRIPTION, EPILOG
    command = new_command(systems, "replay", SUMMARY, about, play)
    # What was archived is played as it was: no faults.
    command.set_defaults(mode="nominal", truth=None)
    _add_arguments(command)


def play(options: argparse.Namespace, settings: Settings, _stop: StopRequest) -> Play:
    """What was asked for; raises OrbitwatchError if the archive has nothing of it."""
    stretch = _stretch(options)
    topic = _topic(stretch.system)
    storage = Storage.at(options.archive or settings.archive)
    packets = archived_packets(storage, stretch)
    first = next(packets, None)
    if first is None:
        problem = (
            f"no telemetry of {stretch.system} from that time in {storage.address}"
        )
        raise SettingsError("--from, --to", problem)
    pace = pace_of(options.speed)
    return Play(chain([first], packets), None, topic, pace, FaultPlan())


def _stretch(options: argparse.Namespace) -> Stretch:
    """What was asked for; raises SettingsError if it is no stretch of time."""
    if options.start >= options.end:
        raise SettingsError("--to", "is not after --from")
    return Stretch(options.system, options.start, options.end, options.spacecraft)


def _topic(system: str) -> Topic:
    """The topic a system's telemetry goes to; raises SettingsError if it has none."""
    topic = TELEMETRY_OF.get(system)
    if topic is None:
        raise SettingsError("--system", f"there is no topic telemetry.{system}")
    return topic


def _add_arguments(command: Parser) -> None:
    add = command.add_argument
    add(
        "--archive",
        metavar="URL",
        help="a folder or s3://bucket/folder (default: ORBITWATCH_ARCHIVE)",
    )
    add(
        "--system",
        default="spacecraft",
        metavar="NAME",
        help="whose telemetry: it goes to the topic telemetry.NAME (spacecraft)",
    )
    add("--spacecraft", metavar="NAME", help="of this spacecraft only")
    add(
        "--from",
        dest="start",
        type=instant,
        required=True,
        metavar="TIME",
        help="from this generation time on, such as 2024-01-01T00:00:00Z",
    )
    add(
        "--to",
        dest="end",
        type=instant,
        required=True,
        metavar="TIME",
        help="up to, but without, this generation time",
    )
    add(
        "--speed",
        type=speed,
        default=1.0,
        metavar="N|max",
        help="seconds of generation time a second; max: as fast as Kafka takes them "
        "(default 1, as it was live)",
    )
