"""The figures of many channels together: one line of the scoreboard."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dataflows.backtest.scoring.events import ChannelScore, Delay
from dataflows.state.arrays import Floats

__all__ = ["BETTER", "Figures", "Spread", "by_spacecraft", "f_half", "total"]

RESAMPLES = 2000
SEED = 7

BETTER = {
    "precision": 1,
    "recall": 1,
    "f05": 1,
    "f05c": 1,
    "nominal_in_alarm": -1,
    "delay_median_samples": -1,
    "delay_p90_samples": -1,
    "delay_median_s": -1,
    "delay_p90_s": -1,
    "false_alarms_per_channel_day": -1,
}
"""Which way a figure is better: 1 for more, -1 for less."""


@dataclass(frozen=True, slots=True)
class Spread:
    """The 5th and the 95th percentile, resampling channels (bootstrap)."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What all channels add up to; None where there is nothing to tell from.

    Args:
        channels: how many.
        samples: how many were scored.
        channel_days: the sum of the time that each channel spans.
        alarms: how many there were.
        alarms_per_channel_day: the same, by time.
        labels: how many labelled sequences there are.
        tp: labelled sequences that an alarm overlaps.
        fp: alarms that overlap no label.
        fn: labelled sequences that no alarm overlaps.
        precision: tp / (tp + fp).
        recall: tp / (tp + fn).
        f05: the F-score in which precision weighs twice as much as recall.
        f05c: the same with precision times (1 - nominal_in_alarm), as in ESA-ADB.
        nominal_in_alarm: share of the samples outside labels that lie in an alarm.
        delay_median_samples: from the start of a label to its alarm, hits only.
        delay_p90_samples: nine of ten hits came within this.
        delay_median_s: the same in seconds.
        delay_p90_s: the same in seconds.
        false_alarms_per_channel_day: alarms that overlap no label, by time.
        f05_spread: how much f05 hangs on which channels there are.
        f05c_spread: the same of f05c.
    """

    channels: int
    samples: int
    channel_days: float
    alarms: int
    alarms_per_channel_day: float | None = None
    labels: int | None = None
    tp: int | None = None
    fp: int | None = None
    fn: int | None = None
    precision: float | None = None
    recall: float | None = None
    f05: float | None = None
    f05c: float | None = None
    nominal_in_alarm: float | None = None
    delay_median_samples: float | None = None
    delay_p90_samples: float | None = None
    delay_median_s: float | None = None
    delay_p90_s: float | None = None
    false_alarms_per_channel_day: float | None = None
    f05_spread: Spread | None = None
    f05c_spread: Spread | None = None

    def judged(self) -> dict[str, float | None]:
        """Return the figures that have a better and a worse."""
        return {name: getattr(self, name) for name in BETTER}


def by_spacecraft(scores: Iterable[ChannelScore]) -> dict[str, Figures]:
    """Return the figures of each spacecraft, by its name, in order."""
    groups: dict[str, list[ChannelScore]] = {}
    for score in scores:
        groups.setdefault(score.spacecraft, []).append(score)
    return {spacecraft: total(groups[spacecraft]) for spacecraft in sorted(groups)}


def total(scores: Iterable[ChannelScore]) -> Figures:
    """Return the figures of all channels together, in whatever order they come."""
    # The resampling picks channels by position.
    ordered = sorted(scores, key=lambda score: score.channel)
    channel_days = math.fsum(score.days for score in ordered)
    alarms = sum(len(score.alarms) for score in ordered)
    judged = [score for score in ordered if score.labels is not None]
    figures = Figures(
        channels=len(ordered),
        samples=sum(score.samples for score in ordered),
        channel_days=channel_days,
        alarms=alarms,
        alarms_per_channel_day=_ratio(alarms, channel_days),
    )
    return _judged(figures, judged) if judged else figures


def f_half(precision: Floats, recall: Floats) -> Floats:
    """Return F0.5, of which precision 1 and recall 1 make 1; 0 where both are 0.

    >>> f_half(np.array([1.0, 0.0]), np.array([0.5, 0.0])).round(4).tolist()
    [0.8333, 0.0]
    """
    weighted = 0.25 * precision + recall
    product = 1.25 * precision * recall
    return np.divide(product, weighted, out=np.zeros_like(product), where=weighted > 0)


def _judged(figures: Figures, scores: Sequence[ChannelScore]) -> Figures:
    """Return the figures with those that need labels."""
    counts = np.array([_counts(score) for score in scores], np.float64)
    summed = counts.sum(axis=0)
    tp, fp, fn, nominal, in_alarm = summed.tolist()
    figures = replace(
        _with_delays(figures, [delay for score in scores for delay in score.delays]),
        labels=int(tp + fn),
        tp=int(tp),
        fp=int(fp),
        fn=int(fn),
        precision=_ratio(tp, tp + fp),
        recall=_ratio(tp, tp + fn),
        nominal_in_alarm=_ratio(in_alarm, nominal),
        false_alarms_per_channel_day=_ratio(fp, math.fsum(s.days for s in scores)),
    )
    if tp + fn == 0:
        return figures
    f05, f05c = (float(row[0]) for row in _scores(summed[None]))
    spread, spread_c = _spreads(counts)
    return replace(figures, f05=f05, f05c=f05c, f05_spread=spread, f05c_spread=spread_c)


def _counts(score: ChannelScore) -> tuple[int, int, int, int, int]:
    """Return tp, fp, fn, nominal samples and those of them in alarm."""
    hits, labels = len(score.delays), len(score.labels or ())
    missed, false = labels - hits, len(score.false_alarms)
    return hits, false, missed, score.nominal_samples, score.nominal_in_alarm


def _scores(counts: Floats) -> tuple[Floats, Floats]:
    """Return F0.5 and F05c of each row of counts."""
    tp, fp, fn, nominal, in_alarm = counts.T
    precision = tp / np.maximum(tp + fp, 1)
    recall = tp / np.maximum(tp + fn, 1)
    quiet = 1 - in_alarm / np.maximum(nominal, 1)
    return f_half(precision, recall), f_half(precision * quiet, recall)


def _spreads(counts: Floats) -> list[Spread]:
    """Return the spreads of F0.5 and F05c over samples of channels."""
    random = np.random.default_rng(SEED)
    picks = random.integers(0, len(counts), (RESAMPLES, len(counts)))
    resampled = _scores(counts[picks].sum(axis=1))
    ends = [np.quantile(values, (0.05, 0.95)).tolist() for values in resampled]
    return [Spread(*pair) for pair in ends]


def _with_delays(figures: Figures, delays: Sequence[Delay]) -> Figures:
    if not delays:
        return figures
    table = [(delay.samples, delay.seconds) for delay in delays]
    (median, median_s), (p90, p90_s) = np.quantile(table, (0.5, 0.9), axis=0).tolist()
    return replace(
        figures,
        delay_median_samples=median,
        delay_p90_samples=p90,
        delay_median_s=median_s,
        delay_p90_s=p90_s,
    )


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None
