"""One trial: the plan is carried out, then all is compared."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg
from confluent_kafka import KafkaException

from tests.faults.disturbances import disturb
from tests.faults.feed import FeedFailed
from tests.faults.judge import Judged, judge, unclear
from tests.faults.plan import Step
from tests.faults.world import Means, World
from tests.services.process import UnavailableError


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a trial found: no faults, if all is well."""

    faults: Sequence[str]
    figures: Sequence[str]
    logs: Sequence[Path]


def run_trial(
    plan: Sequence[Step],
    seed: int,
    folder: Path,
    means: Means,
    say: Callable[[str], None],
) -> Outcome:
    """Carries out the plan; the logs stay in `folder`."""
    with World(folder, seed, means, say) as world:
        try:
            _carry_out(world, plan)
            judged = judge(world)
        except (
            TimeoutError,
            FeedFailed,
            UnavailableError,
            AssertionError,
            KafkaException,
            psycopg.Error,
        ) as error:
            judged = Judged([f"the trial came to no end: {error}"], [])
        finally:
            logs = world.keep_logs()
            world.end_flows()
        faults = [*judged.faults, *world.problems, *unclear(world.exits)]
        return Outcome(faults, judged.figures, logs)


def _carry_out(world: World, plan: Sequence[Step]) -> None:
    for unit in world.units.values():
        unit.start()
    world.feed.start()
    world.wait_for(world.is_begun, "the first samples")
    for step in plan:
        time.sleep(step.after_s)
        world.note(str(step))
        disturb(world, step)
    world.wait_for_later()
    world.feed.end()
    world.note("no more disturbances and messages")
