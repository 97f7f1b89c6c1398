"""Ten minutes at one rate: does memory stay where it is?"""

from __future__ import annotations

from tests.benchmarks.backlog import check_stored
from tests.benchmarks.feed import feed
from tests.benchmarks.figures import Findings, Goal, Plan, Table
from tests.benchmarks.flow_run import Observer
from tests.benchmarks.stage import Stage
from tests.benchmarks.statistics import Rounds, Spread
from tests.benchmarks.telemetry import Shape

SHAPE = Shape.packets(1_000, 25)
RATE = 10_000
STRETCHES = 20
FLAT = 1.05
RESIDENT = "resident MB"


def measure(stage: Stage, plan: Plan) -> Findings:
    """Memory after each of twenty stretches of time, at a steady rate."""
    stretch_s = plan.of(30, 2)
    place = stage.servers.new_place()
    rounds: Rounds = {}
    with stage.servers.database() as database, stage.flow(database, place) as flow:
        observer = Observer(flow, stage.start(flow), database)
        try:
            sent = feed(stage.kafka, place, SHAPE, RATE, 0)
            observer.watch(bool)
            for stretch in range(1, STRETCHES + 1):
                sent += feed(stage.kafka, place, SHAPE, RATE, stretch_s)
                resident_mb = observer.cost.resident_mb()
                rounds[f"after {stretch * stretch_s} s"] = {RESIDENT: [resident_mb]}
                stage.say(f"  after {stretch * stretch_s} s: {resident_mb:.0f} MB")
            packets = sent.packets
            observer.watch(lambda stored: stored >= packets)
        finally:
            observer.close()
        flow.stop()
        check_stored(database, "sample", sent.samples, sent.total)
    growth = late_over_early([found[RESIDENT][0] for found in rounds.values()])
    return Findings(
        "soak",
        [Table(f"Memory at {RATE:,} samples/s: {SHAPE}", rounds)],
        [Goal("memory in the last fifth over that in the second", growth, FLAT)],
    )


def late_over_early(figures: list[float]) -> float:
    """The median of the last fifth over that of the second: the first is warming up."""
    fifth = len(figures) // 5
    early, late = figures[fifth : 2 * fifth], figures[-fifth:]
    return Spread.of(late).median / Spread.of(early).median
