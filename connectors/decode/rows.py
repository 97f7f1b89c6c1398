"""A poll as rows: collected message by message, then cut by parameter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from connectors.decode.names import Names
from connectors.decode.refusals import Refusal
from connectors.messages import Context, Packet, ParameterName, Samples, microseconds

# What packets count their sequence under, beside their values.
SEQUENCE = "packet_sequence"

Epochs = tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Rows:
    """Samples of many parameters, in order of arrival; all arrays have one shape."""

    parameters: NDArray[np.int64]
    times_us: NDArray[np.int64]
    values: NDArray[np.float64]
    messages: NDArray[np.int64]


class PollInTheMaking:
    """Collects rows: JSON packets value by value, Arrow messages as whole arrays."""

    def __init__(self) -> None:
        self.refused: list[Refusal] = []
        self.situations: dict[int, Packet] = {}
        self._finished: list[Rows] = []
        self._start_packets()

    def _start_packets(self) -> None:
        self._parameters: list[int] = []
        self._values: list[float | None] = []
        self._counts: list[int] = []
        self._times_us: list[int] = []
        self._messages: list[int] = []

    def add_packet(self, packet: Packet, index: int, names: Names) -> None:
        """Adds the values of a packet, which was message `index`."""
        numbers = names.of(packet.spacecraft, packet.subsystem)
        self._parameters.extend(map(numbers.__getitem__, packet.values))
        self._values.extend(packet.values.values())
        count = len(packet.values)
        if packet.sequence is not None and SEQUENCE not in packet.values:
            self._parameters.append(numbers[SEQUENCE])
            self._values.append(float(packet.sequence))
            count += 1
        self._counts.append(count)
        self._times_us.append(microseconds(packet.generation_time))
        self._messages.append(index)
        if packet.context or packet.epoch:
            self.situations[index] = packet

    def add_rows(self, rows: Rows) -> None:
        """Adds the rows of a bulk message."""
        self._finish_packets()
        self._finished.append(rows)

    def _finish_packets(self) -> None:
        if not self._counts:
            return
        counts = np.array(self._counts)
        rows = Rows(
            np.array(self._parameters, np.int64),
            np.repeat(np.array(self._times_us, np.int64), counts),
            np.array(self._values, np.float64),  # None becomes NaN
            np.repeat(np.array(self._messages, np.int64), counts),
        )
        self._finished.append(rows)
        self._start_packets()

    def rows(self) -> Rows:
        """All rows so far, in order of arrival."""
        self._finish_packets()
        if len(self._finished) == 1:
            return self._finished[0]
        parts = [
            *self._finished,
            Rows(*(np.empty(0, kind) for kind in (int, int, float, int))),
        ]
        return Rows(
            np.concatenate([part.parameters for part in parts]),
            np.concatenate([part.times_us for part in parts]),
            np.concatenate([part.values for part in parts]),
            np.concatenate([part.messages for part in parts]),
        )


def by_parameter(
    rows: Rows, names: list[ParameterName], situations: dict[int, Packet]
) -> Iterator[Samples]:
    """Cuts the rows into one run a parameter; arrival order is kept inside a run.

    `situations` are the packets, by message, that tell a context or an epoch.
    """
    if len(rows.parameters) == 0:
        return
    order = np.argsort(rows.parameters, kind="stable")
    parameters = rows.parameters[order]
    times_us, values = rows.times_us[order], rows.values[order]
    messages = rows.messages[order]
    cuts = np.flatnonzero(np.diff(parameters)) + 1
    starts = [0, *cuts.tolist()]
    ends = [*cuts.tolist(), len(parameters)]
    told: dict[bytes, tuple[Context | None, Epochs]] = {}
    for start, end in zip(starts, ends, strict=True):
        run = slice(start, end)
        name = names[int(parameters[start])]
        if not situations:
            yield Samples(name, times_us[run], values[run])
            continue
        # The parameters of a packet mostly come together, and share what it tells.
        key = messages[run].tobytes()
        if key not in told:
            packets = [situations.get(index) for index in messages[run].tolist()]
            told[key] = _context(packets), _epochs(packets)
        yield Samples(name, times_us[run], values[run], *told[key])


def _context(packets: Sequence[Packet | None]) -> Context | None:
    found = [(packet and packet.context) or {} for packet in packets]
    names = sorted(set().union(*found))
    return {
        name: np.array([situation.get(name, 0.0) for situation in found])
        for name in names
    } or None


def _epochs(packets: Sequence[Packet | None]) -> Epochs:
    """Where the epoch becomes another one; packets that tell none change nothing."""
    changes: list[tuple[int, str]] = []
    for index, packet in enumerate(packets):
        epoch = packet.epoch if packet else None
        if epoch and not (changes and changes[-1][1] == epoch):
            changes.append((index, epoch))
    return tuple(changes)
