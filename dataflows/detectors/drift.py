"""Events that say that the data changed, which is not to say that anything is wrong.

A parameter that settles at another mean has drifted; the detectors here tell when, once
for each change. They know nothing of anomalies, nor these of them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np

from connectors.messages.findings import Drift
from dataflows.detectors.setting_rules import Rules, check
from dataflows.state.arrays import Floats, Times
from dataflows.state.snapshot import SnapshotError, label, pack, unpack

__all__ = ["DriftDetector"]


class DriftDetector(ABC):
    """Everything but the kernel of a detector of drift.

    A subclass stores its settings in attributes named as in `rules`, then calls
    `_check` and sets `_state`. Values that were not acquired are passed over. After a
    change, everything is learnt anew.
    """

    name: str
    version: ClassVar[int] = 1
    rules: ClassVar[Rules]
    _state: Floats

    def _check(self) -> None:
        """Raise ValueError unless the settings keep the rules."""
        given = {key: getattr(self, key) for key in self.rules}
        settings = check(self.name, self.rules, given)
        for key, value in settings.items():
            setattr(self, key, value)
        self._numbers = np.array([float(getattr(self, key)) for key in self.rules])
        self._label = label(self.name, self.version, settings)

    @abstractmethod
    def _run(self, values: Floats, found: Floats) -> int:
        """Take in values up to the first change, and return how many that were.

        With a change, `found` is set to the means before and after it and the counts
        of samples that they are of; without one, its first count stays 0.
        """

    def update(self, times_us: Times, values: Floats) -> tuple[Drift, ...]:
        """Return the changes that the next samples bring, in order.

        `times_us` are microseconds since 1970 (UTC), as many as the values.
        """
        if len(times_us) != len(values):
            raise ValueError(f"{len(times_us)} times for {len(values)} values")
        acquired = np.isfinite(values)
        times_us = times_us[acquired]
        rest = np.ascontiguousarray(values[acquired], np.float64)
        events, at = [], 0
        while at < len(rest):
            found = np.zeros(4)
            at += self._run(rest[at:], found)
            if found[2] > 0:
                events.append(self._event(int(times_us[at - 1]), *found.tolist()))
        return tuple(events)

    def _event(
        self, at_us: int, before: float, after: float, earlier: float, later: float
    ) -> Drift:
        text = (
            f"The mean changed from {before:.6g} ({earlier:.0f} samples) "
            f"to {after:.6g} (the last {later:.0f})."
        )
        return Drift(self.name, at_us, before, after, text)

    def snapshot(self) -> bytes:
        """Return the learnt state."""
        return pack(self._label, [self._state.tobytes()])

    def restore(self, data: bytes) -> None:
        """Continue from a snapshot taken with the same settings.

        Raises SnapshotError, and changes nothing, if the bytes are anything else.
        """
        parts = unpack(data, self._label)
        if [len(part) for part in parts] != [self._state.nbytes]:
            raise SnapshotError("the state in the snapshot has another shape")
        self._state[...] = np.frombuffer(parts[0]).reshape(self._state.shape)
