"""One parameter in a flow: its detectors, its silence, and what becomes of both."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from bytewax.operators import StatefulBatchLogic
from typing_extensions import override

from connectors.decode.rows import SEQUENCE
from connectors.errors import SettingsError
from connectors.messages import (
    Anomaly,
    Drift,
    Explanation,
    ParameterName,
    Polled,
    Samples,
    Scored,
    moment,
)
from connectors.metrics import FlowMetrics
from connectors.parameters import Definitions, ParameterDefinition
from connectors.settings import variable
from dataflows.detectors.build import BY_DEFAULT, build_staleness, build_watch
from dataflows.detectors.drift import DriftEvent
from dataflows.detectors.episodes import EpisodeChange
from dataflows.detectors.limits import Limits
from dataflows.detectors.snapshot import SnapshotError, label, pack, unpack
from dataflows.detectors.staleness import Staleness
from dataflows.detectors.watch import ParameterWatch

# The id of an anomaly follows from its parameter and start, whoever computes it.
ANOMALY_NAMESPACE = uuid.UUID("6f7262b2-7477-4174-8368-616e6f6d616c")
# Packets are counted, not measured: what learns has nothing to learn from that.
SEQUENCE_DETECTORS: Mapping[str, Mapping[str, object]] = {
    name: {"enabled": False} for name in BY_DEFAULT
}
_SNAPSHOT = label("parameter", 1, {})

_log = logging.getLogger("orbitwatch.detect")


@dataclass(slots=True)
class Watched:
    """A parameter and what watches it; `staleness` where silence is to be told."""

    name: ParameterName
    unit: str
    watch: ParameterWatch
    staleness: Staleness | None

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

    @classmethod
    def resumed(cls, data: bytes, definitions: Definitions, now_us: int) -> Watched:
        """The parameter as a snapshot has it; silence counts from now.

        What has new settings, or is of a new version, starts afresh: better than to
        stop.
        """
        key, watch, staleness = unpack(data, _SNAPSHOT)
        found = cls.afresh(definitions.of(ParameterName(*key.decode().split("/"))))
        fresh = list(found.watch.restore(watch))
        if found.staleness and staleness:
            try:
                found.staleness.restore(staleness)
                found.staleness.resumed(now_us)
            except SnapshotError:
                fresh.append(Staleness.name)
        if fresh:
            _log.warning("%s: %s start afresh", found.name, ", ".join(fresh))
        return found

    def snapshot(self) -> bytes:
        """The state of all that watches it, and its name."""
        names = (self.name.spacecraft, self.name.subsystem, self.name.parameter)
        staleness = self.staleness.snapshot() if self.staleness else b""
        parts = ["/".join(names).encode(), self.watch.snapshot(), staleness]
        return pack(_SNAPSHOT, parts)


class WatchLogic(StatefulBatchLogic[Polled, Scored, bytes]):
    """Judges the batches of one parameter; the snapshot is that of its detectors.

    Bytewax does not tell the key, so detectors are made at the first batch, which
    names the parameter. `clock_us` is asked only where silence is to be told.
    """

    def __init__(
        self,
        resume: bytes | None,
        definitions: Definitions,
        metrics: FlowMetrics,
        clock_us: Callable[[], int],
    ) -> None:
        self._definitions, self._metrics = definitions, metrics
        self._clock_us = clock_us
        self._watched: Watched | None = None
        if resume:
            self._watched = Watched.resumed(resume, definitions, clock_us())

    @override
    def on_batch(self, values: list[Polled]) -> tuple[Iterable[Scored], bool]:
        watched = self._watched
        if watched is None:
            definition = self._definitions.of(values[0].samples.name)
            watched = self._watched = Watched.afresh(definition)
        scored = [self._judge(watched, polled) for polled in values]
        if watched.staleness:
            change = watched.staleness.arrived(self._clock_us())
            scored += self._timely(watched, change)
        return scored, self.RETAIN

    @override
    def on_notify(self) -> tuple[Iterable[Scored], bool]:
        watched = self._watched
        if watched is None or watched.staleness is None:
            return [], self.RETAIN
        change = watched.staleness.woken(self._clock_us())
        return self._timely(watched, change), self.RETAIN

    @override
    def notify_at(self) -> datetime | None:
        staleness = self._watched.staleness if self._watched else None
        wake_us = staleness.wake_at_us if staleness else None
        return None if wake_us is None else moment(wake_us)

    @override
    def snapshot(self) -> bytes:
        return self._watched.snapshot() if self._watched else b""

    def _judge(self, watched: Watched, polled: Polled) -> Scored:
        samples = polled.samples
        verdict = watched.watch.update(
            samples.times_us, samples.values, samples.context, samples.epochs
        )
        if verdict.late:
            self._metrics.late.inc(verdict.late)
        for event in verdict.drifts:
            self._metrics.drift(event.detector)
        return Scored(
            samples,
            verdict.scores,
            verdict.severities,
            self._anomalies(watched.name, verdict.changes),
            watched.unit,
            polled.poll,
            tuple(_drift(watched.name, event) for event in verdict.drifts),
        )

    def _timely(self, watched: Watched, change: EpisodeChange | None) -> list[Scored]:
        """What a timer brought about, or the end of it."""
        if change is None:
            return []
        nothing = Samples(watched.name, np.empty(0, np.int64), np.empty(0))
        anomalies = self._anomalies(watched.name, (change,), Staleness.name)
        severities = np.empty(0, np.int8)
        return [Scored(nothing, np.empty(0), severities, anomalies, watched.unit, None)]

    def _anomalies(
        self, name: ParameterName, changes: Iterable[EpisodeChange], series: str = ""
    ) -> tuple[Anomaly, ...]:
        found = tuple(_anomaly(name, change, series) for change in changes)
        for anomaly in found:
            self._metrics.anomaly(anomaly)
        return found


def _anomaly(name: ParameterName, change: EpisodeChange, series: str) -> Anomaly:
    """A change as readers get it; `series` keeps starts apart that may coincide."""
    why = change.explanation
    return Anomaly(
        id=str(uuid.uuid5(ANOMALY_NAMESPACE, f"{name}@{change.started_us}{series}")),
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
