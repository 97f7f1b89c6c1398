"""The steps that flows share, as Bytewax operators."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable
from dataclasses import replace

import bytewax.operators as op
from bytewax.dataflow import Stream, operator
from bytewax.operators import KeyedStream, StatefulBatchLogic
from typing_extensions import override

from connectors.errors import SettingsError
from connectors.messages import (
    Anomaly,
    DeadLetter,
    Explanation,
    ParameterName,
    Polled,
    Scored,
)
from connectors.metrics import FlowMetrics
from connectors.parameters import Definitions, ParameterDefinition
from connectors.settings import variable
from dataflows.detectors.build import build_watch
from dataflows.detectors.episodes import EpisodeChange
from dataflows.detectors.limits import Limits
from dataflows.detectors.snapshot import SnapshotError
from dataflows.detectors.watch import ParameterWatch

# The id of an anomaly follows from its parameter and start, whoever computes it.
ANOMALY_NAMESPACE = uuid.UUID("6f7262b2-7477-4174-8368-616e6f6d616c")

_log = logging.getLogger("orbitwatch.detect")


def watch_of(definition: ParameterDefinition) -> ParameterWatch:
    """Fresh detectors for a parameter.

    Raises SettingsError, naming file and parameter, for settings that do not fit.
    """
    try:
        limits = Limits(*definition.soft, *definition.hard)
        return build_watch(limits, definition.detectors)
    except ValueError as error:
        raise SettingsError(
            variable("parameters"), f"{definition.source}: {definition.name}: {error}"
        ) from None


def check_definitions(definitions: Definitions) -> None:
    """Raises SettingsError for the first definition that makes no detectors."""
    for definition in definitions:
        watch_of(definition)


class _Watching(StatefulBatchLogic[Polled, Scored, bytes]):
    """The detectors of one parameter; the snapshot is theirs.

    Bytewax builds it without the key, so the detectors are made at the first batch,
    which names the parameter.
    """

    def __init__(
        self, resume: bytes | None, definitions: Definitions, metrics: FlowMetrics
    ) -> None:
        self._resume, self._definitions, self._metrics = resume, definitions, metrics
        self._watch: ParameterWatch | None = None
        self._unit = ""

    @override
    def on_batch(self, values: list[Polled]) -> tuple[Iterable[Scored], bool]:
        watch = self._watch or self._begin(values[0].samples.name)
        return [self._judge(watch, polled) for polled in values], self.RETAIN

    @override
    def snapshot(self) -> bytes:
        if self._watch is None:
            return self._resume or b""
        return self._watch.snapshot()

    def _begin(self, name: ParameterName) -> ParameterWatch:
        definition = self._definitions.of(name)
        self._unit = definition.unit
        self._watch = watch_of(definition)
        if self._resume:
            try:
                self._watch.restore(self._resume)
            except SnapshotError as error:
                # After new settings or a new version: better to learn anew than stop.
                _log.warning("%s starts learning anew: %s", name, error)
                self._watch = watch_of(definition)
        self._resume = None
        return self._watch

    def _judge(self, watch: ParameterWatch, polled: Polled) -> Scored:
        samples = polled.samples
        verdict = watch.update(
            samples.times_us, samples.values, samples.context, samples.epochs
        )
        if verdict.late:
            self._metrics.late.inc(verdict.late)
        anomalies = tuple(_anomaly(samples.name, change) for change in verdict.changes)
        for anomaly in anomalies:
            self._metrics.anomaly(anomaly)
        return Scored(
            samples,
            verdict.scores,
            verdict.severities,
            anomalies,
            self._unit,
            polled.poll,
        )


def _anomaly(name: ParameterName, change: EpisodeChange) -> Anomaly:
    why = change.explanation
    return Anomaly(
        id=str(uuid.uuid5(ANOMALY_NAMESPACE, f"{name}@{change.started_us}")),
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


@operator
def split(
    step_id: str, up: Stream[Polled | DeadLetter]
) -> op.BranchOut[Polled, DeadLetter]:
    """Parts what could be decoded (`trues`) from what could not (`falses`)."""

    def is_polled(item: Polled | DeadLetter) -> bool:
        return isinstance(item, Polled)

    return op.branch("is_telemetry", up, is_polled)  # type: ignore[return-value]


@operator
def by_parameter(
    step_id: str, up: Stream[Polled], definitions: Definitions
) -> KeyedStream[Polled]:
    """Keys batches by their parameter, whose subsystem is filled in where left out."""

    def name(polled: Polled) -> tuple[str, Polled]:
        samples = polled.samples
        known = definitions.identify(samples.name)
        if known is not samples.name:
            polled = replace(polled, samples=replace(samples, name=known))
        return str(known), polled

    return op.map("name", up, name)


@operator
def watch(
    step_id: str,
    up: KeyedStream[Polled],
    definitions: Definitions,
    metrics: FlowMetrics,
) -> KeyedStream[Scored]:
    """Scores each parameter's samples with detectors of its own.

    Each batch in gives one batch out, in order: the sink counts on it.
    """

    def build(resume: bytes | None) -> _Watching:
        return _Watching(resume, definitions, metrics)

    return op.stateful_batch("detectors", up, build)


@operator
def anomalies(step_id: str, up: KeyedStream[Scored]) -> Stream[Anomaly]:
    """The changes of anomalies that scoring brought about."""

    def of(item: tuple[str, Scored]) -> tuple[Anomaly, ...]:
        return item[1].anomalies

    return op.flat_map("changes", up, of)
