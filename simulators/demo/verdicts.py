"""Which anomaly tells of which injected fault."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from connectors.database.overview import LatestAnomaly
from connectors.recordings.truth import Injected

AnomalyKey: TypeAlias = tuple[str, datetime]
"""Which anomaly it is: its parameter, and when it started."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of an injected fault: its anomalies, the first first."""

    injected: Injected
    detections: tuple[LatestAnomaly, ...]

    @property
    def delay_s(self) -> float | None:
        """Event time from the start of the fault to the first anomaly."""
        return delay_s(self.injected, self.detections[0]) if self.detections else None


def delay_s(fault: Injected, found: LatestAnomaly) -> float:
    """Event time from the start of a fault to an anomaly."""
    return (found.started_at - fault.started_at).total_seconds()


def key(anomaly: LatestAnomaly) -> AnomalyKey:
    """Which one it is."""
    return anomaly.parameter, anomaly.started_at


def judge(
    faults: Iterable[Injected], anomalies: Sequence[LatestAnomaly], late: timedelta
) -> tuple[list[Verdict], list[LatestAnomaly]]:
    """What became of each fault, and the anomalies that belong to no fault.

    An anomaly belongs to a fault of its parameter, or of the one that its parameter
    is derived from, if it starts during it, or so `late` after its end.
    """
    by_parameter: dict[str, list[LatestAnomaly]] = defaultdict(list)
    for found in sorted(anomalies, key=lambda each: each.started_at):
        by_parameter[found.parameter].append(found)
    verdicts = []
    for fault in sorted(faults, key=lambda each: each.started_at):
        own = [
            found
            for parameter, candidates in by_parameter.items()
            if _tells_of(parameter, str(fault.name))
            for found in _between(candidates, fault.started_at, fault.ended_at + late)
        ]
        own.sort(key=lambda found: found.started_at)
        verdicts.append(Verdict(fault, tuple(own)))
    explained = faults_by_anomaly(verdicts)
    return verdicts, [found for found in anomalies if key(found) not in explained]


def faults_by_anomaly(verdicts: Iterable[Verdict]) -> Mapping[AnomalyKey, Injected]:
    """The fault that each anomaly tells of; of two the one that began later."""
    return {
        key(found): verdict.injected
        for verdict in sorted(verdicts, key=lambda each: each.injected.started_at)
        for found in verdict.detections
    }


def _between(
    anomalies: Sequence[LatestAnomaly], first: datetime, last: datetime
) -> Sequence[LatestAnomaly]:
    """Those of a sorted sequence that started from the first to the last moment."""
    begin = bisect_left(anomalies, first, key=lambda each: each.started_at)
    end = bisect_right(anomalies, last, key=lambda each: each.started_at)
    return anomalies[begin:end]


def _tells_of(parameter: str, faulty: str) -> bool:
    """Whether it is that parameter, or derived from it, such as velocity_silence."""
    return parameter == faulty or parameter.startswith(f"{faulty}_")
