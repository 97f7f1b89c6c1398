"""Runs detectors over recordings without the engine, in one process or several."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from typing import TypeAlias, TypeVar

import numpy as np

from connectors.errors import SettingsError
from connectors.files.parameters import DetectorSet
from dataflows.backtest.recordings import Recording
from dataflows.backtest.scoring import Flags
from dataflows.backtest.scoring.baselines import (
    always_on,
    fixed_limits,
    moving_z_score,
    random_alarms,
)
from dataflows.detectors import Detector
from dataflows.detectors.limits import Limits
from dataflows.detectors.rule_detector import RuleDetector
from dataflows.state.arrays import Floats
from dataflows.verdicts.build import build_watch
from dataflows.verdicts.expected_range import HasBand
from dataflows.verdicts.watch import ParameterWatch

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
    """

    scores: Floats
    lower: Floats
    upper: Floats
    band_of: str = ""


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
) -> list[Detection]:
    """What the detectors make of each recording.

    Raises SettingsError, naming the file, for settings that make no detectors.
    """
    for recording in recordings:
        _watch(detectors, recording)
    return each(
        partial(_detect, detectors=detectors, with_band=with_band), recordings, jobs
    )


def _watch(detectors: DetectorSet, recording: Recording) -> ParameterWatch:
    definition = detectors.of(recording.name)
    try:
        limits = Limits(*definition.soft, *definition.hard)
        return build_watch(limits, definition.detectors)
    except ValueError as error:
        source = detectors.source or "detectors"
        raise SettingsError(source, f"{recording.channel}: {error}") from None


def _detect(
    recording: Recording, *, detectors: DetectorSet, with_band: bool
) -> Detection:
    watch = _watch(detectors, recording)
    before = slice(0, recording.scored_from)
    scored = slice(recording.scored_from, None)
    _update(watch, recording, before)
    if recording.new_epoch:
        watch.begin_epoch()
    scores = _update(watch, recording, scored)
    nothing = np.full(len(scores), np.nan)
    if not with_band:
        return Detection(scores, nothing, nothing)
    # What was learnt says more of what was expected than rules that people have set.
    by_use = sorted(
        watch.panel.detectors, key=lambda one: isinstance(one, RuleDetector)
    )
    for detector in by_use:
        lower, upper = _band(detector, len(scores))
        if np.isfinite(upper - lower).any():
            return Detection(scores, lower, upper, detector.name)
    return Detection(scores, nothing, nothing)


def _update(watch: ParameterWatch, recording: Recording, part: slice) -> Floats:
    context = {name: column[part] for name, column in (recording.context or {}).items()}
    times_us, values = recording.times_us[part], recording.values[part]
    return watch.update(times_us, values, context).scores


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
