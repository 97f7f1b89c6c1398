"""The parameters of a shard in a flow: judged together where they can be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import chain

import numpy as np
from bytewax.operators import StatefulBatchLogic
from typing_extensions import override

from connectors.files.parameters import Band, Definitions
from connectors.messages.findings import Anomaly, AnomalyChange, Drift, ExpectedRange
from connectors.messages.polls import NO_POLL, Polled, ToStore
from connectors.messages.samples import ParameterName, Runs, Situation
from connectors.messages.times import moment
from connectors.messages.writes import Findings, ScoredSamples
from connectors.metrics import FlowMetrics
from dataflows.detectors.limits import Limits
from dataflows.parameters.most_watched import MostWatched
from dataflows.parameters.roll_call import RollCall
from dataflows.parameters.silence import Silence, SilenceClock
from dataflows.parameters.snapshot import read_shard, write_shard
from dataflows.parameters.watched import Watched
from dataflows.verdicts.bank import BankKind, DetectorBank, bank_of
from dataflows.verdicts.staleness import Staleness
from dataflows.verdicts.watch import ParameterWatch

# Stands for all parameters that are too many to be watched.
_UNWATCHED = Watched(ParameterName("", "", ""), ParameterWatch([]), None)


DriftOf = tuple[ParameterName, Drift]


class ShardLogic(StatefulBatchLogic[Polled, ToStore, bytes]):
    """Judges what arrives of a shard's parameters; its snapshot is all they learnt.

    A parameter is known from its first sample on, if there is room for it; what was
    known before a restart is. `clock` is what silence is judged by.
    """

    def __init__(
        self,
        resume: bytes | None,
        definitions: Definitions,
        metrics: FlowMetrics,
        clock: SilenceClock,
        most_watched: MostWatched | None = None,
        roll_call: RollCall | None = None,
    ) -> None:
        self._roll_call = roll_call
        self._definitions, self._metrics = definitions, metrics
        self._most_watched = most_watched or MostWatched(metrics)
        self._watched: dict[ParameterName, Watched] = {}
        self._banks: dict[BankKind, DetectorBank] = {}
        self._silence = Silence(clock)
        # Anomalies of before a restart, until their parameter is heard: where processes
        # were split, only one of those that go on from the same snapshot will hear it.
        self._unheard: dict[ParameterName, list[tuple[str, str]]] = {}
        for watched in read_shard(resume, definitions) if resume else ():
            self._resume(watched)

    @override
    def on_batch(self, values: list[Polled]) -> tuple[Iterable[ToStore], bool]:
        return [*chain.from_iterable(map(self._take, values))], self.RETAIN

    @override
    def on_notify(self) -> tuple[Iterable[ToStore], bool]:
        return [*self._look_at_the_clock()], self.RETAIN

    @override
    def notify_at(self) -> datetime | None:
        wake_us = self._silence.wake_at_us
        return None if wake_us is None else moment(wake_us)

    @override
    def snapshot(self) -> bytes:
        return write_shard(self._watched.values(), self._banks.values())

    def _resume(self, watched: Watched) -> None:
        self._take_in(watched)
        self._silence.resumed(watched)
        if watched.name.is_replayed:
            return
        self._metrics.telemetry.heard_before(watched.name.spacecraft, watched.newest_us)
        if in_progress := [*watched.in_progress()]:
            self._unheard[watched.name] = in_progress

    def _hear(self, names: Iterable[ParameterName]) -> None:
        for name in self._unheard.keys() & names:
            for anomaly_id, severity in self._unheard.pop(name):
                self._metrics.anomalies.in_progress(anomaly_id, severity)

    def _of(self, name: ParameterName) -> Watched:
        watched = self._watched.get(name)
        if watched is None:
            # What somebody described is watched in any case.
            if name not in self._definitions and not self._most_watched.has_room_for(
                name
            ):
                return _UNWATCHED
            watched = Watched.afresh(self._definitions.of(name))
            self._take_in(watched)
        return watched

    def _take_in(self, watched: Watched) -> None:
        if self._roll_call:
            self._roll_call.known(watched.name)
        self._most_watched.add(watched.name)
        self._watched[watched.name] = watched
        self._seat(watched)

    def _seat(self, watched: Watched) -> None:
        """Puts its detectors into the bank of their kind, if there is one."""
        watched.bank = None
        kind = bank_of(watched.watch)
        if kind is not None:
            bank = self._banks.get(kind)
            if bank is None:
                bank = self._banks[kind] = DetectorBank(watched.watch)
            watched.bank, watched.row = bank, bank.add(watched.key, watched.watch)

    def _unseat(self, bank: DetectorBank, row: int) -> None:
        bank.remove(row)
        if not len(bank) and bank.kind is not None:
            del self._banks[bank.kind]

    def _take(self, polled: Polled) -> Iterator[ToStore]:
        if polled.poll == NO_POLL:
            return self._look_at_the_clock()
        return self._judge(polled)

    def _look_at_the_clock(self) -> Iterator[ToStore]:
        for watched, change in self._silence.woken():
            yield self._timely(watched, change)

    def _judge(self, polled: Polled) -> Iterator[ToStore]:
        samples = polled.samples
        if not samples.names:
            yield ToStore(polled.poll, polled.writes)
            return
        if polled.poll.learnt:
            yield self._only_store(polled)
            return
        if self._unheard:
            self._hear(samples.names)
        watched = [self._of(name) for name in samples.names]
        if self._roll_call:
            self._roll_call.hear(samples.names)
        found = _Found(samples)
        for place in self._judge_together(found, watched):
            self._judge_alone(found, watched[place], place)
        anomalies, drifts = found.in_order()
        self._count(found.late, anomalies, drifts)
        # Ends of silences come first: what follows says that none goes on.
        silent = [one for one in watched if one.staleness]
        if silent:
            for one, change in self._silence.arrived(silent):
                yield self._timely(one, change)
        scored = ScoredSamples(samples, found.scores, found.severities)
        findings = Findings(anomalies, drifts, found.expected, found.open_since_us)
        yield ToStore(polled.poll, (*polled.writes, scored, findings))

    def _only_store(self, polled: Polled) -> ToStore:
        """Passes on what was judged before: it is held against its limits only."""
        found = _Found(polled.samples)
        for place, name in enumerate(polled.samples.names):
            self._hold_against_limits(found, place)
            if one := self._watched.get(name):
                found.note_open([one])
        scored = ScoredSamples(polled.samples, found.scores, found.severities)
        findings = Findings(open_since_us=found.open_since_us)
        return ToStore(polled.poll, (*polled.writes, scored, findings))

    def _judge_together(self, found: _Found, watched: Sequence[Watched]) -> list[int]:
        """Has the banks judge what is theirs; returns the places of the others."""
        rest: list[int] = []
        theirs: dict[tuple[int, int], list[int]] = {}
        situations = found.samples.situations
        for place, one in enumerate(watched):
            if one.bank is None:
                rest.append(place)
                continue
            # The parameters of a packet share the object that tells its context.
            shared = id(one.bank), id(situations.get(place))
            theirs.setdefault(shared, []).append(place)
        for places in theirs.values():
            if bank := watched[places[0]].bank:
                rest += self._have_judged(bank, found, watched, places)
        return rest

    def _have_judged(
        self,
        bank: DetectorBank,
        found: _Found,
        watched: Sequence[Watched],
        places: list[int],
    ) -> list[int]:
        samples = found.samples
        rows = np.array([watched[place].row for place in places])
        begins, ends = samples.starts[places], samples.starts[np.add(places, 1)]
        # The parameters of a packet mostly lie together: a piece of all samples.
        first, last = int(begins[0]), int(ends[-1])
        piece = slice(first, last)
        judged = bank.judge(
            *(rows, begins - first, ends - first),
            *(samples.times_us[piece], samples.values[piece]),
            *samples.situations.get(places[0], Situation()),
        )
        runs = [piece]
        if last - first > (ends - begins).sum():
            runs = [*map(slice, begins.tolist(), ends.tolist())]
        for run in runs:
            theirs = slice(run.start - first, run.stop - first)
            found.scores[run] = judged.scores[theirs]
            found.severities[run] = judged.severities[theirs]
        for index, changes in judged.changes:
            place = places[index]
            found.note_changes(place, watched[place].name, changes)
        found.expected += [
            (watched[places[index]].name, told) for index, told in judged.ranges
        ]
        found.note_open(watched[places[index]] for index in bank.open_among(rows))
        return [places[index] for index in judged.left]

    def _hold_against_limits(self, found: _Found, place: int) -> None:
        """Judges samples of a parameter each by itself, and learns nothing."""
        run, rows = found.samples.run(place), found.samples.rows(place)
        definition = self._definitions.of(run.name)
        limits = _limits(definition.soft, definition.hard)
        found.scores[rows] = scores = limits.judge(run.values)
        found.severities[rows] = limits.severities(scores)

    def _judge_alone(self, found: _Found, one: Watched, place: int) -> None:
        if one is _UNWATCHED:
            self._hold_against_limits(found, place)
            self._metrics.judging.unwatched.inc(len(found.samples.run(place)))
            return
        run = found.samples.run(place)
        verdict = one.watch.update(run.times_us, run.values, run.context, run.epochs)
        one.watch.forget_batch()
        rows = found.samples.rows(place)
        found.scores[rows], found.severities[rows] = verdict.scores, verdict.severities
        found.note_changes(place, one.name, verdict.changes)
        found.drifts[place] = [(one.name, drift) for drift in verdict.drifts]
        found.expected += [(one.name, told) for told in verdict.ranges]
        found.late += verdict.late
        found.note_open([one])
        if one.bank is None:
            return
        if bank_of(one.watch) == one.bank.kind:
            one.bank.note(one.row)
        else:  # it has got to know more of the context
            self._unseat(one.bank, one.row)
            self._seat(one)

    def _timely(self, one: Watched, change: AnomalyChange) -> ToStore:
        """What a timer brought about, or the end of it."""
        anomaly = Anomaly.of(one.name, change, Staleness.name)
        self._count(0, [anomaly], ())
        return ToStore(None, [Findings([anomaly])])

    def _count(
        self, late: int, anomalies: Iterable[Anomaly], drifts: Iterable[DriftOf]
    ) -> None:
        if late:
            self._metrics.judging.late.inc(late)
        for anomaly in anomalies:
            self._metrics.anomalies.told(anomaly)
        for _, drift in drifts:
            self._metrics.judging.drifts.labels(drift.detector).inc()


@lru_cache
def _limits(soft: Band, hard: Band) -> Limits:
    """Limits that hold samples against them each by itself: they keep nothing."""
    return Limits(*soft, *hard)


class _Found:
    """What is found of a batch so far: a number a sample, or by place."""

    def __init__(self, samples: Runs) -> None:
        self.samples = samples
        self.scores = np.empty(len(samples))
        self.severities = np.empty(len(samples), np.int8)
        self.anomalies: dict[int, list[Anomaly]] = {}
        self.drifts: dict[int, list[DriftOf]] = {}
        self.expected: list[tuple[ParameterName, ExpectedRange]] = []
        self.open_since_us: dict[ParameterName, int] = {}
        self.late = 0

    def note_changes(
        self, place: int, name: ParameterName, changes: Iterable[AnomalyChange]
    ) -> None:
        """Notes what happened to the anomalies of a parameter."""
        self.anomalies[place] = [Anomaly.of(name, change) for change in changes]

    def note_open(self, watched: Iterable[Watched]) -> None:
        """Notes whether these parameters are in an anomaly now."""
        for one in watched:
            self.open_since_us.pop(one.name, None)
            if (since_us := one.open_since_us) is not None:
                self.open_since_us[one.name] = since_us

    def in_order(self) -> tuple[list[Anomaly], list[DriftOf]]:
        """The anomalies and the drifts of all parameters, in their order."""
        anomalies = (self.anomalies[place] for place in sorted(self.anomalies))
        drifts = (self.drifts[place] for place in sorted(self.drifts))
        return [*chain.from_iterable(anomalies)], [*chain.from_iterable(drifts)]
