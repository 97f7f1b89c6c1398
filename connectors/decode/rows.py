"""A poll as rows: collected message by message, then cut by shard and parameter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

import numpy as np
from numpy.typing import NDArray

from connectors.decode.names import Names
from connectors.decode.refusals import Fault, Refusal
from connectors.messages.samples import REPLAYED, Context, Runs, Situation
from connectors.messages.times import microseconds
from connectors.messages.wire import Packet

# What packets count their sequence under, beside their values.
SEQUENCE = "packet_sequence"
# A packet may not name more, nor can a detector use more.
MOST_CONTEXT_NAMES = 256


@dataclass(frozen=True, slots=True)
class Rows:
    """Samples of many parameters, in order of arrival; all arrays have one shape."""

    parameters: NDArray[np.int64]
    times_us: NDArray[np.int64]
    values: NDArray[np.float64]
    messages: NDArray[np.int64]


class PollInTheMaking:
    """Collects rows: JSON packets value by value, Arrow messages as whole arrays."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self.refused: list[Refusal] = []
        self.faults: list[Fault] = []
        # Messages whose faults are all noted already.
        self.looked_through: set[int] = set()
        self.situations: dict[int, Packet] = {}
        self._finished: list[Rows] = []
        self._start_packets()

    def _start_packets(self) -> None:
        self._parameters: list[int] = []
        self._values: list[float | None] = []
        self._counts: list[int] = []
        self._times_us: list[int] = []
        self._messages: list[int] = []

    def add_packet(self, packet: Packet, index: int) -> None:
        """Adds the values of a packet, which was message `index`."""
        values = packet.values
        spacecraft = packet.spacecraft
        if packet.replay:
            spacecraft = REPLAYED + spacecraft
        numbers = self._names.of(spacecraft, packet.subsystem)
        self._parameters.extend(map(numbers.__getitem__, values))
        self._values.extend(values.values())
        count = len(values)
        if packet.sequence is not None and SEQUENCE not in values:
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


def by_shard(
    rows: Rows, names: Names, packets: Mapping[int, Packet]
) -> Iterator[tuple[int, Runs]]:
    """Cuts the rows by shard, and within by parameter; else they keep their order.

    `packets` are those, by message, that tell a context or an epoch.
    """
    if len(rows.parameters) == 0:
        return
    by_place, place_of = names.order()
    places = place_of[rows.parameters]
    order = np.argsort(places, kind="stable")
    places = places[order]
    times_us, values = rows.times_us[order], rows.values[order]
    messages = rows.messages[order]
    starts = [0, *(np.flatnonzero(places[1:] != places[:-1]) + 1).tolist()]
    bounds = [*starts, len(order)]
    present = by_place[places[starts]].tolist()
    situations = _situations(messages, bounds, packets) if packets else {}
    shards = [names.shards[number] for number in present]
    firsts = [k for k in range(len(shards)) if k == 0 or shards[k] != shards[k - 1]]
    for first, last in zip(firsts, [*firsts[1:], len(shards)], strict=True):
        begin, end = bounds[first], bounds[last]
        runs = Runs(
            [names.names[number] for number in present[first:last]],
            np.array(bounds[first : last + 1]) - begin,
            times_us[begin:end],
            values[begin:end],
            {k - first: told for k, told in situations.items() if first <= k < last},
            messages[begin:end],
        )
        yield shards[first], runs


def _situations(
    messages: NDArray[np.int64], bounds: list[int], packets: Mapping[int, Packet]
) -> dict[int, Situation]:
    """What the packets of each run tell, by its place."""
    told: dict[bytes, Situation] = {}
    found = {}
    for place, (begin, end) in enumerate(pairwise(bounds)):
        # The parameters of a packet mostly come together, and share what it tells.
        key = messages[begin:end].tobytes()
        if key not in told:
            run = [packets.get(index) for index in messages[begin:end].tolist()]
            told[key] = Situation(_context(run), _epochs(run))
        if any(told[key]):
            found[place] = told[key]
    return found


def _context(packets: Sequence[Packet | None]) -> Context | None:
    """A column a name; of too many, as if each packet had its own, those told most."""
    found = [(packet and packet.context) or {} for packet in packets]
    names = set[str]().union(*found)
    if len(names) > MOST_CONTEXT_NAMES:
        told = Counter(chain.from_iterable(found)).most_common(MOST_CONTEXT_NAMES)
        names = {name for name, _ in told}
    return {
        name: np.array([situation.get(name, 0.0) for situation in found])
        for name in sorted(names)
    } or None


def _epochs(packets: Sequence[Packet | None]) -> tuple[tuple[int, str], ...]:
    """Where the epoch becomes another one; packets that tell none change nothing."""
    changes: list[tuple[int, str]] = []
    for index, packet in enumerate(packets):
        epoch = packet.epoch if packet else None
        if epoch and not (changes and changes[-1][1] == epoch):
            changes.append((index, epoch))
    return tuple(changes)
