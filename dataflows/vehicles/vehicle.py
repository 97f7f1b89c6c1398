"""A vehicle in a flow: its samples put in order of time, and given to its tracker."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from connectors.messages.samples import ParameterName, Samples
from connectors.messages.writes import Write
from dataflows.state.arrays import Floats, Times
from dataflows.vehicles.arrivals import REFUSED, Arrivals, Arrived, Begins
from dataflows.vehicles.followed import Follower
from dataflows.vehicles.judged_series import JudgedSeries

Vehicle = tuple[str, str]
"""Spacecraft and subsystem: what a packet is of."""


_log = logging.getLogger("orbitwatch.track")


class TrackedVehicle:
    """Has a vehicle followed from its first sample on.

    Args:
        name: of the vehicle.
        inputs: the parameters that its tracker takes.
        new: makes a tracker that knows nothing yet.
    """

    def __init__(
        self, name: Vehicle, inputs: Sequence[str], new: Callable[[Vehicle], Follower]
    ) -> None:
        self._name, self._inputs = name, inputs
        self._arrivals = Arrivals(len(inputs))
        self._follower = new(name)
        self._judged = JudgedSeries(*name)

    def track(
        self, times_us: Times, columns: Floats
    ) -> tuple[list[Samples], list[Write]]:
        """What follows from samples in order of arrival; see `SideBySide.columns`.

        Derived parameters, and what is to be stored besides.
        """
        arrived, refused = self._arrivals.sort(times_us, columns)
        for reason, samples in refused.items():
            self._follower.refuse(reason, REFUSED[reason], samples)
        series: defaultdict[str, list[tuple[Times, Floats]]] = defaultdict(list)
        writes: list[Write] = []
        for run in arrived:
            self._begin(run)
            given = dict(zip(self._inputs, run.columns, strict=True))
            followed = self._follower.follow(run.times_us, given)
            writes += followed.records
            writes += self._judged.take(run.times_us, followed.used, followed.judged)
            times_us = run.times_us[followed.used]
            for name, numbers in followed.series.items():
                series[name].append((times_us, numbers[followed.used]))
        return [self._samples(name, parts) for name, parts in series.items()], writes

    def in_progress(self) -> Iterator[tuple[str, str]]:
        """Yields the ids and severities of its anomalies that go on, as told last."""
        return self._judged.in_progress()

    def _begin(self, run: Arrived) -> None:
        if run.begins is Begins.EPOCH:
            self._follower.begin_epoch()
        elif run.begins is Begins.ANEW:
            _log.warning("%s: clock set back, tracked afresh", "/".join(self._name))
            self._follower.begin_anew()

    def _samples(self, name: str, parts: list[tuple[Times, Floats]]) -> Samples:
        times_us, numbers = parts[0]
        if len(parts) > 1:
            times_us, numbers = map(np.concatenate, zip(*parts, strict=True))
        return Samples(ParameterName(*self._name, name), times_us, numbers)

    def snapshot(self) -> tuple[bytes, bytes, bytes]:
        """All that is known, in parts."""
        parts = self._arrivals, self._follower, self._judged
        arrivals, follower, judged = (part.snapshot() for part in parts)
        return arrivals, follower, judged

    def restore(self, arrivals: bytes, follower: bytes, judged: bytes) -> None:
        """Goes on from the parts of a snapshot; empty `judged` knows of nothing."""
        self._arrivals.restore(arrivals)
        self._follower.restore(follower)
        if judged:
            self._judged.restore(judged)
