"""Runs detectors over recordings without the engine, in one process or several."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from connectors.errors import SettingsError
from connectors.files.parameters import DetectorSet
from dataflows.backtest.recordings import Recording
from dataflows.backtest.scoring import Flags, Span
from dataflows.backtest.scoring.baselines import (
    always_on,
    fixed_limits,
    moving_z_score,
    random_alarms,
)
from dataflows.backtest.scoring.events import MERGE_GAP, Why, merge
from dataflows.detectors import Detector
from dataflows.detectors.limits import Limits
from dataflows.detectors.rule_detector import RuleDetector
from dataflows.state.arrays import Floats
from dataflows.state.arrival_clock import in_time
from dataflows.verdicts.build import build_watch
from dataflows.verdicts.expected_range import HasBand
from dataflows.verdicts.watch import ParameterWatch, Verdict

Item = TypeVar("Item")
Result = TypeVar("Result")

FRACTION_LEARNT = 0.2
"""Of a recording that is scored from its first sample: what fixed limits come from."""


@dataclass(frozen=True, slots=True)
class Detection:
    """What detectors made of the scored samples of a recording.

    Args:
        scores: one per sample; 1.0 is the threshold, NaN = not acquired.
        lower: lower end of what was expected, in the parameter's unit; NaN = unknown.
        upper: upper end.
        band_of: the detector whose expectation this is, or nothing.
        whys: of each alarm, in order.
    """

    scores: Floats
    lower: Floats
    upper: Floats
    band_of: str = ""
    whys: tuple[Why, ...] = ()


@dataclass(frozen=True, slots=True)
class Raised:
    """Which scores raise an alarm.

    Args:
        merge_gap: samples; flags closer than this are one alarm.
        blind: samples, from the first, whose scores raise none.
    """

    merge_gap: int = MERGE_GAP
    blind: int = 0

    def flags(self, scores: Floats) -> Flags:
        """A flag per sample."""
        return self.seen(scores >= 1.0)

    def seen(self, flags: Flags) -> Flags:
        """The flags, without those that are ignored."""
        seen = flags.copy()
        seen[: self.blind] = False
        return seen


def each(
    function: Callable[[Item], Result], items: Sequence[Item], jobs: int
) -> list[Result]:
    """The result for each item, in order, from `jobs` processes."""
    if jobs == 1 or len(items) < 2:
        return [function(item) for item in items]
    # A fork of a process with threads can hang.
    context = get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context) as executor:
        return list(executor.map(function, items, chunksize=4))


def detect_all(
    recordings: Sequence[Recording],
    detectors: DetectorSet,
    jobs: int = 1,
    with_band: bool = False,
    raised: Raised | None = None,
) -> list[Detection]:
    """What the detectors make of each recording.

    Raises SettingsError, naming the file, for settings that make no detectors.
    """
    for recording in recordings:
        _watch(detectors, recording)
    raised = raised or Raised()
    detect = partial(_detect, detectors=detectors, with_band=with_band, raised=raised)
    return each(detect, recordings, jobs)


def _watch(detectors: DetectorSet, recording: Recording) -> ParameterWatch:
    definition = detectors.of(recording.name)
    try:
        limits = Limits(*definition.soft, *definition.hard)
        return build_watch(limits, definition.detectors)
    except ValueError as error:
        source = detectors.source or "detectors"
        raise SettingsError(source, f"{recording.channel}: {error}") from None


def _detect(
    recording: Recording,
    *,
    detectors: DetectorSet,
    with_band: bool,
    raised: Raised,
) -> Detection:
    watch = _watch(detectors, recording)
    before = slice(0, recording.scored_from)
    scored = slice(recording.scored_from, None)
    _update(watch, recording, before)
    if recording.new_epoch:
        watch.begin_epoch()
    kept = in_time(watch.clock.copy(), recording.times_us[scored])
    verdict = _update(watch, recording, scored)
    scores = verdict.scores
    whys = tuple(
        _why(watch, verdict, kept, alarm)
        for alarm in merge(raised.flags(scores), raised.merge_gap)
    )
    nothing = np.full(len(scores), np.nan)
    if not with_band:
        return Detection(scores, nothing, nothing, "", whys)
    # What was learnt says more of what was expected than rules that people have set.
    by_use = sorted(
        watch.panel.detectors, key=lambda one: isinstance(one, RuleDetector)
    )
    for detector in by_use:
        lower, upper = _band(detector, len(scores))
        if np.isfinite(upper - lower).any():
            return Detection(scores, lower, upper, detector.name, whys)
    return Detection(scores, nothing, nothing, "", whys)


def _why(
    watch: ParameterWatch, verdict: Verdict, kept: NDArray[np.intp], alarm: Span
) -> Why:
    """Why there is an alarm, by its worst sample that did not come late, if any."""
    span = np.arange(alarm.first, alarm.last + 1)
    scores = np.nan_to_num(verdict.scores[span], nan=-1.0)
    order = np.lexsort((-scores, -verdict.severities[span]))
    severity, peak = int(verdict.severities[span[order[0]]]), float(scores.max())
    places = np.searchsorted(kept, span[order])
    is_kept = np.isin(span[order], kept)
    best = int(np.argmax(is_kept))
    if not is_kept[best] or scores[order[best]] < 1.0:
        text = "A late sample is beyond a limit."
        return Why(severity, peak, watch.limits.name, None, None, text)
    why = watch.panel.explain(int(places[best]))
    return Why(severity, peak, why.detector, why.observed, why.threshold, why.text)


def _update(watch: ParameterWatch, recording: Recording, part: slice) -> Verdict:
    context = {name: column[part] for name, column in (recording.context or {}).items()}
    times_us, values = recording.times_us[part], recording.values[part]
    return watch.update(times_us, values, context)


def _band(detector: Detector, samples: int) -> tuple[Floats, Floats]:
    """The ends of what a detector expected of the samples of its last update.

    NaN where it does not say, which is everywhere if it speaks of the value now and
    then only: pieces would be taken for the whole.
    """
    if isinstance(detector, HasBand):
        return detector.expected_band()
    whys = [detector.explain(index) for index in range(samples)]
    # None becomes NaN.
    lower = np.array([why.lower for why in whys], np.float64)
    upper = np.array([why.upper for why in whys], np.float64)
    unknown = np.isnan(lower) | np.isnan(upper)
    acquired = np.isfinite(np.array([why.observed for why in whys], np.float64))
    warm_up = np.logical_and.accumulate(unknown)
    if (unknown & acquired & ~warm_up).any():
        unknown[:] = True
    lower[unknown] = upper[unknown] = np.nan
    return lower, upper


Baseline: TypeAlias = Callable[[Recording], Flags]


def _fixed_limits(recording: Recording) -> Flags:
    learnt = recording.scored_from or int(FRACTION_LEARNT * len(recording.values))
    past = recording.values[:learnt]
    return fixed_limits(recording.values[recording.scored_from :], past)


def _moving_z_score(recording: Recording) -> Flags:
    return moving_z_score(recording.values)[recording.scored_from :]


def _always_on(recording: Recording) -> Flags:
    return always_on(len(recording.values) - recording.scored_from)


def _random(recording: Recording) -> Flags:
    samples = len(recording.values) - recording.scored_from
    return random_alarms(samples, recording.channel)


BASELINES: dict[str, Baseline] = {
    "fixed limits": _fixed_limits,
    "moving z-score": _moving_z_score,
    "always on": _always_on,
    "random": _random,
}
