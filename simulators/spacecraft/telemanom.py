"""Packets of recorded channels, such as those of NASA's SMAP/MSL (Telemanom) data.

A channel becomes the parameter `P-1` of the subsystem `P`; its commands (columns that
are not 0) become context named after their column, such as `command_7`. The test part
goes on where the train part ends, as another epoch: the parts of the original data were
scaled separately. All channels start together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from connectors.messages.wire import Packet
from connectors.recordings.telemanom import Channel, command_names
from simulators.timing import Timing

BLOCK_SAMPLES = 1024


def sample_times(channels: Sequence[Channel], timing: Timing) -> int:
    """How many sample times there are to play."""
    longest = max(channel.samples for channel in channels)
    return longest if timing.samples is None else min(longest, timing.samples)


def packet_count(channels: Sequence[Channel], timing: Timing) -> int:
    """How many packets there are to play."""
    last = sample_times(channels, timing)
    return sum(min(channel.samples, last) for channel in channels)


def recorded_packets(channels: Sequence[Channel], timing: Timing) -> Iterator[Packet]:
    """The packets of all channels in order of event time, each channel its own."""
    last = sample_times(channels, timing)
    playing = [_packets(channel, timing) for channel in channels]
    for _ in range(last):
        for stream in tuple(playing):
            packet = next(stream, None)
            if packet is None:
                playing.remove(stream)
            else:
                yield packet


def _packets(channel: Channel, timing: Timing) -> Iterator[Packet]:
    name = channel.parameter
    for index, (epoch, value, commands) in enumerate(_samples(channel)):
        yield Packet(
            spacecraft=name.spacecraft,
            subsystem=name.subsystem,
            generation_time=timing.moment(index),
            values={name.parameter: value},
            context=commands or None,
            epoch=epoch,
        )


def _samples(
    channel: Channel,
) -> Iterator[tuple[str, float | None, dict[str, float]]]:
    """The part, the values (None where there is no finite one), the commands given."""
    for epoch, part in zip(channel.part_names, channel.parts, strict=True):
        names = command_names(part.shape[1])
        for first in range(0, len(part), BLOCK_SAMPLES):
            block = np.asarray(part[first : first + BLOCK_SAMPLES], dtype=np.float64)
            commands: list[dict[str, float]] = [{} for _ in block]
            given = np.isfinite(block) & (block != 0)
            given[:, 0] = False
            for row, column in zip(
                *(axis.tolist() for axis in given.nonzero()), strict=True
            ):
                commands[row][names[column]] = float(block[row, column])
            values = block[:, 0].tolist()
            usable = np.isfinite(block[:, 0]).tolist()
            for row, value in enumerate(values):
                yield epoch, (value if usable[row] else None), commands[row]
