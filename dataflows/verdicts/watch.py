"""All that watches one parameter: its detectors, its limits and its anomalies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from connectors.messages.findings import AnomalyChange, Drift, ExpectedRange
from connectors.messages.samples import Context
from dataflows.detectors import Detector
from dataflows.detectors.drift import DriftDetector
from dataflows.detectors.limits import Limits
from dataflows.state.arrays import Floats, Severities, Times
from dataflows.state.arrival_clock import (
    BEFORE_ALL,
    EPOCH,
    NEWEST,
    arrival_clock,
    epoch_code,
    in_time,
)
from dataflows.state.snapshot import SnapshotError, label, pack, unpack
from dataflows.verdicts.detector_panel import Panel
from dataflows.verdicts.episodes import Episodes
from dataflows.verdicts.expected_range import news_of, untold

__all__ = ["ParameterWatch", "Verdict"]

_LABEL = label("parameter_watch", 3, {})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a batch of samples turned out to be.

    Args:
        scores: highest score of all detectors, one per sample; NaN = not acquired.
        severities: of `Severity`, one per sample.
        changes: of the parameter's anomalies, in order.
        drifts: of the parameter's data, in order of the detectors.
        late: how many samples were not later than one seen before.
        ranges: of values that are expected from now on, if they have moved.
    """

    scores: Floats
    severities: Severities
    changes: tuple[AnomalyChange, ...]
    drifts: tuple[Drift, ...] = ()
    late: int = 0
    ranges: tuple[ExpectedRange, ...] = ()


class ParameterWatch:
    """Runs the detectors of one parameter and follows its anomalies.

    Late or repeated samples are judged by the limits alone, each by itself: nothing is
    learnt from them, and they are no part of an anomaly.

    Args:
        detectors: what judges the samples, besides the limits.
        limits: what people have set, if they have.
        episodes: when an anomaly is over.
        drifts: what tells that the data changed for good.
        votes_needed: of the detectors that learn, how many must agree.

    >>> watch = ParameterWatch([], Limits(soft_high=30.0, hard_high=40.0))
    >>> verdict = watch.update(np.array([10, 20]), np.array([25.0, 35.0]))
    >>> verdict.scores.tolist(), verdict.changes[0].explanation.text
    ([0.0, 1.5], '35 is above the soft limit 30.')
    """

    def __init__(
        self,
        detectors: Sequence[Detector],
        limits: Limits | None = None,
        episodes: Episodes | None = None,
        drifts: Sequence[DriftDetector] = (),
        *,
        votes_needed: int = 1,
    ) -> None:
        """Store the parts; no sample was seen."""
        self.limits = limits or Limits()
        self.panel = Panel([self.limits, *detectors], needed=votes_needed)
        self.episodes = episodes or Episodes()
        self.drifts = tuple(drifts)
        self.clock = arrival_clock()
        self.told = untold(1)

    def begin_epoch(self) -> None:
        """Take what follows for another epoch, in which other values may be normal."""
        self.panel.begin_epoch()

    def update(
        self,
        times_us: Times,
        values: Floats,
        context: Context | None = None,
        epochs: Sequence[tuple[int, str]] = (),
    ) -> Verdict:
        """Return the verdict on the next samples, cut anyhow into batches.

        `times_us` are microseconds since 1970 (UTC). `epochs` are pairs of an index and
        the name of the epoch that the samples from there on belong to; where it is
        another one than before, the detectors begin a new epoch.
        """
        if not epochs:
            return self._update(times_us, values, context)
        verdicts = []
        starts = [index for index, _ in epochs]
        told = [(0, None), *epochs]
        for (start, epoch), end in zip(told, [*starts, len(values)], strict=True):
            for run in self._entering(epoch, times_us, start, end):
                some = context and {name: context[name][run] for name in context}
                verdicts.append(self._update(times_us[run], values[run], some))
        return _joined(verdicts)

    def _entering(
        self, epoch: str | None, times_us: Times, start: int, end: int
    ) -> Iterator[slice]:
        """Yield the runs before and after the epoch begins, and begin it in between.

        It begins with its first sample that does not come late, which is also one that
        shows that the clock was set back.
        """
        code = int(self.clock[EPOCH]) if epoch is None else epoch_code(epoch)
        first = start
        if code != self.clock[EPOCH]:
            kept = in_time(self.clock.copy(), times_us[start:end])
            first = start + int(kept[0]) if len(kept) else end
        if first > start:
            yield slice(start, first)
        if first < end:
            if code != self.clock[EPOCH] and self.clock[NEWEST] != BEFORE_ALL:
                self.begin_epoch()
            self.clock[EPOCH] = code
            yield slice(first, end)

    def _update(
        self, times_us: Times, values: Floats, context: Context | None
    ) -> Verdict:
        kept = in_time(self.clock, times_us)
        if len(kept) == len(values):
            return self._judge(times_us, values, context)
        context = {name: column[kept] for name, column in (context or {}).items()}
        verdict = self._judge(times_us[kept], values[kept], context)
        # Late samples, each by itself: nothing goes on from one to the next.
        scores = self.limits.judge(values)
        severities = self.limits.severities(scores)
        scores[kept], severities[kept] = verdict.scores, verdict.severities
        late = len(values) - len(kept)
        return replace(verdict, scores=scores, severities=severities, late=late)

    def _judge(
        self, times_us: Times, values: Floats, context: Context | None
    ) -> Verdict:
        scores, severities = self.panel.judge(times_us, values, context)
        verdict = self._follow(times_us, values, scores, severities)
        band = self.panel.expected_band()
        news = band and news_of(times_us, values, band, self.told)
        return replace(verdict, ranges=tuple(news)) if news else verdict

    def _follow(
        self, times_us: Times, values: Floats, scores: Floats, severities: Severities
    ) -> Verdict:
        explain = self.panel.explain
        changes = self.episodes.update(times_us, scores, severities, explain)
        found = [drift.update(times_us, values) for drift in self.drifts]
        return Verdict(scores, severities, changes, tuple(chain.from_iterable(found)))

    def follow(
        self, times_us: Times, values: Floats, scores: Sequence[Floats]
    ) -> Verdict:
        """Return the verdict on samples that all detectors, in order, have scored."""
        return self._follow(times_us, values, *self.panel.combine(values, scores))

    def forget_batch(self) -> None:
        """Let go of the last batch: it may hold on to all that was polled with it."""
        self.panel.forget_batch()

    def snapshot(self) -> bytes:
        """Return the state of all parts."""
        names = "\n".join(part.name for part in self._parts())
        parts = [part.snapshot() for part in self._parts()]
        own = [self.clock.tobytes(), self.told.tobytes(), names.encode()]
        return pack(_LABEL, [*own, *parts])

    def restore(self, data: bytes) -> Sequence[str]:
        """Continue from a snapshot, part by part.

        Returns the names of the parts that start afresh, as the snapshot has nothing
        for them, or of other settings. Raises SnapshotError, and changes nothing, if
        the bytes are no snapshot of a watch.
        """
        clock, told, names, *parts = unpack(data, _LABEL)
        found = dict(zip(names.decode().split("\n"), parts, strict=True))
        self.clock[:] = np.frombuffer(clock, np.int64)
        self.told[0] = np.frombuffer(told)
        return [part.name for part in self._parts() if not _continues(part, found)]

    def _parts(self) -> list[Detector | Episodes | DriftDetector]:
        return [*self.panel.detectors, self.episodes, *self.drifts]


def _continues(
    part: Detector | Episodes | DriftDetector, found: Mapping[str, bytes]
) -> bool:
    """Restore a part from its bytes, if they are there and fit."""
    try:
        part.restore(found.get(part.name, b""))
    except SnapshotError:
        return False
    return True


def _joined(verdicts: Sequence[Verdict]) -> Verdict:
    """Return the verdict on runs that follow each other."""
    return Verdict(
        np.concatenate([np.empty(0), *(one.scores for one in verdicts)]),
        np.concatenate([np.empty(0, np.int8), *(one.severities for one in verdicts)]),
        tuple(change for one in verdicts for change in one.changes),
        tuple(drift for one in verdicts for drift in one.drifts),
        sum(one.late for one in verdicts),
        tuple(told for one in verdicts for told in one.ranges),
    )
