"""Detectors that know nothing, as flags: what any real one must beat."""

from __future__ import annotations

import zlib

import numpy as np

from dataflows.backtest.scoring import Flags
from dataflows.state.arrays import Floats

__all__ = ["always_on", "fixed_limits", "moving_z_score", "random_alarms"]


def fixed_limits(values: Floats, past: Floats, margin: float = 0.1) -> Flags:
    """Return which values lie outside the range of the past.

    `margin` widens it on both sides, as a share of its width. Without any past, no
    value lies outside.

    >>> fixed_limits(np.array([-0.4, 0.5, 2.3]), np.array([0.0, 2.0])).tolist()
    [True, False, True]
    """
    known = past[np.isfinite(past)]
    if not len(known):
        return np.zeros(len(values), np.bool_)
    low, high = float(known.min()), float(known.max())
    spare = margin * (high - low)
    return (values < low - spare) | (values > high + spare)


def moving_z_score(
    values: Floats,
    window_samples: int = 1000,
    threshold: float = 4.0,
    persistence_samples: int = 5,
) -> Flags:
    """Return which values lie far from the mean of the window before them.

    Far is `threshold` standard deviations, `persistence_samples` times in a row. The
    defaults are the best that was found for it on SMAP/MSL channels. Scores start
    when the window is full; on a constant window every other value is far.
    """
    flags = np.zeros(len(values), np.bool_)
    acquired = np.flatnonzero(np.isfinite(values))
    far = _far(values[acquired], window_samples, threshold)
    # A run of `persistence_samples` ends where that many of the last ones are far.
    runs = np.cumsum(np.append(0, far))
    lasting = runs[persistence_samples:] - runs[:-persistence_samples]
    lasting = lasting == persistence_samples
    flags[acquired[persistence_samples - 1 :]] = lasting
    return flags


def _far(values: Floats, window_samples: int, threshold: float) -> Flags:
    far = np.zeros(len(values), np.bool_)
    if len(values) <= window_samples:
        return far
    # Sums of squares cancel less around 0.
    centred = values - values.mean()
    sums = np.cumsum(np.append(0.0, centred))
    squares = np.cumsum(np.append(0.0, centred**2))
    means = (sums[window_samples:-1] - sums[: -window_samples - 1]) / window_samples
    powers = squares[window_samples:-1] - squares[: -window_samples - 1]
    variances = powers / window_samples - means**2
    noise = 1e-12 * max(float(np.mean(centred**2)), 1e-300)
    deviations = np.sqrt(np.maximum(variances, noise))
    far[window_samples:] = (
        np.abs(centred[window_samples:] - means) > threshold * deviations
    )
    return far


def always_on(samples: int) -> Flags:
    """Return an alarm that never ends."""
    return np.ones(samples, np.bool_)


def random_alarms(
    samples: int, channel: str, seed: int = 0, mean_gap_samples: int = 4000
) -> Flags:
    """Return flags at random places, the same for the same channel and seed."""
    # Not `hash`, which differs between processes.
    random = np.random.default_rng([seed, zlib.crc32(channel.encode())])
    return random.random(samples) < 1 / mean_gap_samples
