"""What the alarms of one channel are worth: hits, false alarms, misses, delays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dataflows.backtest.scoring import Flags, Span
from dataflows.state.arrays import Times

__all__ = ["MERGE_GAP", "ChannelScore", "Delay", "Why", "merge", "score_channel"]

MERGE_GAP = 100
"""Samples: flags closer than this are one alarm (the protocol of the benchmarks)."""

DAY_US = 86_400e6


@dataclass(frozen=True, slots=True)
class Delay:
    """How long after the start of its label an alarm came; 0 if it stood before."""

    samples: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Why:
    """Why the worst sample of an alarm is one.

    Args:
        severity: of it, as a number of `Severity`.
        score: the highest of the alarm; 1.0 is the threshold.
        detector: the name of the one that speaks.
        observed: the value, in the parameter's unit.
        threshold: where the score is 1, in the detector's own measure.
        text: the same as one sentence.
    """

    severity: int
    score: float
    detector: str
    observed: float | None
    threshold: float | None
    text: str


@dataclass(frozen=True, slots=True)
class ChannelScore:
    """The alarms of a channel, judged.

    Args:
        channel: its name, unique among all channels.
        spacecraft: whose it is.
        samples: how many were scored.
        days: time they span.
        alarms: in order; two flags closer than the merge gap are one alarm.
        labels: the labelled sequences, or None where nobody labelled the channel.
        false_alarms: the alarms that overlap no label.
        delays: of each label that an alarm overlaps.
        nominal_samples: how many samples no label covers.
        nominal_in_alarm: how many of them an alarm covers.
        whys: of each alarm, where detectors say why.
    """

    channel: str
    spacecraft: str
    samples: int
    days: float
    alarms: tuple[Span, ...]
    labels: tuple[Span, ...] | None
    false_alarms: tuple[Span, ...] = ()
    delays: tuple[Delay, ...] = ()
    nominal_samples: int = 0
    nominal_in_alarm: int = 0
    whys: tuple[Why, ...] = ()


def merge(flags: Flags, merge_gap: int = MERGE_GAP) -> tuple[Span, ...]:
    """Return the alarms that flags make up, in order.

    Two flags whose positions differ by less than `merge_gap` samples are one alarm.

    >>> merge(np.array([0, 1, 0, 1, 0, 0, 1], bool), merge_gap=3)
    (Span(first=1, last=3), Span(first=6, last=6))
    """
    flagged = np.flatnonzero(flags)
    ends = np.flatnonzero(np.diff(flagged) >= max(merge_gap, 2))
    firsts = flagged[np.append(0, ends + 1)] if len(flagged) else flagged
    lasts = flagged[np.append(ends, -1)] if len(flagged) else flagged
    return tuple(map(Span, firsts.tolist(), lasts.tolist()))


def score_channel(
    channel: str,
    spacecraft: str,
    flags: Flags,
    times_us: Times,
    labels: Sequence[Span] | None,
    merge_gap: int = MERGE_GAP,
    whys: Sequence[Why] = (),
) -> ChannelScore:
    """Return what the flags of a channel, one per sample, are worth.

    `times_us` are microseconds since 1970 (UTC), in order. A label is found if any
    alarm overlaps it, however briefly; an alarm that overlaps no label is false.
    `whys` are of each alarm, in order, or nothing.
    """
    alarms = merge(flags, merge_gap)
    samples, days = len(flags), _days(times_us)
    score = ChannelScore(channel, spacecraft, samples, days, alarms, None)
    score = replace(score, whys=tuple(whys))
    return score if labels is None else _judged(score, tuple(labels), times_us)


def _judged(
    score: ChannelScore, labels: tuple[Span, ...], times_us: Times
) -> ChannelScore:
    alarms = score.alarms
    nominal = ~covered(labels, score.samples)
    return replace(
        score,
        labels=labels,
        false_alarms=tuple(
            alarm for alarm in alarms if not any(map(alarm.overlaps, labels))
        ),
        delays=tuple(_delays(alarms, labels, times_us)),
        nominal_samples=int(nominal.sum()),
        nominal_in_alarm=int((nominal & covered(alarms, score.samples)).sum()),
    )


def covered(spans: Iterable[Span], samples: int) -> Flags:
    """Return a flag per sample: whether it belongs to any of the spans."""
    flags = np.zeros(samples, np.bool_)
    for first, last in spans:
        flags[first : last + 1] = True
    return flags


def _delays(
    alarms: Sequence[Span], labels: Sequence[Span], times_us: Times
) -> Iterable[Delay]:
    for label in labels:
        first = next((alarm.first for alarm in alarms if alarm.overlaps(label)), None)
        if first is not None:
            at = max(first, label.first)
            passed_us = int(times_us[at]) - int(times_us[label.first])
            yield Delay(at - label.first, passed_us / 1e6)


def _days(times_us: Times) -> float:
    """Return the time that samples span, the last one's usual step included."""
    if len(times_us) < 2:
        return 0.0
    step = float(np.median(np.diff(times_us)))
    return (float(times_us[-1] - times_us[0]) + step) / DAY_US
