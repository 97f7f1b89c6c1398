"""One satellite's track: everything that follows from its positions, as they come."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from connectors.messages.places import GroundStation, Place
from dataflows.orbit.contacts import Columns, Contacts
from dataflows.orbit.findings import OrbitMinute, Pass, Prediction, Tracked
from dataflows.orbit.fitted_orbit import FittedOrbit
from dataflows.orbit.from_kernels import minute_of, refusals_of, states_of
from dataflows.orbit.ground_track_kernel import (
    ALTITUDE,
    BEGAN,
    CLOCKS,
    DISTANCES,
    JUMPED,
    LATEST,
    LATITUDE,
    LONGITUDE,
    MINUTE,
    NEVER,
    NUMBERS,
    SPEED,
    STATISTICS,
    USED,
    run,
)
from dataflows.orbit.places import place_rows
from dataflows.orbit.prediction import Fix, outlook
from dataflows.orbit.propagation import Ephemeris
from dataflows.state.arrays import Floats, Times, ready
from dataflows.state.snapshot import SnapshotError, label, pack, unpack

__all__ = ["SatelliteTracker"]

_LABEL = label("satellite_tracker", 3, {})


class SatelliteTracker:
    """Follows one satellite by its positions.

    Positions are taken in order of time; one that is late, repeated or impossible is
    refused and changes nothing. Where it cannot have got to since the position before
    is impossible too, until some positions there agree. A minute is over when a
    position of a later one comes: as late positions are refused, there is nothing to
    wait for. Once a minute, with its first position, the position ten minutes ahead is
    predicted, and passes are looked for ahead. Cutting the same positions into other
    runs changes no bit.

    Args:
        places: whose distance is told.
        stations: whose passes are told.
        elements: the satellite's; they are used while they fit its positions.

    >>> tracker = SatelliteTracker([], [])
    >>> degrees = np.array([0.0, 0.1])
    >>> positions = {"latitude": degrees, "longitude": degrees}
    >>> tracked = tracker.update(np.array([0, 2_000_000]), positions)
    >>> tracked.speeds_km_s.round(3).tolist()
    [0.0, 7.863]
    >>> tracked.states[1].phase
    'ASCENDING'
    """

    def __init__(
        self,
        places: Sequence[Place],
        stations: Sequence[GroundStation],
        elements: Ephemeris | None = None,
    ) -> None:
        self._places = place_rows(places)
        self._ephemeris = elements
        self._contacts = Contacts(stations, elements)
        self._prepare()

    def _prepare(self) -> None:
        """Know no position yet."""
        self._clock = np.zeros(CLOCKS, np.int64)
        self._clock[[LATEST, MINUTE]] = NEVER
        self._numbers = np.zeros(NUMBERS)
        self._orbit = FittedOrbit()
        self._usual_km = math.nan

    def begin_anew(self) -> None:
        """Forget the track, as the clock is set back, but not what passes were told."""
        self._prepare()
        self._contacts.begin_anew()

    def update(self, times_us: Times, values: Mapping[str, Floats]) -> Tracked:
        """Take positions, in order of arrival, and return what follows from them.

        `times_us` are microseconds since 1970 UTC (int64, shape n). `values` has
        columns `latitude` and `longitude` (degrees) and may have `altitude` (km over
        the ellipsoid), float64, shape n, NaN where not acquired.
        """
        columns = _columns(times_us, values)
        count = len(columns.times_us)
        table = np.empty((count, DISTANCES + len(self._places)))
        marks = np.empty(count, np.int64)
        minute = np.empty(STATISTICS)
        minutes: list[OrbitMinute] = []
        passes: list[Pass] = []
        predictions: list[Prediction] = []
        at = 0
        while at < count:
            first, minute_us = at, int(self._clock[MINUTE])
            at = run(
                first,
                *columns,
                self._places,
                self._clock,
                self._numbers,
                table,
                marks,
                minute,
            )
            # What is foreseen comes before what is seen of it.
            clock = self._clock.tolist()
            begun, jumped = clock[BEGAN], clock[JUMPED]
            middle = at - 1 if begun or jumped else at
            passes += self._watch(first, middle, columns, marks)
            if jumped:
                self._orbit.forget()
                self._contacts.lose_track()
            if begun:
                if minute[0]:
                    minutes.append(minute_of(minute_us, minute))
                self._begin_minute(passes, predictions)
            if middle < at:
                passes += self._watch(middle, at, columns, marks)
        used = marks == USED
        states = tuple(states_of(columns.times_us, table, used))
        all_used = len(states) == count
        return Tracked(
            used,
            table[:, SPEED],
            () if all_used else tuple(refusals_of(columns, marks)),
            states,
            tuple(minutes),
            tuple(passes),
            tuple(predictions),
        )

    def _watch(
        self, first: int, last: int, columns: Columns, marks: NDArray[np.int64]
    ) -> Iterator[Pass]:
        return self._contacts.watch(first, last, columns, marks, self._usual_km)

    def _begin_minute(self, passes: list[Pass], predictions: list[Prediction]) -> None:
        """Look ahead from the position that was the first of a minute."""
        latitude, longitude, altitude = (
            float(self._numbers[index]) for index in (LATITUDE, LONGITUDE, ALTITUDE)
        )
        now_us = int(self._clock[LATEST])
        known_km = self._usual_km if math.isnan(altitude) else altitude
        self._orbit.add(now_us, latitude, longitude, known_km)
        fix = Fix(now_us, latitude, longitude, altitude)
        ahead = outlook(fix, self._ephemeris, self._orbit)
        self._usual_km = ahead.altitude_km
        if ahead.prediction is not None:
            predictions.append(ahead.prediction)
        passes += self._contacts.look_ahead(now_us, ahead.elements_hold)

    def snapshot(self) -> bytes:
        """Return the state."""
        own = [self._clock, self._numbers, self._orbit.anchors]
        parts = [array.tobytes() for array in own]
        parts.append(np.float64(self._usual_km).tobytes())
        return pack(_LABEL, parts + self._contacts.dump())

    def restore(self, data: bytes) -> None:
        """Continue from a snapshot, also with other places, stations or elements.

        Raises SnapshotError, and changes nothing, if the bytes are anything else.
        """
        parts = unpack(data, _LABEL)
        try:
            own_clock, *own = parts
            clock = np.frombuffer(own_clock, np.int64)
            numbers, anchors, usual_km = map(np.frombuffer, own[:3])
            anchors = anchors.reshape(self._orbit.anchors.shape)
            if clock.size != CLOCKS or numbers.size != NUMBERS or usual_km.size != 1:
                raise ValueError("arrays of another size")
        except ValueError as error:
            raise SnapshotError(f"satellite track: {error}") from None
        self._contacts.load(own[3:])
        self._clock[...], self._numbers[...] = clock, numbers
        self._orbit.anchors[...] = anchors
        self._usual_km = float(usual_km[0])


def _columns(times_us: Times, values: Mapping[str, Floats]) -> Columns:
    """Return the columns, ready for kernels; raise ValueError unless of one length."""
    columns = [ready(times_us, np.int64)]
    for name in ("latitude", "longitude", "altitude"):
        given = values.get(name)
        if given is None:
            given = np.full(len(times_us), np.nan)
        columns.append(ready(given, np.float64))
    if len({*map(len, columns)}) > 1:
        raise ValueError("times, latitudes, longitudes and altitudes of other lengths")
    return Columns(*columns)
