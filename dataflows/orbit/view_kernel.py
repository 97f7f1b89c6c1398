"""The compiled part of passes: what stations see, ahead of time and as it happens.

A station is a row of its ECEF position (km), the unit vector up, and the elevation
(degrees) from which on a satellite is in view. Times are microseconds since 1970 UTC,
as floats, which hold them exactly.
"""

from __future__ import annotations

import math

import numpy as np
from numba import types
from numpy.typing import NDArray

from dataflows.orbit.geodesy import EQUATOR_KM, FLATTENING
from dataflows.state.arrays import Floats, Times
from dataflows.state.compiled import (
    ARRAY,
    FLOAT,
    INT,
    LEAVES,
    NOTHING,
    TABLE,
    VALUES,
    compiled,
)

__all__ = ["AHEAD", "EVENT", "FOUND", "SEEN", "SEEN_US", "STEP_US", "ecef"]
__all__ += ["elevation_of", "search", "watch"]

TIMES = types.Array(types.int64, 1, "C", readonly=True)

# Columns of a station.
UP, MINIMUM = 3, 6

# What is remembered of a station: whether the satellite is in view (NaN: not looked
# yet), since when (NaN: unknown), the highest elevation so far and its time.
IN_VIEW, AOS, PEAK, PEAK_US = range(4)
AHEAD = 4
# By the watch, besides: elevation and time of the position before.
ELEVATION, SEEN_US = range(4, 6)
SEEN = 6

# Columns of the passes that the search found, and of the events of the watch.
FOUND = 5  # station, AOS, highest elevation, its time, LOS
EVENT = 6  # index, station, whether it rises, when, highest elevation, its time

STEP_US = 60_000_000
HALVINGS = 24  # of a step: to some microseconds
CUTS = 36
GOLDEN = 0.6180339887498949
LONGEST_GAP_US = 90_000_000
"""A crossing between two positions further apart than this has no known time."""


@compiled(NOTHING(FLOAT, FLOAT, FLOAT, ARRAY), allocates=False)
def ecef(latitude: float, longitude: float, altitude_km: float, out: Floats) -> None:
    """Write the ECEF position (km) of a geodetic one (degrees, km over WGS84)."""
    phi, lam = math.radians(latitude), math.radians(longitude)
    squared = FLATTENING * (2 - FLATTENING)
    normal_km = EQUATOR_KM / math.sqrt(1 - squared * math.sin(phi) ** 2)
    axis_km = (normal_km + altitude_km) * math.cos(phi)
    out[0] = axis_km * math.cos(lam)
    out[1] = axis_km * math.sin(lam)
    out[2] = (normal_km * (1 - squared) + altitude_km) * math.sin(phi)


@compiled(FLOAT(VALUES, FLOAT, FLOAT, FLOAT), allocates=False)
def elevation_of(station: Floats, x: float, y: float, z: float) -> float:
    """Return the elevation (degrees) of an ECEF position (km), without refraction.

    It is the angle over the horizontal of the ellipsoid.
    """
    x, y, z = x - station[0], y - station[1], z - station[2]
    up = station[UP] * x + station[UP + 1] * y + station[UP + 2] * z
    sine = up / math.sqrt(x * x + y * y + z * z)
    # In the zenith, rounding may make it more than 1.
    return math.degrees(math.asin(min(sine, 1.0)))


@compiled(FLOAT(TABLE, INT, INT, FLOAT), allocates=False)
def coordinate(nodes: Floats, axis: int, k: int, t: float) -> float:
    """Return a coordinate `t` steps after node `k`, by cubic Hermite interpolation.

    In low orbits that keeps within a metre of SGP4.
    """
    rest, step_s = 1 - t, STEP_US / 1e6
    here, there = (1 + 2 * t) * rest * rest, t * t * (3 - 2 * t)
    leaving, coming = t * rest * rest * step_s, -t * t * rest * step_s
    position = here * nodes[k, axis] + there * nodes[k + 1, axis]
    moved = leaving * nodes[k, axis + 3] + coming * nodes[k + 1, axis + 3]
    return float(position + moved)


@compiled(FLOAT(VALUES, TABLE, INT, FLOAT), allocates=False)
def elevation_near(station: Floats, nodes: Floats, k: int, t: float) -> float:
    """Return the elevation `t` steps from node `k` of a table, from -1 to 1."""
    if t == 0:
        return elevation_of(station, nodes[k, 0], nodes[k, 1], nodes[k, 2])
    if t < 0:
        k, t = k - 1, t + 1
    x, y = coordinate(nodes, 0, k, t), coordinate(nodes, 1, k, t)
    return elevation_of(station, x, y, coordinate(nodes, 2, k, t))


@compiled(FLOAT(VALUES, TABLE, INT, FLOAT, FLOAT), allocates=False)
def crossing(
    station: Floats, nodes: Floats, k: int, out: float, inside: float
) -> float:
    """Return where near node `k`, between out of and in view, the minimum is passed."""
    for _ in range(HALVINGS):
        middle = (out + inside) / 2
        if elevation_near(station, nodes, k, middle) < station[MINIMUM]:
            out = middle
        else:
            inside = middle
    return inside


@compiled(FLOAT(VALUES, TABLE, INT), allocates=False)
def highest(station: Floats, nodes: Floats, k: int) -> float:
    """Return where near node `k`, which is higher than its neighbours, the peak is."""
    low, high = -1.0, 1.0
    for _ in range(CUTS):
        span = GOLDEN * (high - low)
        left = elevation_near(station, nodes, k, high - span)
        if left > elevation_near(station, nodes, k, low + span):
            high = low + span
        else:
            low = high - span
    return (low + high) / 2


@compiled(FLOAT(FLOAT, INT, FLOAT), allocates=False)
def moment_us(start_us: float, k: int, t: float) -> float:
    """Return the time `t` steps from node `k`, to the millisecond.

    Only `t` is rounded, so the same pass has the same times in every table.
    """
    return float(start_us + k * STEP_US + np.floor(t * STEP_US / 1000) * 1000)


@compiled(NOTHING(ARRAY, ARRAY, INT, FLOAT), allocates=False)
def end(seen: Floats, found: Floats, station: int, los_us: float) -> None:
    """Write down a pass that is over."""
    found[0], found[1], found[2] = station, seen[AOS], seen[PEAK]
    found[3], found[4] = seen[PEAK_US], los_us
    seen[IN_VIEW] = 0


@compiled(NOTHING(ARRAY, FLOAT, FLOAT, FLOAT), allocates=False)
def begin(seen: Floats, aos_us: float, elevation: float, time_us: float) -> None:
    """Begin a pass, whose highest elevation so far is this one."""
    seen[IN_VIEW], seen[AOS] = 1, aos_us
    seen[PEAK], seen[PEAK_US] = elevation, time_us


@compiled(INT(FLOAT, INT, TABLE, INT, VALUES, ARRAY, ARRAY), allocates=False)
def turn(
    start_us: float,
    k: int,
    nodes: Floats,
    s: int,
    station: Floats,
    seen: Floats,
    found: Floats,
) -> int:
    """Take the peak near node `k`; return 1 if a pass began and ended around it."""
    top = highest(station, nodes, k)
    peak = elevation_near(station, nodes, k, top)
    if seen[IN_VIEW] == 1:
        if peak >= seen[PEAK]:
            seen[PEAK], seen[PEAK_US] = peak, moment_us(start_us, k, top)
        return 0
    if peak < station[MINIMUM]:
        return 0
    on = crossing(station, nodes, k, -1.0, top)
    off = crossing(station, nodes, k, 1.0, top)
    begin(seen, moment_us(start_us, k, on), peak, moment_us(start_us, k, top))
    end(seen, found, s, moment_us(start_us, k, off))
    return 1


@compiled(INT(FLOAT, TABLE, TABLE, TABLE, TABLE), allocates=False)
def search(
    start_us: float,
    nodes: Floats,
    stations: Floats,
    ahead: Floats,
    found: Floats,
) -> int:
    """Find passes in a table of nodes a step apart; return how many have ended.

    A node is a position (km) and a velocity (km/s), both ECEF.

    A node needs both its neighbours, so the next table begins with the last two nodes
    of this one. Time out of view that is shorter than a step is not seen.
    """
    passes = 0
    for s in range(stations.shape[0]):
        station, seen = stations[s], ahead[s]
        before = elevation_near(station, nodes, 0, 0.0)
        now = elevation_near(station, nodes, 1, 0.0)
        if math.isnan(seen[IN_VIEW]):
            seen[IN_VIEW] = 0
            if before >= station[MINIMUM]:
                begin(seen, math.nan, before, start_us)
        for k in range(1, nodes.shape[0] - 1):
            after = elevation_near(station, nodes, k + 1, 0.0)
            if seen[IN_VIEW] == 0 and now >= station[MINIMUM]:
                on = crossing(station, nodes, k, -1.0, 0.0)
                begin(seen, moment_us(start_us, k, on), now, start_us + k * STEP_US)
            elif seen[IN_VIEW] == 1 and now < station[MINIMUM]:
                off = crossing(station, nodes, k, 0.0, -1.0)
                end(seen, found[passes], s, moment_us(start_us, k, off))
                passes += 1
            if now >= before and now > after:
                passes += turn(start_us, k, nodes, s, station, seen, found[passes])
            before, now = now, after
    return passes


@compiled(INT(FLOAT, FLOAT, VALUES, ARRAY, ARRAY), allocates=False)
def see(
    time_us: float, elevation: float, station: Floats, seen: Floats, event: Floats
) -> int:
    """Take what a station sees next; return 1 if that is an event, which is written."""
    rises = elevation >= station[MINIMUM]
    changes = rises != (seen[IN_VIEW] == 1)
    if changes:
        gap_us, climbed = time_us - seen[SEEN_US], elevation - seen[ELEVATION]
        share = (station[MINIMUM] - seen[ELEVATION]) / climbed
        at_us = math.nan
        if gap_us <= LONGEST_GAP_US:
            at_us = seen[SEEN_US] + np.floor(share * gap_us)
        if rises:
            begin(seen, at_us, elevation, time_us)
        event[2], event[3] = rises, at_us
        event[4], event[5] = seen[PEAK], seen[PEAK_US]
        seen[IN_VIEW] = rises
    elif rises and elevation > seen[PEAK]:
        seen[PEAK], seen[PEAK_US] = elevation, time_us
    seen[ELEVATION], seen[SEEN_US] = elevation, time_us
    return int(changes)


@compiled(
    INT(INT, INT, TIMES, VALUES, VALUES, VALUES, LEAVES, FLOAT, TABLE, TABLE, TABLE)
)
def watch(
    first: int,
    last: int,
    times_us: Times,
    latitudes: Floats,
    longitudes: Floats,
    altitudes: Floats,
    marks: NDArray[np.int64],
    usual_km: float,
    stations: Floats,
    now: Floats,
    events: Floats,
) -> int:
    """Watch positions as they come; return how many passes have begun or ended.

    `usual_km` is the altitude of positions that tell none. AOS and LOS are interpolated
    between the positions before and after; NaN where these are far apart.
    """
    count = 0
    point = np.empty(3)
    for i in range(first, last):
        altitude_km = usual_km if math.isnan(altitudes[i]) else altitudes[i]
        if marks[i] != 0 or math.isnan(altitude_km):
            continue
        ecef(latitudes[i], longitudes[i], altitude_km, point)
        for s in range(stations.shape[0]):
            elevation = elevation_of(stations[s], point[0], point[1], point[2])
            events[count, 0], events[count, 1] = i, s
            count += see(
                float(times_us[i]), elevation, stations[s], now[s], events[count]
            )
    return count
