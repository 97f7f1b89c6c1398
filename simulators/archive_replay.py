"""Packets put together again from an archive, marked as replayed."""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from connectors.command import Parser, instant
from connectors.errors import SettingsError
from connectors.messages.samples import ParameterName
from connectors.messages.times import microseconds, moment
from connectors.messages.wire import Packet
from connectors.parquet.columns import Columns
from connectors.parquet.reader import read_samples
from connectors.parquet.storage import Storage
from connectors.settings import Settings
from connectors.topics import TELEMETRY_OF, Topic
from simulators.arguments import speed
from simulators.faults import FaultPlan
from simulators.pacing import EventPacer, Pacer
from simulators.play import Play

DESCRIPTION = """\
Plays archived telemetry into the topic it came from, marked as replayed, so that it
raises no alarms. Packets carry the values of one spacecraft, subsystem and instant;
context and epoch are not archived. Ctrl-C sends what was read, and ends; a second
Ctrl-C ends at once."""

EPILOG = """\
example:
  python -m simulators replay --archive s3://bucket/folder --speed 60 \\
    --from 2024-01-01T00:00:00Z --to 2024-01-02T00:00:00Z"""


@dataclass(frozen=True, slots=True)
class Stretch:
    """What is to be replayed: a system's samples from `start` to before `end`."""

    system: str
    start: datetime
    end: datetime
    spacecraft: str | None = None


def archived_packets(storage: Storage, stretch: Stretch) -> Iterator[Packet]:
    """A stretch of the archive as packets, in order of generation time.

    The values of one spacecraft, subsystem and instant make one packet; a parameter
    that has several makes several. Raises ArchiveUnavailable for what cannot be read.
    """
    pieces = read_samples(
        storage,
        stretch.system,
        microseconds(stretch.start),
        microseconds(stretch.end),
        stretch.spacecraft,
    )
    for columns in pieces:
        yield from _packets(columns)


def _packets(columns: Columns) -> Iterator[Packet]:
    """The packets of a piece in which every instant is whole."""
    names = columns.names
    now_us: int | None = None
    packets: list[Packet] = []
    latest: dict[tuple[str, str], Packet] = {}
    for name_number, time_us, value in zip(
        columns.parameters.tolist(),
        columns.times_us.tolist(),
        columns.values.tolist(),
        strict=True,
    ):
        if time_us != now_us:
            yield from packets
            now_us, packets, latest = time_us, [], {}
        name = names[name_number]
        key = name.spacecraft, name.subsystem
        packet = latest.get(key)
        if packet is None or name.parameter in packet.values:
            latest[key] = packet = _packet(name, time_us)
            packets.append(packet)
        packet.values[name.parameter] = None if math.isnan(value) else value
    yield from packets


def _packet(name: ParameterName, time_us: int) -> Packet:
    return Packet(
        spacecraft=name.spacecraft,
        subsystem=name.subsystem or None,
        generation_time=moment(time_us),
        values={},
        replay=True,
    )


def add_command(
    systems: argparse._SubParsersAction[Parser],
) -> None:
    """Adds the command `replay`, and what it can be asked for."""
    command = systems.add_parser(
        "replay",
        help="telemetry from the archive, once more",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.set_defaults(play=play, mode="nominal", truth=None)
    _add_arguments(command)


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


def play(options: argparse.Namespace, settings: Settings, *_: object) -> Play:
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
    pacer = Pacer(None) if options.speed is None else EventPacer(options.speed)
    return Play(chain([first], packets), None, topic, pacer, FaultPlan())


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
