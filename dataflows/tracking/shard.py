"""What moves is followed by a tracker each, from all its parameters at once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain

import numpy as np
from bytewax.operators import StatefulBatchLogic
from numpy.typing import NDArray
from typing_extensions import override

from connectors.messages import Polled, Records, Runs, Samples, Situation
from dataflows.detectors.arrival_clock import epoch_code
from dataflows.detectors.snapshot import SnapshotError, label, pack, unpack
from dataflows.tracking.followed import Follower
from dataflows.tracking.room import Room
from dataflows.tracking.vehicle import TrackedVehicle, Vehicle

_TRACKERS = label("trackers", 2, {})

_log = logging.getLogger("orbitwatch.track")


class TrackLogic(StatefulBatchLogic[Polled, Polled, bytes]):
    """Adds to each batch what the trackers of its vehicles make of it.

    A vehicle is tracked from its first sample on, if it has one of `inputs` and there
    is room for it; what was tracked before a restart is.
    """

    def __init__(
        self,
        resume: bytes | None,
        inputs: Sequence[str],
        new: Callable[[Vehicle], Follower],
        room: Room,
    ) -> None:
        self._inputs, self._new, self._room = tuple(inputs), new, room
        self._tracked: dict[Vehicle, TrackedVehicle] = {}
        parts = unpack(resume, _TRACKERS) if resume else []
        for key, arrivals, follower in zip(*[iter(parts)] * 3, strict=True):
            self._resume(_vehicle(key), arrivals, follower)

    @override
    def on_batch(self, values: list[Polled]) -> tuple[Iterable[Polled], bool]:
        return [self._track(polled) for polled in values], self.RETAIN

    @override
    def snapshot(self) -> bytes:
        triples = (
            ("/".join(name).encode(), *tracked.snapshot())
            for name, tracked in self._tracked.items()
        )
        return pack(_TRACKERS, [*chain.from_iterable(triples)])

    def _resume(self, name: Vehicle, arrivals: bytes, follower: bytes) -> None:
        """Goes on with a vehicle, or afresh if the tracker is of another version."""
        tracked = TrackedVehicle(name, self._inputs, self._new)
        try:
            tracked.restore(arrivals, follower)
        except SnapshotError as error:
            _log.warning("%s: tracked afresh: %s", "/".join(name), error)
        else:
            self._add(name, tracked)

    def _add(self, name: Vehicle, tracked: TrackedVehicle) -> TrackedVehicle:
        self._room.take()
        self._tracked[name] = tracked
        return tracked

    def _of(self, name: Vehicle) -> TrackedVehicle | None:
        """The vehicle as it is tracked; None if it is one too many."""
        tracked = self._tracked.get(name)
        if tracked is None and self._room.is_left():
            new = TrackedVehicle(name, self._inputs, self._new)
            return self._add(name, new)
        return tracked

    def _track(self, polled: Polled) -> Polled:
        samples = polled.samples
        derived: list[Samples] = []
        records: list[Records] = []
        for name, places in self._vehicles(samples):
            times_us, values = aligned(samples, places)
            tracked = self._of(name)
            if tracked is None:
                self._room.refuse("/".join(name), len(times_us))
                continue
            more, rows = tracked.track(times_us, values, epochs(samples, places))
            derived += more
            records += rows
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


def epochs(samples: Runs, places: Sequence[int]) -> NDArray[np.float64] | None:
    """The codes of epochs beside the columns of `aligned`; NaN where none is told.

    None where none is told at all.
    """
    told = {
        place: samples.situations.get(place, Situation()).epochs for place in places
    }
    if not any(told.values()):
        return None
    codes = np.full(len(samples), np.nan)
    for place, changes in told.items():
        run = codes[samples.rows(place)]
        for first, epoch in changes:
            run[first:] = epoch_code(epoch)
    _, columns = aligned(replace(samples, values=codes), places)
    found: NDArray[np.float64] = np.fmax.reduce([*columns.values()])
    return found


def _merged(
    samples: Runs, messages: NDArray[np.int64], runs: Mapping[str, slice]
) -> tuple[NDArray[np.int64], dict[str, NDArray[np.float64]]]:
    rows = np.concatenate([np.arange(run.start, run.stop) for run in runs.values()])
    times_us, of = samples.times_us[rows], messages[rows]
    turns, newest_us, places = np.hstack(
        [_arrivals(messages[run], samples.times_us[run]) for run in runs.values()]
    )
    # Within a message, the second sample of an instant goes with the second others.
    keys = np.array([of, turns, times_us])
    instants, where = np.unique(keys, axis=1, return_inverse=True)
    # A message gives the same whatever was polled with it: in its order of arrival.
    arrived = np.lexsort((times_us, places, newest_us, of))
    _, first = np.unique(where.ravel()[arrived], return_index=True)
    order = np.argsort(first)
    where = np.argsort(order)[where.ravel()]
    columns, begin = {}, 0
    for name, run in runs.items():
        end = begin + run.stop - run.start
        columns[name] = np.full(len(order), np.nan)
        columns[name][where[begin:end]] = samples.values[run]
        begin = end
    return instants[2][order], columns


def _arrivals(
    messages: NDArray[np.int64], times_us: NDArray[np.int64]
) -> NDArray[np.int64]:
    """How each sample of a run stands in its message, shape (3, n).

    How many of the same instant came before it, the newest time up to it, and how many
    of any instant came before it.
    """
    seen: dict[int, int] = {}
    message, newest_us, place = -1, 0, 0
    found = []
    for of, time_us in zip(messages.tolist(), times_us.tolist(), strict=True):
        if of != message:
            seen, message, newest_us, place = {}, of, time_us, 0
        turn = seen.get(time_us, 0)
        seen[time_us] = turn + 1
        newest_us = max(newest_us, time_us)
        found.append((turn, newest_us, place))
        place += 1
    return np.array(found, np.int64).reshape(-1, 3).T


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
