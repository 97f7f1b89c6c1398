"""A parameter that stopped arriving, which no sample can tell."""

from __future__ import annotations

import struct
from typing import ClassVar

from connectors.messages.findings import (
    AnomalyChange,
    ChangeKind,
    Explanation,
    Severity,
)
from dataflows.detectors.setting_rules import Number, Rules, check
from dataflows.state.snapshot import SnapshotError, label, pack, unpack

__all__ = ["Staleness"]

SHORTEST_WAIT_US = 250_000
NEVER = -(2**63)
_NUMBERS = struct.Struct("<qqqq")


class Staleness:
    """Tells when a parameter was last heard too long ago, and when it is back.

    Only what was heard once can become stale. Silence is counted while telemetry can be
    heard: after Kafka was away, or the flow itself, it counts anew. It goes by a clock
    that nobody sets. An anomaly starts when the next sample was due and ends when it
    comes, by the wall clock then (UTC). Its score is the silence over what was
    expected.

    Args:
        after_seconds: longest silence that is expected.

    >>> staleness = Staleness(after_seconds=300.0)
    >>> staleness.arrived(0), staleness.wake_at_us
    (None, 300000000)
    >>> change = staleness.woken(312_000_000)
    >>> change.kind, change.explanation.text
    ('opened', 'No sample for 312 s (at most 300 s were expected).')
    >>> staleness.arrived(400_000_000).kind
    'closed'
    """

    name = "staleness"
    version: ClassVar[int] = 1
    severity: ClassVar[Severity] = Severity.WARNING
    rules: ClassVar[Rules] = {"after_seconds": Number(0.25, 1e9)}

    def __init__(self, *, after_seconds: float = 300.0) -> None:
        """Store the settings; no sample was heard."""
        self.after_seconds = after_seconds
        settings = check(self.name, self.rules, {"after_seconds": after_seconds})
        self._label = label(self.name, self.version, settings)
        self._after_us = round(after_seconds * 1e6)
        self._heard_us = self._since_us = NEVER
        self._wake_us = self._stale_us = NEVER

    @property
    def wake_at_us(self) -> int | None:
        """When to call `woken`; None while there is nothing to wait for."""
        return None if self._wake_us == NEVER else self._wake_us

    @property
    def stale_since_us(self) -> int | None:
        """When the sample was due that did not come (UTC); None unless it is stale."""
        return None if self._stale_us == NEVER else self._stale_us

    def arrived(self, now_us: int, behind_us: int = 0) -> AnomalyChange | None:
        """Take in a sample; return the end of the silence if it was too long.

        All times are by the clock that silence is counted by, in microseconds;
        `behind_us` is how much the wall clock is ahead of it.
        """
        change = None
        if self._stale_us != NEVER:
            change = self._told("closed", 2, now_us, now_us + behind_us)
            self._stale_us = NEVER
        self._heard_us = self._since_us = now_us
        due = now_us + self._after_us
        # A wake that comes too early is set anew then, not with each sample.
        if self._wake_us == NEVER or due < self._wake_us:
            self._wake_us = due
        return change

    def woken(
        self, now_us: int, since_us: int = NEVER, behind_us: int = 0
    ) -> AnomalyChange | None:
        """Return the begin of a silence if there is one by now.

        What came before `since_us` may have been missed.
        """
        if self._heard_us == NEVER or self._stale_us != NEVER:
            return None
        self._since_us = max(self._since_us, since_us)
        due = self._since_us + self._after_us
        if now_us < due:
            # A clock set back is waited for no longer than a silence may last.
            soonest = now_us + SHORTEST_WAIT_US
            self._wake_us = max(min(due, now_us + self._after_us), soonest)
            return None
        self._wake_us, self._stale_us = NEVER, due + behind_us
        return self._told("opened", 1, now_us)

    def resumed(self, now_us: int) -> None:
        """Judge silence from now on: nobody listened since the snapshot."""
        if self._heard_us != NEVER and self._stale_us == NEVER:
            self._since_us = now_us
            self._wake_us = now_us + self._after_us

    def _told(
        self,
        kind: ChangeKind,
        revision: int,
        now_us: int,
        ended_us: int | None = None,
    ) -> AnomalyChange:
        """Return the change of the silence that lasts or lasted until now."""
        silence = max(now_us - self._heard_us, self._after_us) / 1e6
        most = self.after_seconds
        text = f"No sample for {silence:.6g} s (at most {most:.6g} s were expected)."
        return AnomalyChange(
            kind,
            revision,
            self._stale_us,
            None if ended_us is None else max(ended_us, self._stale_us),
            self.severity,
            silence / most,
            0,
            Explanation(self.name, silence, None, None, most, most, text),
        )

    def snapshot(self) -> bytes:
        """Return when the parameter was last heard, and whether it is stale."""
        numbers = (self._heard_us, self._since_us, self._wake_us, self._stale_us)
        return pack(self._label, [_NUMBERS.pack(*numbers)])

    def restore(self, data: bytes) -> None:
        """Continue from a snapshot taken with the same settings.

        Raises SnapshotError, and changes nothing, if the bytes are anything else.
        """
        parts = unpack(data, self._label)
        if [len(part) for part in parts] != [_NUMBERS.size]:
            raise SnapshotError("the staleness in the snapshot has another shape")
        numbers = _NUMBERS.unpack(parts[0])
        self._heard_us, self._since_us, self._wake_us, self._stale_us = numbers
