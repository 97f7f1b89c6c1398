"""What is found of samples: anomalies and why, drifts, expected ranges."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Literal, TypeAlias

from connectors.messages.samples import ParameterName

# The id of an anomaly follows from its parameter and start, whoever computes it.
_NAMESPACE = uuid.UUID("6f7262b2-7477-4174-8368-616e6f6d616c")

ChangeKind: TypeAlias = Literal["opened", "updated", "closed"]


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
    """Why a sample got its score; None where there is no such notion.

    Args:
        detector: name of the detector that speaks.
        observed: the sample's value, in the parameter's unit.
        expected: the value the detector expected, in the parameter's unit.
        lower: lower end of what would have been normal, in the parameter's unit.
        upper: upper end of what would have been normal, in the parameter's unit.
        threshold: where the score is 1, in the detector's own measure.
        text: the same as one sentence.
        contributions: of each detector that was asked its score, the highest first; or
            of each part that was judged together its share of the score.

    >>> Explanation("limits", 31.0, None, 10.0, 30.0, 30.0, "31 is too high.").upper
    30.0
    """

    detector: str
    observed: float | None
    expected: float | None
    lower: float | None
    upper: float | None
    threshold: float | None
    text: str
    contributions: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AnomalyChange:
    """What happened to an anomaly: it was opened, grew (`updated`) or ended (`closed`).

    Args:
        kind: which of these.
        revision: 1 when opened, one more with each change.
        started_us: time of its first sample, in microseconds since 1970 (UTC).
        ended_us: time of its last anomalous sample, None until it is closed.
        severity: of the worst sample so far, one more if the anomaly lasts.
        peak_score: the highest score so far (1.0 = threshold).
        samples: anomalous samples so far.
        explanation: of the sample that made it as severe as it is, or of one as severe
            at which the peak has grown since.

    >>> why = Explanation("limits", 31.0, None, None, 30.0, 30.0, "31 is too high.")
    >>> AnomalyChange("opened", 1, 0, None, Severity.WARNING, 1.1, 1, why)
    ... # doctest: +ELLIPSIS
    AnomalyChange(kind='opened', revision=1, started_us=0, ended_us=None, ...)
    """

    kind: ChangeKind
    revision: int
    started_us: int
    ended_us: int | None
    severity: Severity
    peak_score: float
    samples: int
    explanation: Explanation


@dataclass(frozen=True, slots=True)
class Anomaly:
    """A change of an anomaly of a parameter, as it is told.

    `id` follows from the parameter and the start: a reader keeps the highest revision
    it has seen of an id and drops the rest. Of two with the same revision the later
    counts: one of them was closed by hand.
    """

    id: str
    name: ParameterName
    change: AnomalyChange

    @classmethod
    def of(
        cls, name: ParameterName, change: AnomalyChange, series: str = ""
    ) -> Anomaly:
        """The change as told; `series` keeps apart starts that coincide."""
        return cls(anomaly_id(name, change.started_us, series), name, change)


def anomaly_id(name: ParameterName, started_us: int, series: str = "") -> str:
    """The id of the anomaly of a parameter that started at this time."""
    return str(uuid.uuid5(_NAMESPACE, f"{name}@{started_us}{series}"))


@dataclass(frozen=True, slots=True)
class Drift:
    """That the data of a parameter changed for good, which is not an anomaly.

    Args:
        detector: name of the detector that speaks.
        at_us: time of the sample that gave the last bit of evidence, in microseconds
            since 1970 (UTC); the change itself came before.
        mean_before: the mean before the change, in the parameter's unit.
        mean_after: the mean of the samples since.
        text: the same as one sentence.

    >>> Drift("adwin", 0, 2.0, 5.0, "The mean changed from 2 to 5.").mean_after
    5.0
    """

    detector: str
    at_us: int
    mean_before: float
    mean_after: float
    text: str


@dataclass(frozen=True, slots=True)
class ExpectedRange:
    """What values of a parameter are expected from a time on, until another is told.

    Args:
        since_us: generation time of the first sample that it holds for.
        lower: lower end, in the parameter's unit; NaN = none, or not known yet.
        upper: upper end.
    """

    since_us: int
    lower: float
    upper: float
