"""How many samples a second the flow stores, at which cost, and what the limits are."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tests.benchmarks import ceilings
from tests.benchmarks.backlog import Backlog
from tests.benchmarks.figures import Findings, Goal, Plan, Table
from tests.benchmarks.flow_run import store_backlog
from tests.benchmarks.stage import Stage
from tests.benchmarks.statistics import Measured, Rounds, Spread, interleaved
from tests.benchmarks.telemetry import FLAG_HOLDS, Shape

SPEED, COST = "samples/s", "CPU s per million"
# Shares of the slower ceiling, by values a packet.
WANTED = {25: 0.6, 1: 0.4}
CEILING_PARAMETERS = 1_000
FLAT = 1.2


def measure(stage: Stage, plan: Plan) -> Findings:
    """The flow with its default detectors against reading, decoding and writing."""
    backlogs = {shape: _backlog(stage, plan, shape) for shape in shapes(plan)}
    cases: dict[str, Callable[[], Measured]] = {
        f"flow: {shape}": partial(store_backlog, stage, backlog)
        for shape, backlog in backlogs.items()
    }
    for values in WANTED:
        shape = Shape.packets(CEILING_PARAMETERS, values)
        backlog = backlogs[shape]
        cases |= {
            f"consume: {shape}": partial(ceilings.consume, stage.kafka, backlog),
            f"decode: {shape}": partial(ceilings.decode, stage.kafka, backlog),
            f"COPY: {shape}": partial(ceilings.copy, stage, backlog),
        }
    rounds = interleaved(cases, plan.of(2, 1), stage.say)
    return Findings(
        "throughput",
        [Table("Throughput and cost", rounds)],
        [*_share_goals(rounds), _flat_goal(rounds, plan)],
        [
            "Ceilings: `consume` reads with the flow's consumer; `decode` reads and "
            "decodes to columns; `COPY` writes the same rows, encoded beforehand, in "
            "transactions of one poll. CPU is that of the process measured, without "
            "broker and database. Start-up and first batch are left out.",
        ],
    )


def shapes(plan: Plan) -> list[Shape]:
    """Every form of telemetry, or (quick) packets only, by number of parameters.

    And once with a context.
    """
    found = [
        shape
        for parameters in plan.parameters
        for shape in (
            *(Shape.packets(parameters, values) for values in (1, 25)),
            *(
                ()
                if plan.quick
                else (Shape.packets(parameters, 100), Shape.bulk(parameters))
            ),
        )
    ]
    found.append(Shape.packets(CEILING_PARAMETERS, 25, len(FLAG_HOLDS)))
    return list(dict.fromkeys(found))


def _backlog(stage: Stage, plan: Plan, shape: Shape) -> Backlog:
    if shape.arrow:
        return stage.backlog(shape, 2_000_000)
    if shape.values == 1:
        # More where the ceilings are measured too, which would be done in no time.
        many = plan.of(300_000, 100_000)
        return stage.backlog(
            shape, many if shape.parameters == CEILING_PARAMETERS else 100_000
        )
    return stage.backlog(shape, plan.of(1_000_000, 500_000))


def _share_goals(rounds: Rounds) -> list[Goal]:
    goals = []
    for values, wanted in WANTED.items():
        shape = Shape.packets(CEILING_PARAMETERS, values)
        speeds = [
            rounds[f"{case}: {shape}"][SPEED] for case in ("flow", "decode", "COPY")
        ]
        shares = [
            flow / min(decoded, copied)
            for flow, decoded, copied in zip(*speeds, strict=True)
        ]
        text = f"throughput with {shape}, as a share of the slower ceiling"
        goals.append(Goal(text, Spread.of(shares).median, wanted, at_least=True))
    return goals


def _flat_goal(rounds: Rounds, plan: Plan) -> Goal:
    costs = [
        Spread.of(rounds[f"flow: {Shape.packets(parameters, 25)}"][COST]).median
        for parameters in plan.parameters
    ]
    low, high = plan.parameters[0], plan.parameters[-1]
    text = (
        f"cost a sample, {low:,} to {high:,} parameters at full speed: most over least"
    )
    return Goal(text, max(costs) / min(costs), FLAT)
