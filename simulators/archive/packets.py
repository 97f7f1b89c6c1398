"""Packets put together again from an archive, marked as replayed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from connectors.messages.samples import ParameterName
from connectors.messages.times import microseconds, moment
from connectors.messages.wire import Packet
from connectors.parquet.columns import Columns
from connectors.parquet.reader import read_samples
from connectors.parquet.storage import Storage


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
