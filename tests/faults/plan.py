"""What is to happen, when and to what: drawn from a seed, to be repeated."""

from __future__ import annotations

import random
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

SHORTEST_GAP_S, LONGEST_GAP_S = 0.5, 4.0
# How much of a plan may follow what ends the comparison of scores.
AT_THE_END = 0.1


class Target(StrEnum):
    """What is disturbed."""

    FLOW = "flow"
    ARCHIVE = "archive"
    BROKER = "broker"
    DATABASE = "database"
    TOPIC = "topic"
    CLOCK = "clock"


class Kind(StrEnum):
    """How it is disturbed."""

    KILL = "kill"
    STOP = "stop"
    STALL = "stall"
    KILL_BACKEND = "kill a backend of"
    CUT = "cut connections to"
    STEP = "step"
    FILL = "fill the disk of"
    GROW = "grow"
    RECREATE = "delete and create"
    RECREATE_UNREAD = "delete unread and create"
    RESTORE = "restore"
    RESTORE_WITH_STATE = "restore, with the flow's state,"


# A database without what detectors learnt, and detectors without what is stored: no two
# runs judge alike from there on.
ENDS_COMPARISON = (Kind.RESTORE, Kind.RECREATE_UNREAD)


@dataclass(frozen=True, slots=True)
class Disturbance:
    """What can happen: its `size` is drawn from `sizes`, its frequency is `weight`."""

    kind: Kind
    target: Target
    sizes: tuple[float, float] = (0.0, 0.0)
    unit: str = "s"
    weight: int = 1

    def __str__(self) -> str:
        return f"{self.kind} {self.target}"


@dataclass(frozen=True, slots=True)
class Step:
    """One disturbance, `after_s` after the one before."""

    number: int
    after_s: float
    disturbance: Disturbance
    size: float

    def __str__(self) -> str:
        size = f" {self.size:.1f} {self.disturbance.unit}" if self.size else ""
        return f"{self.number:3} +{self.after_s:.1f} s {self.disturbance}{size}"


DOWN_S = (0.0, 4.0)
STALLED_S = (0.2, 4.0)
FULL_S = (0.5, 4.0)
HOURS_S = (-7200.0, 7200.0)
BACKUP_AGE_S = (2.0, 8.0)

ALL = (
    Disturbance(Kind.KILL, Target.FLOW, DOWN_S, weight=16),
    Disturbance(Kind.KILL, Target.ARCHIVE, DOWN_S, weight=8),
    Disturbance(Kind.KILL, Target.BROKER, DOWN_S, weight=7),
    Disturbance(Kind.KILL, Target.DATABASE, DOWN_S, weight=7),
    Disturbance(Kind.FILL, Target.FLOW, FULL_S, weight=4),
    Disturbance(Kind.FILL, Target.DATABASE, FULL_S, weight=3),
    Disturbance(Kind.STEP, Target.CLOCK, HOURS_S, weight=6),
    Disturbance(Kind.GROW, Target.TOPIC, weight=3),
    Disturbance(Kind.RECREATE, Target.TOPIC, weight=2),
    Disturbance(Kind.RESTORE_WITH_STATE, Target.DATABASE, BACKUP_AGE_S, weight=2),
    Disturbance(Kind.RESTORE, Target.DATABASE, BACKUP_AGE_S, weight=1),
    Disturbance(Kind.STALL, Target.FLOW, STALLED_S, weight=6),
    Disturbance(Kind.STALL, Target.BROKER, STALLED_S, weight=5),
    Disturbance(Kind.STALL, Target.DATABASE, STALLED_S, weight=5),
    Disturbance(Kind.STOP, Target.FLOW, DOWN_S, weight=6),
    Disturbance(Kind.CUT, Target.DATABASE, weight=5),
    Disturbance(Kind.KILL_BACKEND, Target.DATABASE, weight=3),
    Disturbance(Kind.RECREATE_UNREAD, Target.TOPIC, weight=2),
    Disturbance(Kind.STOP, Target.BROKER, DOWN_S, weight=3),
    Disturbance(Kind.FILL, Target.ARCHIVE, FULL_S, weight=3),
    Disturbance(Kind.STOP, Target.ARCHIVE, DOWN_S, weight=3),
    Disturbance(Kind.STALL, Target.ARCHIVE, STALLED_S, weight=3),
)
"""All that can happen; a plan that is too short for all has the first of them."""


def make_plan(
    seed: int, count: int, left_out: Collection[Disturbance] = ()
) -> tuple[Step, ...]:
    """The plan of a seed: each disturbance once, if they fit in, and more by weight."""
    chance = random.Random(seed)
    possible = [one for one in ALL if one not in left_out]
    drawn = possible[:count]
    weights = [one.weight for one in possible]
    drawn += chance.choices(possible, weights, k=count - len(drawn))
    chance.shuffle(drawn)
    return tuple(
        Step(
            number,
            chance.uniform(SHORTEST_GAP_S, LONGEST_GAP_S),
            disturbance,
            chance.uniform(*disturbance.sizes),
        )
        for number, disturbance in enumerate(_late(drawn), 1)
    )


def _late(drawn: list[Disturbance]) -> list[Disturbance]:
    """Puts off what ends the comparison of scores to the last tenth."""
    late = [one for one in drawn if one.kind in ENDS_COMPARISON]
    others = [one for one in drawn if one.kind not in ENDS_COMPARISON]
    end = min(len(others), round(len(drawn) * (1 - AT_THE_END)))
    return [*others[:end], *late, *others[end:]]
