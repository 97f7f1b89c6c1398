"""How fast detectors are, against River's half-space trees in turn in one process.

Goals are ratios: what a sample takes on one machine says little about another.
"""

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
from dataflows.detectors.build import DETECTORS
from dataflows.detectors.half_space_trees import HalfSpaceTrees
from dataflows.detectors.peaks_over_threshold import PeaksOverThreshold
from dataflows.detectors.record_envelope import RecordEnvelope
from dataflows.detectors.rethreshold import Rethreshold
from dataflows.detectors.tracked_quantile import TrackedQuantile
from tests.benchmarks.figures import Findings, Goal, Plan, Table
from tests.benchmarks.stage import Stage
from tests.benchmarks.statistics import Measured, Rounds, interleaved, ratio
from tests.end_to_end.flow_process import REPOSITORY

Floats = NDArray[np.float64]
Columns = dict[str, Floats]

BATCHES = (1, 20, 100, 1000)
SAMPLES = 8000  # a round, at most; small batches get fewer
WARM_UP = 4000  # samples, so that windows are full and thresholds known
COLUMNS = 25  # of context, for detectors that make use of it

# What a sample may take in batches of 20 and more, as a share of what it takes River's
# half-space trees, some 20 µs where the goals in microseconds were set; and how much
# more it may take before the goal counts as missed.
GOALS = {
    "half_space_trees": 1 / 30,
    "rolling_z_score": 0.1 / 20,
    "record_envelope": 0.3 / 20,
    "record_envelope in context": 1.0 / 20,
}
MARGIN = {"half_space_trees": 1.0}
OTHERS_MARGIN = 1.5
FIRST_SCORE_OVER_NUMBA = 3.5  # imports of numba, which is most of it
RIVER = "River's trees"

NEEDED: dict[str, dict[str, object]] = {
    "rate_of_change": {"highest_per_second": 1e9},
    "impossible_value": {"highest": 1e9},
}
FIRST_SCORE = """
import numpy as np
from dataflows.detectors.build import build_watch
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
        "tracked_quantile": TrackedQuantile,
        "trees over SPOT": lambda: Rethreshold(
            HalfSpaceTrees(quantile=None),
            PeaksOverThreshold(depth_samples=0, two_sided=False),
        ),
    }


def _maker(kind: type[Any], settings: Mapping[str, object]) -> Callable[[], Detector]:
    def make() -> Detector:
        detector: Detector = kind(**settings)
        return detector

    return make


def measure(stage: Stage, plan: Plan) -> Findings:
    """Time a sample by batch size, snapshots, and the time to the first score."""
    rounds = plan.of(9, 3)
    stage.say(f"  {len(makers())} detectors, {rounds} rounds")
    speeds = interleaved(_speed_cases(), rounds, _nothing)
    snapshots = interleaved(_snapshot_cases(), rounds, _nothing)
    starts = interleaved({"a new process": first_score}, plan.of(3, 1), _nothing)
    over_numba = ratio(
        starts["a new process"]["first score s"], starts["a new process"]["numba s"]
    )
    goals = _goals(speeds)
    goals.append(
        Goal(
            "import to first score, over the import of numba",
            over_numba.median,
            FIRST_SCORE_OVER_NUMBA,
        )
    )
    tables = [
        Table("Microseconds a sample, by samples a batch", by_batch(speeds)),
        Table("Snapshots", snapshots),
        Table("Import to first score", starts),
    ]
    return Findings("detectors", tables, goals)


def _nothing(_line: str) -> None:
    """There are too many cases to tell of each."""


def _case(name: str, size: int) -> str:
    return f"{name}@{size}"


def by_batch(rounds: Rounds) -> Rounds:
    """Cases `name@size` as one case a name, with a quantity a size."""
    found: Rounds = {}
    for case, quantities in rounds.items():
        name, _, size = case.rpartition("@")
        found.setdefault(name, {})[f"{size} a batch"] = quantities["µs"]
    return found


def _speed_cases() -> dict[str, Callable[[], Measured]]:
    cases: dict[str, Callable[[], Measured]] = {}
    for size in BATCHES:
        for name, make in makers().items():
            cases[_case(name, size)] = feeder(name, make, size)
        cases[_case("numpy pass", size)] = numpy_pass(size)
        cases[_case(RIVER, size)] = river()
    return cases


def _goals(speeds: Rounds) -> list[Goal]:
    """Goals as ratios to River's trees, each found in the same rounds."""
    return [
        Goal(
            f"{name}, batches of {size}: time a sample over that of {RIVER}",
            ratio(
                speeds[_case(name, size)]["µs"], speeds[_case(RIVER, size)]["µs"]
            ).median,
            wanted * MARGIN.get(name, OTHERS_MARGIN),
        )
        for name, wanted in GOALS.items()
        for size in BATCHES[1:]
    ]


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


def _snapshot_cases() -> dict[str, Callable[[], Measured]]:
    return {name: snapshotter(make) for name, make in makers().items()}


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
