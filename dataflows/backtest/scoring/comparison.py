"""What another configuration changes: alarms added, removed and moved."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from dataflows.backtest.scoring import Span
from dataflows.backtest.scoring.events import ChannelScore

__all__ = ["AlarmChange", "compare"]


@dataclass(frozen=True, slots=True)
class AlarmChange:
    """An alarm that only one of two runs has, or that starts elsewhere in the other.

    Args:
        kind: what became of it.
        channel: where it is.
        before: as it was; None if added.
        after: as it is now; None if removed.
        false: whether it overlaps no label (the one of `after`, if there is one);
            None where nobody labelled the channel.
    """

    kind: Literal["added", "removed", "moved"]
    channel: str
    before: Span | None
    after: Span | None
    false: bool | None


def compare(
    before: Iterable[ChannelScore], after: Iterable[ChannelScore]
) -> list[AlarmChange]:
    """Return the changes between two runs over the same channels, in order.

    Two alarms are the same event if they overlap, or else overlap the same label.
    """
    new = {score.channel: score for score in after}
    old = {score.channel: score for score in before}
    if new.keys() != old.keys():
        raise ValueError("the two runs are not over the same channels")
    return [
        change
        for channel in sorted(new)
        for change in _of_channel(old[channel], new[channel])
    ]


def _of_channel(old: ChannelScore, new: ChannelScore) -> list[AlarmChange]:
    pairs = _pairs(old.alarms, new.alarms, new.labels or ())
    changes = []
    for before, after in pairs:
        if before is None or after is None or before.first != after.first:
            alarm = after or before
            assert alarm is not None  # noqa: S101 (a pair has at least one)
            changes.append(
                AlarmChange(
                    "added" if not before else "removed" if not after else "moved",
                    new.channel,
                    before,
                    after,
                    _is_false(alarm, new.labels),
                )
            )
    return changes


def _is_false(alarm: Span, labels: Sequence[Span] | None) -> bool | None:
    return None if labels is None else not any(map(alarm.overlaps, labels))


def _pairs(
    old: Sequence[Span], new: Sequence[Span], labels: Sequence[Span]
) -> list[tuple[Span | None, Span | None]]:
    """Return each alarm once, with its counterpart if it has one, by time."""

    def same_label(one: Span, other: Span) -> bool:
        return any(one.overlaps(label) and other.overlaps(label) for label in labels)

    left, added = list(old), list(new)
    pairs: list[tuple[Span | None, Span | None]] = []
    for is_same in (Span.overlaps, same_label):
        for after in tuple(added):
            before = next((alarm for alarm in left if is_same(alarm, after)), None)
            if before is not None:
                pairs.append((before, after))
                left.remove(before)
                added.remove(after)
    pairs += [(alarm, None) for alarm in left]
    pairs += [(None, alarm) for alarm in added]
    return sorted(pairs, key=lambda pair: pair[1] or pair[0] or Span(0, 0))
