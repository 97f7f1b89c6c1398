"""How fast detectors are, against River's half-space trees in turn in one process.

Goals are ratios: what a sample takes on one machine says little about another.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.benchmarks.detector_cases import (
    bank_feeder,
    feeder,
    first_score,
    makers,
    numpy_pass,
    river,
    snapshotter,
)
from tests.benchmarks.figures import Findings, Goal, Plan, Table
from tests.benchmarks.stage import Stage
from tests.benchmarks.statistics import Measured, Rounds, interleaved, ratio

BATCHES = (1, 20, 100, 1000)

TOGETHER = "record_envelope of 50 parameters together"

# What a sample may take in batches of 20 and more, as a share of what it takes River's
# half-space trees, some 20 µs where the goals in microseconds were set; and how much
# more it may take before the goal counts as missed.
GOALS = {
    "half_space_trees": 1 / 30,
    "rolling_z_score": 0.1 / 20,
    "record_envelope": 0.3 / 20,
    TOGETHER: 0.3 / 20,
    "record_envelope in context": 1.0 / 20,
}
MARGIN = {"half_space_trees": 1.0}
OTHERS_MARGIN = 1.5
FIRST_SCORE_OVER_NUMBA = 3.5  # imports of numba, which is most of it
RIVER = "River's trees"


def measure(stage: Stage, plan: Plan) -> Findings:
    """Time a sample by batch size, snapshots, and the time to the first score."""
    rounds = plan.of(9, 3)
    stage.say(f"  {len(makers())} detectors, {rounds} rounds")
    speeds = interleaved(_speed_cases(), rounds, _nothing)
    snapshots = interleaved(
        {name: snapshotter(make) for name, make in makers().items()}, rounds, _nothing
    )
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
        cases[_case(TOGETHER, size)] = bank_feeder(size)
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
