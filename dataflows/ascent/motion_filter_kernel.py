"""The compiled part of the motion filter: one sample after the other.

The state of motion is altitude (m), speed (m/s), flight path angle (rad), the sensed
acceleration along and across the path (m/s2), and downrange (m). Over a round Earth
that does not turn, with G for gravity and r for the distance from its centre:

    altitude' = speed sin(angle)          speed' = along - G sin(angle)
    angle' = (across - G cos(angle)) / speed + speed cos(angle) / r
    along' = along^2 / exhaust speed
    downrange' = speed cos(angle) Earth radius / r

`along'` is that of a constant thrust on a mass that is burnt (Tsiolkovsky), up to what
engines are throttled to. The filter is an extended Kalman filter (Bar-Shalom, Li &
Kirubarajan 2001, chapter 10).
"""

from __future__ import annotations

import math

import numpy as np

from dataflows.state.arrays import Floats
from dataflows.state.compiled import (
    ARRAY,
    FLOAT,
    INT,
    NOTHING,
    TABLE,
    VALUES,
    compiled,
)

__all__ = ["OUT", "STATE", "N", "ahead", "forget", "run"]


ALTITUDE, SPEED, ANGLE, ALONG, ACROSS, DOWNRANGE = range(6)
N = 6
"""How many numbers motion is."""

# After the motion, for altitude and speed each: whether it was ever known, seconds
# without a value, what is remembered of values that were refused, and for how long to
# be wary. Then the altitude and the speed before, how far that was off, how long it has
# not changed, how fast it changed until then, and for how long it was not used.
KNOWN, MISSING, REFUSED, WARY, BEFORE = 6, 8, 10, 18, 20
SPEED_BEFORE, OFF_BEFORE, STILL, RATE, FROZEN = range(21, 26)
LATEST, LOWEST, HIGHEST, LASTED = range(4)
STATE = 26
"""How many scalars the state has, besides the covariance."""

SPEED_RATIO, ALTITUDE_RATIO, SPEED_MISSING, ALTITUDE_MISSING = range(6, 10)
CLIMB, PRESSURE, SPEED_WARY = 10, 11, 12
OUT = 13
"""How many rows `run` writes."""

DENSITY_STEP_M = 100.0  # of the table of density, from the ground up
EARTH_RADIUS_M = 6_371_000.0
GRAVITY_M_S2 = 9.80665
EXHAUST_M_S = 3000.0  # of kerosene and oxygen: by it mass, and so acceleration, changes
POWERED_M_S2, COAST_S = 2.0, 3.0
HARDEST_M_S2 = 60.0  # engines are throttled before, or acceleration would have no end
SLOWEST_TURN_M_S = 40.0  # below it a launcher flies straight up
UPRIGHT_RAD = math.radians(88.5)  # a lean to begin with: gravity then turns the path

# How much what is not modelled changes acceleration: standard deviations after 1 s.
ALONG_DRIFT_M_S2 = 0.35
ACROSS_DRIFT_M_S2 = 0.35
TURN_DRIFT_RAD = 0.004
# Rounding to 1 m/s, and a display that is up to a frame late.
SPEED_NOISE_M_S, FRAME_S = 0.4, 0.03
# Rounding of the altitude lasts: many samples say no more than one, so each counts for
# less. From 100 km up it is to 1 km; there, only the moment of a change says much.
ALTITUDE_NOISE_M = 1000.0
COARSE_FROM_M, COARSE_STEP_M = 99_950.0, 1000.0
EDGE_NOISE_M, INSIDE_NOISE_M = 200.0, 1500.0

# What a value may be off: rounding, and what an engine may do (60 m/s2 off and on).
SPEED_SLACK_M_S, SPEED_STEP_M_S2 = 6.0, 60.0
ALTITUDE_SLACK_M, ALTITUDE_STEP_M_S = 1500.0, 300.0
GATE_SIGMAS = 4.0
# A speed that stays the same for longer than its rate lets it is frozen. It may be that
# engines stopped, though, if without them it would hardly change either.
STILL_SLACK_M_S, STILL_RATE_M_S2, STILL_S = 2.5, 0.5, 3.0
GIVEN_UP = -1.0
STILL_SURE, THAW_S, PATIENCE_S, TINY = 5.0, 1.0, 0.3, 1e-9
WARY_S, WARY_SHARE = 1.0, 0.5  # after a value was refused: how long, how much less
LOUD = 3.0  # standard deviations that tell of an engine that starts or stops
LOUD_GAIN_S2 = 15.0
LONGEST_STEP_S, AHEAD_STEP_S = 0.1, 0.25
LONGEST_GAP_S = 30.0  # beyond it nothing is carried on
AGREE_S = 1.0  # how long refused values must agree, and change, to be believed
INSIST_S = 15.0  # how long they must agree if they do not change


@compiled(NOTHING(ARRAY, TABLE, FLOAT))
def drift(x: Floats, p: Floats, dt: float) -> None:
    """Carry motion and covariance on by a short time."""
    height, speed, angle = x[ALTITUDE], x[SPEED], x[ANGLE]
    radius = EARTH_RADIUS_M + height
    gravity = GRAVITY_M_S2 * (EARTH_RADIUS_M / radius) ** 2
    sine, cosine = math.sin(angle), math.cos(angle)
    powered = POWERED_M_S2 < x[ALONG] < HARDEST_M_S2
    growth = x[ALONG] / EXHAUST_M_S if powered else 0.0
    f = np.eye(N)
    if abs(x[ALONG]) < POWERED_M_S2:  # without an engine nothing pushes sideways
        f[ACROSS, ACROSS] = 1.0 - dt / COAST_S
    f[ALTITUDE, SPEED] = sine * dt
    f[ALTITUDE, ANGLE] = speed * cosine * dt
    f[SPEED, ANGLE] = -gravity * cosine * dt
    f[SPEED, ALONG] = dt
    f[DOWNRANGE, SPEED] = dt * cosine * EARTH_RADIUS_M / radius
    f[DOWNRANGE, ANGLE] = -dt * speed * sine
    f[ALONG, ALONG] = 1.0 + 2.0 * growth * dt
    turn = 0.0
    if speed > SLOWEST_TURN_M_S:
        turn = (x[ACROSS] - gravity * cosine) / speed + speed * cosine / radius
        f[ANGLE, SPEED] = dt * (
            (gravity * cosine - x[ACROSS]) / speed**2 + cosine / radius
        )
        f[ANGLE, ANGLE] = 1.0 + dt * sine * (gravity / speed - speed / radius)
        f[ANGLE, ACROSS] = dt / speed
    x[ALTITUDE] += dt * speed * sine
    x[SPEED] = max(0.0, speed + dt * (x[ALONG] - gravity * sine))
    x[ANGLE] += dt * turn
    x[DOWNRANGE] += dt * speed * cosine * EARTH_RADIUS_M / radius
    x[ALONG] += dt * x[ALONG] * growth
    x[ACROSS] *= f[ACROSS, ACROSS]
    p[:, :] = f @ p @ f.T
    p[ALONG, ALONG] += ALONG_DRIFT_M_S2**2 * dt
    if speed > SLOWEST_TURN_M_S:
        p[ACROSS, ACROSS] += ACROSS_DRIFT_M_S2**2 * dt
        p[ANGLE, ANGLE] += TURN_DRIFT_RAD**2 * dt


@compiled(NOTHING(ARRAY, TABLE))
def fold(x: Floats, p: Floats) -> None:
    """Take a path beyond the vertical for its mirror image, which speed looks alike."""
    if abs(x[ANGLE]) <= 0.5 * math.pi:
        return
    x[ANGLE] = math.copysign(math.pi, x[ANGLE]) - x[ANGLE]
    x[ACROSS] = -x[ACROSS]
    for k in (ANGLE, ACROSS):
        p[k, :] = -p[k, :]
        p[:, k] = -p[:, k]


@compiled(NOTHING(ARRAY, TABLE, FLOAT, FLOAT, FLOAT, INT))
def correct(
    x: Floats, p: Floats, which: float, off: float, noise: float, turns: int
) -> None:
    """Take in a value of altitude or speed that is off by so much from the motion.

    Unless it turns the path, it corrects the rest only (a Schmidt-Kalman update).
    """
    k = int(which)
    spread = p[k, k] + noise * noise
    row = p[k, :].copy()
    gain = row / spread
    if not turns:
        gain[ANGLE] = gain[ACROSS] = 0.0
    for i in range(N):
        x[i] += gain[i] * off
        for j in range(N):
            p[i, j] += gain[i] * gain[j] * spread - gain[i] * row[j] - gain[j] * row[i]
    x[SPEED] = max(x[SPEED], 0.0)


@compiled(NOTHING(ARRAY, TABLE, FLOAT))
def climb(x: Floats, p: Floats, value: float) -> None:
    """Take in an altitude as what it says: a point, an edge or a range."""
    off, noise = value - x[ALTITUDE], ALTITUDE_NOISE_M
    if value >= COARSE_FROM_M:
        change = value - x[BEFORE]
        if abs(abs(change) - COARSE_STEP_M) < 1.0:
            off, noise = off - 0.5 * change, EDGE_NOISE_M
        else:
            beyond = max(abs(off) - 0.5 * COARSE_STEP_M, 0.0)
            off, noise = math.copysign(beyond, off), INSIDE_NOISE_M
    x[BEFORE] = value
    if off != 0.0:
        correct(x, p, ALTITUDE, off, noise, 1)


@compiled(NOTHING(ARRAY, TABLE, FLOAT, FLOAT))
def believe(x: Floats, p: Floats, which: float, value: float) -> None:
    """Take a value as it is: what it is tied to is not known any more."""
    k = int(which)
    x[k] = value
    p[k, :] = 0.0
    p[:, k] = 0.0
    if k == SPEED:
        p[SPEED, SPEED] = 1.0
        p[ALONG, :] = 0.0
        p[:, ALONG] = 0.0
        p[ALONG, ALONG] = 900.0
    else:
        p[ALTITUDE, ALTITUDE] = 0.25e6
        p[ANGLE, :] = 0.0
        p[:, ANGLE] = 0.0
        p[ANGLE, ANGLE] = 0.09 if x[SPEED] > SLOWEST_TURN_M_S else 4e-4


@compiled(FLOAT(ARRAY, FLOAT, FLOAT, FLOAT, FLOAT))
def agreement(told: Floats, value: float, slack: float, step: float, dt: float) -> int:
    """Remember a refused value; return 1 once such values are to be believed."""
    if told[LASTED] < 0 or abs(value - told[LATEST]) > slack + step * dt:
        told[LOWEST] = told[HIGHEST] = value
        told[LASTED] = 0.0
    else:
        told[LASTED] += dt
    told[LATEST] = value
    told[LOWEST] = min(told[LOWEST], value)
    told[HIGHEST] = max(told[HIGHEST], value)
    moves = told[HIGHEST] - told[LOWEST] > 0.5 * slack
    enough = AGREE_S if moves else INSIST_S
    return 1 if told[LASTED] >= enough else 0


@compiled(FLOAT(ARRAY, FLOAT, FLOAT))
def freeze(x: Floats, value: float, dt: float) -> float:
    """Return how far a speed that stays the same is off, over what it may be.

    It is 0 for a speed that may be so, GIVEN_UP for one that is to be believed.
    """
    gravity = GRAVITY_M_S2 * (EARTH_RADIUS_M / (EARTH_RADIUS_M + x[ALTITUDE])) ** 2
    fall = gravity * math.sin(x[ANGLE])
    if value != x[SPEED_BEFORE] or value == 0.0:
        x[SPEED_BEFORE], x[STILL] = value, 0.0
        x[RATE] = x[ALONG] - fall
        return 0.0
    x[STILL] += dt
    driven = max(abs(x[RATE]) - STILL_RATE_M_S2, 0.0) * x[STILL] / STILL_SLACK_M_S
    idle = max(abs(fall) - STILL_RATE_M_S2, 0.0) * x[STILL] / STILL_SLACK_M_S
    if x[STILL] < PATIENCE_S or driven < 1.0:
        return 0.0
    if idle < 1.0 and x[STILL] > STILL_S:
        x[RATE] = 0.0
        return GIVEN_UP
    return float(max(min(driven, idle) / STILL_SURE, TINY))


@compiled(FLOAT(ARRAY, TABLE, FLOAT, FLOAT, FLOAT))
def take(state: Floats, p: Floats, which: float, value: float, dt: float) -> float:
    """Take in a value of altitude or speed; return how far off it is.

    The answer is in units of what it may be off, NaN for a value that is missing.
    """
    k = int(which)
    told = state[REFUSED + k * 4 : REFUSED + k * 4 + 4]
    if not math.isfinite(value):
        state[MISSING + k] += dt
        return math.nan
    missing_s = state[MISSING + k]
    state[MISSING + k] = 0.0
    if state[KNOWN + k] == 0:
        state[KNOWN + k] = 1.0
        told[LASTED] = -1.0
        believe(state, p, which, value)
        return 0.0
    thaw = 0.0
    if k == SPEED:
        # What was frozen goes on with a jump, as no launcher does.
        if state[FROZEN] > THAW_S:
            thaw = (value - state[SPEED_BEFORE]) / (
                SPEED_SLACK_M_S + SPEED_STEP_M_S2 * dt
            )
        frozen = freeze(state, value, dt)
        if frozen > 0.0:
            state[FROZEN] += dt
            state[WARY + k] = WARY_S
            return frozen
        if frozen == GIVEN_UP and state[FROZEN] > 0.0:
            state[FROZEN] = state[WARY + k] = state[OFF_BEFORE] = state[ALONG] = 0.0
            believe(state, p, which, value)
        missing_s += state[FROZEN]
    off = value - state[k]
    slack, step = ALTITUDE_SLACK_M, ALTITUDE_STEP_M_S
    if k == SPEED:
        slack, step = SPEED_SLACK_M_S, SPEED_STEP_M_S2
    # The slack covers what changes between samples that come often; others tell of
    # more, and of a gap it is all one whether values were missing or samples.
    missing_s += max(dt - slack / step, 0.0)
    spread = math.sqrt(p[k, k])
    ratio = off / (slack + min(GATE_SIGMAS * spread, 2.0 * slack) + step * missing_s)
    state[WARY + k] = max(0.0, state[WARY + k] - dt)
    wary = state[WARY + k] > 0.0
    if abs(ratio) <= (WARY_SHARE if wary else 1.0):
        told[LASTED] = -1.0
        if k == SPEED:
            noise = math.hypot(SPEED_NOISE_M_S, FRAME_S * state[ALONG])
            again = min(abs(off), abs(state[OFF_BEFORE]))
            if off * state[OFF_BEFORE] < 0.0:
                again = 0.0
            usual = LOUD * math.hypot(spread, noise)
            loud = again - usual
            # A speed says little of the direction, and a wrong one must not turn it.
            turns = 1 if not wary and abs(off) <= usual else 0
            state[OFF_BEFORE], state[FROZEN] = off, 0.0
            if not wary:
                p[ALONG, ALONG] += LOUD_GAIN_S2 * max(loud, 0.0) ** 2
            correct(state, p, which, off, noise, turns)
        else:
            climb(state, p, value)
    elif agreement(told, value, slack, step, dt) > 0:
        told[LASTED] = -1.0
        state[WARY + k] = state[OFF_BEFORE] = state[FROZEN] = 0.0
        believe(state, p, which, value)
    else:
        state[WARY + k] = WARY_S
        state[OFF_BEFORE] = 0.0
    return thaw if abs(thaw) > 1.0 else ratio


@compiled(NOTHING(ARRAY, TABLE))
def forget(state: Floats, p: Floats) -> None:
    """Know nothing of the motion any more, but that it may be a level flight."""
    fast = state[SPEED] > SLOWEST_TURN_M_S
    state[KNOWN] = state[KNOWN + 1] = 0.0
    state[BEFORE] = state[SPEED_BEFORE] = math.nan
    state[OFF_BEFORE] = 0.0
    state[ANGLE] = 0.0 if fast else UPRIGHT_RAD
    state[ALONG] = 0.0 if fast else GRAVITY_M_S2
    state[ACROSS] = 0.0
    state[DOWNRANGE] = math.nan if fast else state[DOWNRANGE]
    p[:, :] = 0.0
    p[ANGLE, ANGLE] = 0.09 if fast else 4e-4
    p[ALONG, ALONG] = 900.0 if fast else 1.0
    p[ACROSS, ACROSS] = 100.0 if fast else 1.0


@compiled(FLOAT(ARRAY, VALUES))
def pressure_kpa(x: Floats, log_density: Floats) -> float:
    """Return the dynamic pressure, by a table of the logarithm of density."""
    place = min(max(x[ALTITUDE] / DENSITY_STEP_M, 0.0), log_density.size - 1.001)
    k = int(place)
    log = log_density[k] + (place - k) * (log_density[k + 1] - log_density[k])
    return float(0.5e-3 * math.exp(log) * x[SPEED] ** 2)


@compiled(NOTHING(VALUES, VALUES, VALUES, VALUES, ARRAY, TABLE, TABLE))
def run(
    elapsed_s: Floats,
    speeds: Floats,
    altitudes: Floats,
    log_density: Floats,
    state: Floats,
    p: Floats,
    out: Floats,
) -> None:
    """Follow the motion through each sample, and write it in rows."""
    for i in range(elapsed_s.size):
        left_s = elapsed_s[i]
        if left_s > LONGEST_GAP_S:
            forget(state, p)
            left_s = 0.0
        if state[KNOWN + SPEED] == 1 and state[KNOWN + ALTITUDE] == 1:
            while left_s > 0:
                step_s = min(left_s, LONGEST_STEP_S)
                drift(state, p, step_s)
                left_s -= step_s
        out[SPEED_RATIO, i] = take(state, p, SPEED, speeds[i], elapsed_s[i])
        out[ALTITUDE_RATIO, i] = take(state, p, ALTITUDE, altitudes[i], elapsed_s[i])
        fold(state, p)
        known = state[KNOWN + SPEED] == 1 and state[KNOWN + ALTITUDE] == 1
        for row in range(N):
            out[row, i] = state[row] if known else math.nan
        out[CLIMB, i] = state[SPEED] * math.sin(state[ANGLE]) if known else math.nan
        out[PRESSURE, i] = pressure_kpa(state, log_density) if known else math.nan
        out[SPEED_WARY, i] = state[WARY + SPEED]
        out[SPEED_MISSING, i] = state[MISSING + SPEED]
        out[ALTITUDE_MISSING, i] = state[MISSING + ALTITUDE]


@compiled(NOTHING(ARRAY, TABLE, VALUES, TABLE))
def ahead(motion: Floats, covariance: Floats, horizons_s: Floats, out: Floats) -> None:
    """Write the motion at each horizon in rows, and its variance in rows after it."""
    x, p = motion.copy(), covariance.copy()
    reached_s = 0.0
    for i in range(horizons_s.size):
        while horizons_s[i] - reached_s > 1e-9:
            step_s = min(AHEAD_STEP_S, horizons_s[i] - reached_s)
            drift(x, p, step_s)
            reached_s += step_s
        for row in range(N):
            out[row, i] = x[row]
            out[N + row, i] = p[row, row]
