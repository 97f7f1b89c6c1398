"""What is found of samples: anomalies and why, drifts, expected ranges."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Literal

from connectors.messages.samples import ParameterName


class Severity(IntEnum):
    """From in limits to severe, in order, in the words of XTCE and ECSS limit sets.

    >>> Severity.WATCH < Severity.CRITICAL
    True
    """

    IN_LIMITS = 0
    WATCH = 1
    WARNING = 2
    DISTRESS = 3
    CRITICAL = 4
    SEVERE = 5


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a sample is anomalous; None where the detector has no such notion.

    `contributions` are the scores of all detectors that were asked.
    """

    detector: str
    observed: float | None
    expected: float | None
    lower: float | None
    upper: float | None
    threshold: float | None
    text: str
    contributions: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Anomaly:
    """A change of one anomaly: it was opened, grew (`updated`) or ended (`closed`).

    `id` follows from the parameter and the start, and `revision` counts the changes:
    a reader keeps the highest revision it has seen of an id and drops the rest. Of two
    with the same revision the later counts: one of them was closed by hand.
    """

    id: str
    name: ParameterName
    change: Literal["opened", "updated", "closed"]
    revision: int
    started_us: int
    ended_us: int | None
    severity: str
    peak_score: float
    samples: int
    explanation: Explanation


@dataclass(frozen=True, slots=True)
class Drift:
    """The data of a parameter changed for good, which is not an anomaly."""

    name: ParameterName
    detected_us: int
    detector: str
    mean_before: float
    mean_after: float
    text: str


@dataclass(frozen=True, slots=True)
class Expected:
    """What values of a parameter are expected from a time on; NaN = no such end."""

    name: ParameterName
    since_us: int
    lower: float
    upper: float
