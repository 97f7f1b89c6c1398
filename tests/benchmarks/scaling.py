"""What a second process brings: half of the partitions each, and a sink that counts."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial

from connectors.errors import OrbitwatchError
from tests.benchmarks.backlog import Backlog, Miscounted, Place
from tests.benchmarks.figures import Findings, Goal, Plan, Table
from tests.benchmarks.flow_run import LONGEST_S, FlowStalled
from tests.benchmarks.null_flow import GO, MARKS, READY
from tests.benchmarks.process_cost import ProcessCost
from tests.benchmarks.stage import Stage
from tests.benchmarks.statistics import Mark, Measured, interleaved, ratio, steady
from tests.benchmarks.telemetry import Shape
from tests.end_to_end.flow_process import Flow

MODULE = "tests.benchmarks.null_flow"
SHAPE = Shape.packets(1_000, 25)
ONE, TWO = "one process", "two processes"
SPEED = "samples/s"
WANTED = 1.6


def measure(stage: Stage, plan: Plan) -> Findings:
    """Throughput of one process and of two."""
    backlog = stage.backlog(SHAPE, plan.of(2_000_000, 1_000_000))
    cases: dict[str, Callable[[], Measured]] = {
        ONE: partial(_run, stage, backlog, (backlog.place,)),
        TWO: partial(_run, stage, backlog, backlog.place.halves()),
    }
    rounds = interleaved(cases, plan.of(3, 1), stage.say)
    gain = ratio(rounds[TWO][SPEED], rounds[ONE][SPEED])
    return Findings(
        "scaling",
        [Table(f"Into a sink that only counts: {SHAPE}", rounds)],
        [
            Goal(
                "throughput of two processes over that of one, null sink",
                gain.median,
                WANTED,
                at_least=True,
            )
        ],
        [
            "All processes begin at the same moment; of two, the figure is all samples "
            "over the time from the first mark of either to the last of both. The "
            "broker works on the same cores. Processes that keep less than a core busy "
            "each were not limited by their own work: something else took the cores.",
        ],
    )


def _run(stage: Stage, backlog: Backlog, places: tuple[Place, ...]) -> Measured:
    """Has one process a place count samples; raises Miscounted if it missed some."""
    with stage.servers.database() as database, ExitStack() as exits:
        flows = [
            exits.enter_context(stage.flow(database, place, MODULE)) for place in places
        ]
        costs = [ProcessCost(stage.start(flow)) for flow in flows]
        _wait(flows, lambda flow: (flow.folder / READY).exists())
        for flow in flows:
            (flow.folder / GO).touch()
        _wait(flows, partial(_has_counted, backlog.samples // len(flows)))
        memory_mb = sum(cost.peak_mb() for cost in costs)
        for flow in flows:
            flow.stop()
        marks = [_marks(flow) for flow in flows]
    counted = sum(of_flow[-1].stored for of_flow in marks)
    if counted != backlog.samples:
        raise Miscounted(f"{counted:,} samples were counted, not {backlog.samples:,}")
    return {**together(marks), "peak MB": memory_mb}


def together(flows: list[list[Mark]]) -> Measured:
    """Throughput and cost of several flows that ran side by side.

    From when all have begun to when all are done: a flow that waits for the other one
    to finish makes the figure worse.
    """
    found = [steady(marks) for marks in flows]
    samples = sum(marks[-1].stored - marks[0].stored for marks in flows)
    begin_s = min(marks[0].wall_s for marks in flows)
    end_s = max(marks[-1].wall_s for marks in flows)
    cost = sum(each["CPU s per million"] for each in found) / len(found)
    return {
        SPEED: samples / (end_s - begin_s),
        "CPU s per million": cost,
        "cores busy": sum(each["cores busy"] for each in found),
    }


def _marks(flow: Flow) -> list[Mark]:
    lines = (flow.folder / MARKS).read_text().splitlines()
    marks = [line.split() for line in lines]
    return [Mark(int(n), float(wall_s), float(cpu_s)) for n, wall_s, cpu_s in marks]


def _has_counted(samples: int, flow: Flow) -> bool:
    return (flow.folder / MARKS).exists() and any(
        mark.stored >= samples for mark in _marks(flow)[-1:]
    )


def _wait(flows: list[Flow], done: Callable[[Flow], bool]) -> None:
    deadline_s = time.monotonic() + LONGEST_S
    while not all(map(done, flows)):
        for flow in flows:
            if not flow.is_running():
                said = flow.log.read_text(errors="replace").splitlines() or ["nothing"]
                raise FlowStalled(f"a flow ended by itself: {said[-1]}")
        if time.monotonic() > deadline_s:
            raise OrbitwatchError(f"the flows were not done after {LONGEST_S:.0f} s")
        time.sleep(0.02)
