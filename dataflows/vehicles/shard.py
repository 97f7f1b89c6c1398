"""What moves is followed by a tracker each, from all its parameters at once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain

import numpy as np
from bytewax.operators import StatefulBatchLogic
from typing_extensions import override

from connectors.messages.polls import Polled
from connectors.messages.records import Records
from connectors.messages.samples import Runs, Samples
from dataflows.state.snapshot import SnapshotError, label, pack, unpack
from dataflows.vehicles.followed import Follower
from dataflows.vehicles.most_tracked import Room
from dataflows.vehicles.side_by_side import SideBySide
from dataflows.vehicles.vehicle import TrackedVehicle, Vehicle

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
        self._columns = {name: column for column, name in enumerate(inputs)}
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
        vehicles = self._vehicles(samples)
        if not vehicles:
            return polled
        derived: list[Samples] = []
        records: list[Records] = []
        side_by_side = SideBySide(samples)
        for name, places in vehicles.items():
            times_us, columns = side_by_side.columns(places)
            tracked = self._of(name)
            if tracked is None:
                self._room.refuse("/".join(name), len(times_us))
                continue
            more, rows = tracked.track(times_us, columns)
            derived += more
            records += rows
        return replace(
            polled, samples=extended(samples, derived), records=tuple(records)
        )

    def _vehicles(self, samples: Runs) -> Mapping[Vehicle, list[int | None]]:
        """The place of each input, None where it is missing, by vehicle."""
        found: dict[Vehicle, list[int | None]] = {}
        for place, name in enumerate(samples.names):
            column = self._columns.get(name.parameter)
            if column is not None:
                vehicle = name.spacecraft, name.subsystem
                if vehicle not in found:
                    found[vehicle] = [None] * len(self._columns)
                found[vehicle][column] = place
        return found


def _vehicle(key: bytes) -> Vehicle:
    spacecraft, subsystem = key.decode().split("/")
    return spacecraft, subsystem


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
