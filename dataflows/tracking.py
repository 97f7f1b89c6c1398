"""What moves is followed by a tracker each, from all its parameters at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Protocol

import numpy as np
from bytewax.operators import StatefulBatchLogic
from numpy.typing import NDArray
from typing_extensions import override

from connectors.messages import ParameterName, Polled, Records, Runs, Samples
from dataflows.detectors.snapshot import label, pack, unpack

Vehicle = tuple[str, str]
"""Spacecraft and subsystem: what a packet is of."""

_TRACKERS = label("trackers", 1, {})


Row = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table that a tracker's findings go to; its first `key` columns are the key."""

    name: str
    key: int
    columns: tuple[str, ...]


def records(found: Mapping[Table, Iterable[Row]]) -> list[Records]:
    """The rows for each table, where there are any."""
    return [
        Records(table.name, table.columns[: table.key], table.columns, rows)
        for table, given in found.items()
        if (rows := tuple(given))
    ]


@dataclass(frozen=True, slots=True)
class Followed:
    """What follows from n samples of a vehicle.

    `series` are derived parameters, float64 of shape n, which get the times of the
    samples where `used` (bool, shape n) holds.
    """

    used: NDArray[np.bool_]
    series: Mapping[str, NDArray[np.float64]]
    records: Sequence[Records] = ()


class Follower(Protocol):
    """A tracker of one vehicle. Other cuts of the same samples give the same bits."""

    def follow(
        self, times_us: NDArray[np.int64], values: Mapping[str, NDArray[np.float64]]
    ) -> Followed:
        """Takes samples in order of arrival; NaN where a parameter has no value."""

    def snapshot(self) -> bytes:
        """All it knows."""

    def restore(self, data: bytes) -> None:
        """Goes on from a snapshot."""


class TrackLogic(StatefulBatchLogic[Polled, Polled, bytes]):
    """Adds to each batch what the trackers of its vehicles make of it.

    A vehicle is tracked from its first sample on, if it has one of `inputs`.
    """

    def __init__(
        self,
        resume: bytes | None,
        inputs: Sequence[str],
        new: Callable[[Vehicle], Follower],
    ) -> None:
        self._inputs, self._new = frozenset(inputs), new
        self._followers: dict[Vehicle, Follower] = {}
        parts = unpack(resume, _TRACKERS) if resume else []
        for key, state in zip(parts[::2], parts[1::2], strict=True):
            self._of(_vehicle(key)).restore(state)

    @override
    def on_batch(self, values: list[Polled]) -> tuple[Iterable[Polled], bool]:
        return [self._track(polled) for polled in values], self.RETAIN

    @override
    def snapshot(self) -> bytes:
        pairs = (
            ("/".join(vehicle).encode(), follower.snapshot())
            for vehicle, follower in self._followers.items()
        )
        return pack(_TRACKERS, [*chain.from_iterable(pairs)])

    def _of(self, vehicle: Vehicle) -> Follower:
        follower = self._followers.get(vehicle)
        if follower is None:
            follower = self._followers[vehicle] = self._new(vehicle)
        return follower

    def _track(self, polled: Polled) -> Polled:
        samples = polled.samples
        derived: list[Samples] = []
        records: list[Records] = []
        for vehicle, places in self._vehicles(samples):
            times_us, values = aligned(samples, places)
            followed = self._of(vehicle).follow(times_us, values)
            records += followed.records
            used = slice(None) if followed.used.all() else followed.used
            for name, numbers in followed.series.items():
                parameter = ParameterName(*vehicle, name)
                derived.append(Samples(parameter, times_us[used], numbers[used]))
        return replace(
            polled, samples=extended(samples, derived), records=tuple(records)
        )

    def _vehicles(self, samples: Runs) -> Iterator[tuple[Vehicle, list[int]]]:
        """The places of the inputs, by vehicle."""
        found: dict[Vehicle, list[int]] = {}
        for place, name in enumerate(samples.names):
            if name.parameter in self._inputs:
                vehicle = name.spacecraft, name.subsystem
                found.setdefault(vehicle, []).append(place)
        return iter(found.items())


def _vehicle(key: bytes) -> Vehicle:
    spacecraft, subsystem = key.decode().split("/")
    return spacecraft, subsystem


def aligned(
    samples: Runs, places: Sequence[int]
) -> tuple[NDArray[np.int64], dict[str, NDArray[np.float64]]]:
    """The runs at `places` as columns of one length, in order of arrival.

    The values of a message and an instant stand side by side, NaN where there is none.
    """
    runs = {samples.names[place].parameter: samples.rows(place) for place in places}
    messages = samples.messages
    if messages is None:
        messages = np.arange(len(samples)) - np.repeat(
            samples.starts[:-1], np.diff(samples.starts)
        )
    # Bytes are compared in a tenth of the time that arrays take, if they are few.
    places_of = {
        (messages[rows].tobytes(), samples.times_us[rows].tobytes())
        for rows in runs.values()
    }
    if len(places_of) > 1:
        return _merged(samples, messages, runs)
    first = next(iter(runs.values()))
    columns = {name: samples.values[rows] for name, rows in runs.items()}
    return samples.times_us[first], columns


def _merged(
    samples: Runs, messages: NDArray[np.int64], runs: Mapping[str, slice]
) -> tuple[NDArray[np.int64], dict[str, NDArray[np.float64]]]:
    rows = np.concatenate([np.arange(run.start, run.stop) for run in runs.values()])
    # Within a message, the second sample of an instant goes with the second others.
    turn = np.concatenate(
        [_turns(messages[run], samples.times_us[run]) for run in runs.values()]
    )
    keys = np.array([messages[rows], turn, samples.times_us[rows]])
    instants, where = np.unique(keys, axis=1, return_inverse=True)
    columns, begin = {}, 0
    for name, run in runs.items():
        end = begin + run.stop - run.start
        columns[name] = np.full(instants.shape[1], np.nan)
        columns[name][where.ravel()[begin:end]] = samples.values[run]
        begin = end
    return instants[2], columns


def _turns(
    messages: NDArray[np.int64], times_us: NDArray[np.int64]
) -> NDArray[np.int64]:
    """How many samples of the same message and instant each has before it."""
    seen: dict[tuple[int, int], int] = {}
    turns = []
    for key in zip(messages.tolist(), times_us.tolist(), strict=True):
        turns.append(seen.get(key, 0))
        seen[key] = turns[-1] + 1
    return np.array(turns, np.int64)


def extended(samples: Runs, more: Sequence[Samples]) -> Runs:
    """The same runs and more of them; what a name has already is not derived."""
    known = set(samples.names)
    new = [run for run in more if len(run) and run.name not in known]
    if not new:
        return samples
    added = Runs.of(new)
    return Runs(
        [*samples.names, *added.names],
        np.concatenate([samples.starts, added.starts[1:] + len(samples)]),
        np.concatenate([samples.times_us, added.times_us]),
        np.concatenate([samples.values, added.values]),
        samples.situations,
    )
