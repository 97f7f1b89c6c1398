"""What the number of parameters costs: memory, processor, pauses, start; idle, too."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from tests.benchmarks.backlog import check_stored, produce
from tests.benchmarks.feed import feed, latencies_ms
from tests.benchmarks.figures import Findings, Goal, Plan, Table
from tests.benchmarks.flow_run import Observer
from tests.benchmarks.process_cost import ProcessCost
from tests.benchmarks.stage import SNAPSHOT_S, Stage
from tests.benchmarks.statistics import (
    Measured,
    Rounds,
    Spread,
    interleaved,
    percentile,
)
from tests.benchmarks.telemetry import Shape

VALUES = 25
RATE = 10_000
IDLE_S = 5.0
START, PEAK, RESIDENT = "start s", "peak MB", "resident MB"
COST, PAUSE, IDLE = "CPU s per million", "pause ms", "idle CPU %"
PEAK_MB = {50: 300.0, 10_000: 1000.0}
FLAT = 1.2
IDLE_PERCENT = 5.0


def measure(stage: Stage, plan: Plan) -> Findings:
    """A flow that stores a backlog, is fed at one rate, and is left alone."""
    cases: dict[str, Callable[[], Measured]] = {
        _case(number): partial(_run, stage, Shape.packets(number, VALUES), plan)
        for number in plan.parameters
    }
    rounds = interleaved(cases, plan.of(2, 1), stage.say)
    return Findings(
        "parameters",
        [Table(f"By number of parameters, {VALUES} values a packet", rounds)],
        _goals(rounds, plan),
        [
            "`start` lasts from the start of the process to its first stored sample "
            "(to 0.1 s). `peak` is the most memory while storing a backlog at full "
            f"speed; then {RATE:,} samples/s are fed: `CPU` and `resident` are of that "
            "time, `pause` is the longest latency between two snapshots (every "
            f"{SNAPSHOT_S} s) less the median of all, `idle` is over {IDLE_S:.0f} s "
            "without telemetry.",
        ],
    )


def _case(parameters: int) -> str:
    return f"{parameters:,} parameters"


def _run(stage: Stage, shape: Shape, plan: Plan) -> Measured:
    place = stage.servers.new_place()
    backlog = produce(stage.kafka, place, shape, plan.of(500_000, 200_000))
    with stage.servers.database() as database, stage.flow(database, place) as flow:
        begin_s = time.monotonic()
        observer = Observer(flow, stage.start(flow), database)
        try:
            start_s = observer.watch(bool)[-1].wall_s - begin_s
            observer.watch(lambda stored: stored >= backlog.messages)
            peak_mb = observer.cost.peak_mb()
            before_s = observer.cost.cpu_s()
            sent = feed(stage.kafka, place, shape, RATE, plan.of(11, 6))
            packets = backlog.messages + sent.packets
            observer.watch(lambda stored: stored >= packets)
            cpu_s = observer.cost.cpu_s() - before_s
            resident_mb = observer.cost.resident_mb()
            idle = idle_percent(observer.cost)
        finally:
            observer.close()
        flow.stop()
        samples, total = backlog.samples + sent.samples, backlog.total + sent.total
        check_stored(database, "sample", samples, total)
        latencies = latencies_ms(database, sent)
    return {
        START: start_s,
        PEAK: peak_mb,
        RESIDENT: resident_mb,
        COST: cpu_s / sent.samples * 1e6,
        PAUSE: pause_ms(latencies, RATE * SNAPSHOT_S),
        IDLE: idle,
    }


def pause_ms(latencies: list[float], samples: int) -> float:
    """The longest latency of every so many samples (the median of them) over the rest.

    `latencies` are in order of time; stretches of `samples` hold one snapshot each.
    """
    starts = range(0, len(latencies) - samples + 1, samples) or range(1)
    longest = [max(latencies[start : start + samples]) for start in starts]
    return Spread.of(longest).median - percentile(latencies, 50)


def idle_percent(cost: ProcessCost) -> float:
    """Share of a core that a process takes which has nothing to do."""
    time.sleep(1.0)  # what it was at
    before_s, begin_s = cost.cpu_s(), time.monotonic()
    time.sleep(IDLE_S)
    return (cost.cpu_s() - before_s) / (time.monotonic() - begin_s) * 100


def _goals(rounds: Rounds, plan: Plan) -> list[Goal]:
    def median(number: int, quantity: str) -> float:
        return Spread.of(rounds[_case(number)][quantity]).median

    costs = [median(number, COST) for number in plan.parameters]
    low, high = plan.parameters[0], plan.parameters[-1]
    return [
        *(
            Goal(f"peak memory with {_case(number)}, MB", median(number, PEAK), wanted)
            for number, wanted in PEAK_MB.items()
            if number in plan.parameters
        ),
        Goal(
            f"cost a sample at {RATE:,} samples/s, {low:,} to {high:,} parameters: "
            "most over least",
            max(costs) / min(costs),
            FLAT,
        ),
        Goal("idle CPU, % of a core", median(low, IDLE), IDLE_PERCENT),
    ]
