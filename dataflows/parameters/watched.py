"""One parameter in a flow: what watches it, and what is told of it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from connectors.decode.rows import SEQUENCE
from connectors.errors import SettingsError
from connectors.files.parameters import Definitions, ParameterDefinition
from connectors.messages.findings import Anomaly, Drift, Expected, Explanation, Severity
from connectors.messages.samples import ParameterName
from connectors.settings import variable
from dataflows.detectors.drift import DriftEvent
from dataflows.detectors.limits import Limits
from dataflows.state.arrival_clock import NEWEST
from dataflows.verdicts.bank import DetectorBank
from dataflows.verdicts.build import BY_DEFAULT, build_staleness, build_watch
from dataflows.verdicts.episodes import EpisodeChange
from dataflows.verdicts.expected_range import ExpectedRange
from dataflows.verdicts.staleness import Staleness
from dataflows.verdicts.watch import ParameterWatch

# The id of an anomaly follows from its parameter and start, whoever computes it.
ANOMALY_NAMESPACE = uuid.UUID("6f7262b2-7477-4174-8368-616e6f6d616c")
# Packets are counted, not measured: what learns has nothing to learn from that.
SEQUENCE_DETECTORS: Mapping[str, Mapping[str, object]] = {
    name: {"enabled": False} for name in BY_DEFAULT
}


@dataclass(slots=True)
class Watched:
    """A parameter and what watches it; `staleness` where silence is to be told.

    `bank` and `row` say where its detectors are, if not by themselves.
    """

    name: ParameterName
    unit: str
    watch: ParameterWatch
    staleness: Staleness | None
    bank: DetectorBank | None = None
    row: int = -1

    @property
    def key(self) -> bytes:
        """What it is known by in snapshots."""
        return "/".join(self.name).encode()

    @property
    def newest_us(self) -> int:
        """The generation time of its newest sample, as its own clock has it."""
        return int(self.watch.clock[NEWEST])

    @property
    def open_since_us(self) -> int | None:
        """When the anomaly started that its samples are in."""
        current = self.watch.episodes.current
        return None if current is None else current.started_us

    @classmethod
    def afresh(cls, definition: ParameterDefinition) -> Watched:
        """The parameter with detectors that have learnt nothing.

        Raises SettingsError, naming file and parameter, for settings that do not fit.
        """
        name, settings = definition.name, definition.detectors
        if name.parameter == SEQUENCE:
            settings = {**SEQUENCE_DETECTORS, **settings}
        try:
            limits = Limits(*definition.soft, *definition.hard)
            watch, staleness = build_watch(limits, settings), build_staleness(settings)
        except ValueError as error:
            problem = f"{definition.source}: {name}: {error}"
            raise SettingsError(variable("parameters"), problem) from None
        return cls(name, definition.unit, watch, staleness)

    def anomalies(
        self, changes: Iterable[EpisodeChange], series: str = ""
    ) -> tuple[Anomaly, ...]:
        """The changes as told; `series` keeps apart starts that coincide."""
        return tuple(_anomaly(self.name, change, series) for change in changes)

    def in_progress(self) -> Iterator[tuple[str, str]]:
        """Yields the ids and severities of its anomalies that go on, as told last."""
        if current := self.watch.episodes.current:
            severity = Severity(current.told_severity)
            yield _anomaly_id(self.name, current.started_us), severity.name
        if self.staleness and (since_us := self.staleness.stale_since_us) is not None:
            series = self.staleness.name
            yield _anomaly_id(self.name, since_us, series), Staleness.severity.name

    def drifts(self, events: Iterable[DriftEvent]) -> tuple[Drift, ...]:
        """The drifts as told."""
        return tuple(_drift(self.name, event) for event in events)

    def expected(self, told: ExpectedRange) -> Expected:
        """What is expected, as told."""
        return Expected(self.name, told.since_us, told.lower, told.upper)


def check_definitions(definitions: Definitions) -> None:
    """Raises SettingsError for the first definition that makes no detectors."""
    for definition in definitions:
        Watched.afresh(definition)


def _anomaly_id(name: ParameterName, started_us: int, series: str = "") -> str:
    return str(uuid.uuid5(ANOMALY_NAMESPACE, f"{name}@{started_us}{series}"))


def _anomaly(name: ParameterName, change: EpisodeChange, series: str) -> Anomaly:
    why = change.explanation
    return Anomaly(
        id=_anomaly_id(name, change.started_us, series),
        name=name,
        change=change.kind,
        revision=change.revision,
        started_us=change.started_us,
        ended_us=change.ended_us,
        severity=change.severity.name,
        peak_score=change.peak_score,
        samples=change.samples,
        explanation=Explanation(
            why.detector,
            why.observed,
            why.expected,
            why.lower,
            why.upper,
            why.threshold,
            why.text,
            dict(why.contributions),
        ),
    )


def _drift(name: ParameterName, event: DriftEvent) -> Drift:
    return Drift(
        name,
        event.at_us,
        event.detector,
        event.mean_before,
        event.mean_after,
        event.text,
    )
