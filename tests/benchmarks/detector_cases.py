"""What is run of each detector: rounds of samples, snapshots, a first score."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from river import anomaly

from dataflows.detectors import Detector
from dataflows.detectors.peaks_over_threshold import PeaksOverThreshold
from dataflows.detectors.record_envelope import RecordEnvelope
from dataflows.detectors.registry import DETECTORS
from dataflows.verdicts.bank import DetectorBank
from dataflows.verdicts.build import build_watch
from tests.benchmarks.statistics import Measured
from tests.end_to_end.flow_process import REPOSITORY

Floats = NDArray[np.float64]
Columns = dict[str, Floats]

SAMPLES = 8000  # a round, at most; small batches get fewer
WARM_UP = 4000  # samples, so that windows are full and thresholds known
BANK = 50  # parameters, where they are judged together
COLUMNS = 25  # of context, for detectors that make use of it

NEEDED: dict[str, dict[str, object]] = {
    "rate_of_change": {"highest_per_second": 1e9},
    "impossible_value": {"highest": 1e9},
}
FIRST_SCORE = """
import numpy as np
from dataflows.verdicts.build import build_watch
build_watch(None, {}).update(np.arange(20), np.arange(20.0))
"""


def makers() -> dict[str, Callable[[], Detector]]:
    """What makes each detector, by name, and some that are parts of others."""
    found: dict[str, Callable[[], Detector]] = {
        name: _maker(kind, NEEDED.get(name, {})) for name, kind in DETECTORS.items()
    }
    return found | {
        "record_envelope in context": RecordEnvelope,
        "SPOT": lambda: PeaksOverThreshold(depth_samples=0),
    }


def _maker(kind: type[Any], settings: Mapping[str, object]) -> Callable[[], Detector]:
    def make() -> Detector:
        detector: Detector = kind(**settings)
        return detector

    return make


def stream(samples: int) -> Floats:
    """A slow sine with noise, from 0 to 1."""
    rng = np.random.default_rng(5)
    values = 0.5 + 0.2 * np.sin(np.arange(samples) / 50) + rng.normal(0, 0.02, samples)
    clipped: Floats = np.clip(values, 0.0, 1.0)
    return clipped


def batches(size: int) -> list[tuple[NDArray[np.int64], Floats]]:
    """Times and values of a round, in batches."""
    count = min(SAMPLES, 600 * size) // size
    values = stream(count * size).reshape(count, size)
    times_us = np.arange(values.size).reshape(count, size) * 1_000_000
    return list(zip(times_us, values, strict=True))


def columns(size: int) -> Columns:
    """Context of rare commands."""
    rng = np.random.default_rng(6)
    given = rng.random((COLUMNS, size)) < 0.02
    return {f"command {i}": row.astype(np.float64) for i, row in enumerate(given)}


def feeder(
    name: str, make: Callable[[], Detector], size: int
) -> Callable[[], Measured]:
    """What feeds a detector, warmed up, with one round."""
    detector = make()
    in_context = name.endswith("in context")
    detector.update(
        np.arange(-WARM_UP, 0) * 1_000_000,
        stream(WARM_UP),
        columns(WARM_UP) if in_context else None,
    )
    context = columns(size) if in_context else None
    runs = batches(size)

    def feed() -> Measured:
        begin_s = time.perf_counter()
        for times_us, values in runs:
            detector.update(times_us, values, context)
        return _microseconds(begin_s, len(runs) * size)

    return feed


def bank_feeder(size: int) -> Callable[[], Measured]:
    """What feeds the record envelopes of many parameters at once, as the flow does."""
    watches = [build_watch(None, {}) for _ in range(BANK)]
    bank = DetectorBank(watches[0])
    rows = np.array([bank.add(b"%d" % k, watch) for k, watch in enumerate(watches)])

    def feed_all(first: int, values: Floats) -> None:
        count = len(values)
        begins = np.arange(BANK) * count
        times_us = np.tile((first + np.arange(count)) * 1_000_000, BANK)
        bank.judge(rows, begins, begins + count, times_us, np.tile(values, BANK))

    feed_all(-WARM_UP, stream(WARM_UP))
    runs = batches(size)[: max(SAMPLES // BANK // size, 1)]
    done = 0

    def feed() -> Measured:
        nonlocal done
        begin_s = time.perf_counter()
        for _, values in runs:
            feed_all(done, values)
            done += size
        return _microseconds(begin_s, len(runs) * size * BANK)

    return feed


def river() -> Callable[[], Measured]:
    """What feeds River's half-space trees, warmed up, with one round."""
    forest = anomaly.HalfSpaceTrees(seed=1)
    for value in stream(600).tolist():
        forest.learn_one({"value": value})
    samples = stream(1000).tolist()

    def feed() -> Measured:
        begin_s = time.perf_counter()
        for value in samples:
            forest.score_one({"value": value})
            forest.learn_one({"value": value})
        return _microseconds(begin_s, len(samples))

    return feed


def numpy_pass(size: int) -> Callable[[], Measured]:
    """What takes one pass of numpy over each batch: the unit."""
    runs = batches(size)

    def feed() -> Measured:
        begin_s = time.perf_counter()
        for _, values in runs:
            np.add(values, 1.0)
        return _microseconds(begin_s, len(runs) * size)

    return feed


def _microseconds(begin_s: float, samples: int) -> Measured:
    return {"µs": (time.perf_counter() - begin_s) / samples * 1e6}


def snapshotter(make: Callable[[], Detector]) -> Callable[[], Measured]:
    """What takes a snapshot of a warm detector."""
    detector = make()
    detector.update(np.arange(WARM_UP), stream(WARM_UP))

    def snapshot() -> Measured:
        begin_s = time.perf_counter()
        data = detector.snapshot()
        return {"bytes": float(len(data)), **_microseconds(begin_s, 1)}

    return snapshot


def first_score() -> Measured:
    """From the start of a process to the first score, and what numba takes of it."""
    _seconds(FIRST_SCORE)  # leaves a warm cache
    return {"first score s": _seconds(FIRST_SCORE), "numba s": _seconds("import numba")}


def _seconds(program: str) -> float:
    begin_s = time.perf_counter()
    subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, check=True)
    return time.perf_counter() - begin_s
