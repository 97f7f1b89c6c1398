"""Which alarms there were, when and why, as a table for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from connectors.messages.findings import Severity
from dataflows.backtest.scoring.events import ChannelScore, Why

__all__ = ["Listed", "listed"]

NOTHING = "-"
COLUMNS = (
    *("parameter", "from", "to", "severity", "detector", "score", "alarm is", "why"),
)


@dataclass(frozen=True, slots=True)
class Listed:
    """An alarm as it is listed.

    Args:
        channel: where it is.
        first: its first sample, counted from the first that is scored.
        last: its last one.
        false: whether it overlaps no label; None where nobody labelled the channel.
        why: why its worst sample is one; None of a detector that does not say.
    """

    channel: str
    first: int
    last: int
    false: bool | None
    why: Why | None

    def row(self, start: str, end: str) -> list[str]:
        """Return the cells of its row; `start` and `end` say when it was."""
        verdict = {None: NOTHING, True: "false", False: "true"}[self.false]
        if self.why is None:
            said = [NOTHING] * 4
        else:
            severity = Severity(self.why.severity).name
            score = f"{self.why.score:.2f}"
            said = [severity, self.why.detector, score, self.why.text]
        return [self.channel, start, end, *said[:3], verdict, said[3]]


def listed(scores: Iterable[ChannelScore]) -> list[Listed]:
    """Return all alarms, by channel and time."""
    return [
        Listed(score.channel, *alarm, _is_false(score, alarm), _why(score.whys, index))
        for score in sorted(scores, key=lambda score: score.channel)
        for index, alarm in enumerate(score.alarms)
    ]


def _is_false(score: ChannelScore, alarm: object) -> bool | None:
    return None if score.labels is None else alarm in score.false_alarms


def _why(whys: Sequence[Why], index: int) -> Why | None:
    return whys[index] if whys else None
