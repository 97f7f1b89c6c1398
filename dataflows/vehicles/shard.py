"""What moves is followed by a tracker each, from all its parameters at once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain

import numpy as np
from bytewax.operators import StatefulBatchLogic
from typing_extensions import override

from connectors.messages.polls import Polled
from connectors.messages.samples import Runs, Samples
from connectors.messages.writes import Write, anomalies_in
from connectors.metrics import FlowMetrics
from dataflows.state.snapshot import SnapshotError, label, pack, unpack
from dataflows.vehicles.followed import Follower
from dataflows.vehicles.most_tracked import MostTracked
from dataflows.vehicles.side_by_side import SideBySide
from dataflows.vehicles.vehicle import TrackedVehicle, Vehicle

_TRACKERS = label("trackers", 3, {})
_WITHOUT_JUDGED = label("trackers", 2, {})

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
        most_tracked: MostTracked,
        metrics: FlowMetrics,
    ) -> None:
        self._inputs, self._new, self._most_tracked = tuple(inputs), new, most_tracked
        self._columns = {name: column for column, name in enumerate(inputs)}
        self._tracked: dict[Vehicle, TrackedVehicle] = {}
        self._metrics = metrics
        # Anomalies of before a restart, until their vehicle is heard.
        self._unheard: dict[Vehicle, list[tuple[str, str]]] = {}
        for key, *state in _read(resume) if resume else ():
            self._resume(_vehicle(key), *state)

    @override
    def on_batch(self, values: list[Polled]) -> tuple[Iterable[Polled], bool]:
        return [self._track(polled) for polled in values], self.RETAIN

    @override
    def snapshot(self) -> bytes:
        parts = (
            ("/".join(name).encode(), *tracked.snapshot())
            for name, tracked in self._tracked.items()
        )
        return pack(_TRACKERS, [*chain.from_iterable(parts)])

    def _resume(self, name: Vehicle, *state: bytes) -> None:
        """Goes on with a vehicle, or afresh if the tracker is of another version."""
        tracked = TrackedVehicle(name, self._inputs, self._new)
        try:
            tracked.restore(*state)
        except SnapshotError as error:
            _log.warning("%s: tracked afresh: %s", "/".join(name), error)
        else:
            self._add(name, tracked)
            if in_progress := [*tracked.in_progress()]:
                self._unheard[name] = in_progress

    def _add(self, name: Vehicle, tracked: TrackedVehicle) -> TrackedVehicle:
        self._most_tracked.take()
        self._tracked[name] = tracked
        return tracked

    def _of(self, name: Vehicle) -> TrackedVehicle | None:
        """The vehicle as it is tracked; None if it is one too many."""
        tracked = self._tracked.get(name)
        if tracked is None and self._most_tracked.is_left():
            new = TrackedVehicle(name, self._inputs, self._new)
            return self._add(name, new)
        return tracked

    def _track(self, polled: Polled) -> Polled:
        samples = polled.samples
        # What was learnt before must not move the trackers again.
        vehicles = {} if polled.poll.learnt else self._vehicles(samples)
        if not vehicles:
            return polled
        derived: list[Samples] = []
        writes: list[Write] = []
        side_by_side = SideBySide(samples)
        for name, places in vehicles.items():
            times_us, columns = side_by_side.columns(places)
            tracked = self._of(name)
            if tracked is None:
                self._most_tracked.refuse("/".join(name), len(times_us))
                continue
            for known in self._unheard.pop(name, ()):
                self._metrics.anomalies.in_progress(*known)
            more, found = tracked.track(times_us, columns)
            derived += more
            writes += found
        for anomaly in anomalies_in(writes):
            self._metrics.anomalies.told(anomaly)
        return replace(polled, samples=extended(samples, derived), writes=(*writes,))

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


def _read(data: bytes) -> Iterator[list[bytes]]:
    """The names and states in a snapshot; older ones tell of no judged series."""
    try:
        parts, each = unpack(data, _TRACKERS), 4
    except SnapshotError:
        parts, each = unpack(data, _WITHOUT_JUDGED), 3
    for first in range(0, len(parts), each):
        yield [*parts[first : first + each], b""][:4]


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
