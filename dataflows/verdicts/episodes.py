"""Turns the scores of one parameter into anomalies that begin, grow and end."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import numpy as np

from connectors.messages.findings import AnomalyChange, ChangeKind, Explanation
from dataflows.detectors.setting_rules import Rules, Whole, check
from dataflows.state.arrays import Floats, Severities, Times
from dataflows.state.snapshot import label, pack, unpack
from dataflows.verdicts.open_episode import OpenEpisode

__all__ = ["Episodes"]


class Episodes:
    """Opened by a score of 1, closed by enough quiet samples in a row.

    In between, a change is told when the severity rises or the peak has grown by half.
    Samples that were not acquired (NaN) are neither quiet nor anomalous. If the clock
    was set back in between, another one begins, by the clock as it is now.

    Args:
        close_after_samples: quiet samples (score below 1) that end an anomaly.
        lasting_samples: anomalous samples that make it one step more severe (up to
            DISTRESS).

    >>> episodes = Episodes(close_after_samples=2)
    >>> because = Explanation("limits", 31.0, None, None, 30.0, 30.0, "31 is too high.")
    >>> scores = np.array([0.1, 1.2, 0.3, 1.9, 0.1, 0.2])
    >>> severities = np.array([0, 1, 0, 1, 0, 0], np.int8)
    >>> for change in episodes.update(
    ...     np.arange(6) * 10, scores, severities, lambda index: because
    ... ):
    ...     print(change.kind, change.peak_score, change.ended_us)
    opened 1.2 None
    updated 1.9 None
    closed 1.9 30
    """

    name = "episodes"
    rules: ClassVar[Rules] = {
        "close_after_samples": Whole(1, 1_000_000),
        "lasting_samples": Whole(1, 1_000_000),
    }

    def __init__(
        self, *, close_after_samples: int = 30, lasting_samples: int = 60
    ) -> None:
        """Store the settings; no anomaly is open."""
        self.close_after_samples = close_after_samples
        self.lasting_samples = lasting_samples
        settings = {key: getattr(self, key) for key in self.rules}
        check(self.name, self.rules, settings)
        # An anomaly in progress outlives a change of settings.
        self._label = label(self.name, 1, {})
        self._open: OpenEpisode | None = None

    @property
    def is_open(self) -> bool:
        """Whether an anomaly is in progress."""
        return self._open is not None

    @property
    def current(self) -> OpenEpisode | None:
        """The anomaly in progress."""
        return self._open

    def update(
        self,
        times_us: Times,
        scores: Floats,
        severities: Severities,
        explain: Callable[[int], Explanation],
    ) -> tuple[AnomalyChange, ...]:
        """Return the changes that the next samples bring, in order.

        `explain` gives the explanation of a sample of this batch by its index.
        """
        anomalous = np.flatnonzero(scores >= 1.0)
        if self._open is None and not len(anomalous):
            return ()
        changes = []
        quiet = np.cumsum(scores < 1.0).tolist()  # NaN is neither
        before = 0
        for i in anomalous.tolist():
            changes += self._rest(quiet[i] - before, explain)
            before = quiet[i]
            sample = int(times_us[i]), float(scores[i]), int(severities[i])
            changes += self._add(i, *sample, explain)
        changes += self._rest(quiet[-1] - before if quiet else 0, explain)
        if self._open is not None:
            self._open.settle(explain)
        return tuple(changes)

    def _add(
        self,
        index: int,
        time_us: int,
        score: float,
        severity: int,
        explain: Callable[[int], Explanation],
    ) -> list[AnomalyChange]:
        """Take in an anomalous sample, and return the changes that it brings."""
        changes = []
        if self._open is not None and time_us < self._open.last_us:
            # The clock was set back, and nothing ends before it began.
            changes.append(self._open.told("closed", explain))
            self._open = None
        current = self._open = self._open or OpenEpisode(time_us, time_us)
        current.add(index, time_us, score, severity, self.lasting_samples)
        if current.is_material():
            kind: ChangeKind = "updated" if current.revision else "opened"
            changes.append(current.told(kind, explain))
        return changes

    def _rest(
        self, quiet: int, explain: Callable[[int], Explanation]
    ) -> list[AnomalyChange]:
        """Take in quiet samples, and return the end if they bring it."""
        current = self._open
        if current is None:
            return []
        current.quiet += quiet
        if current.quiet < self.close_after_samples:
            return []
        self._open = None
        return [current.told("closed", explain)]

    def snapshot(self) -> bytes:
        """Return the anomaly in progress."""
        return pack(self._label, [] if self._open is None else self._open.parts())

    def restore(self, data: bytes) -> None:
        """Continue from a snapshot taken with the same settings."""
        parts = unpack(data, self._label)
        self._open = OpenEpisode.of_parts(parts) if parts else None
