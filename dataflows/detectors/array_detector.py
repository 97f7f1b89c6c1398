"""A detector whose state is arrays and whose work is one kernel.

What all such detectors share stands here: batches, single samples, snapshots and
the memory of the last batch for explanations.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

from connectors.messages.findings import Explanation
from connectors.messages.samples import Context
from dataflows.detectors.setting_rules import Rules, check
from dataflows.state.arrays import Floats, Times, ready
from dataflows.state.snapshot import SnapshotError, label, pack, unpack

__all__ = ["NO_TIME", "ArrayDetector", "Arrays", "Run"]

Arrays: TypeAlias = tuple[NDArray[Any], ...]
"""The whole learnt state of a detector."""


NO_TIME = np.iinfo(np.int64).min
"""The time of a sample of which only the value is known: one usual step later."""


_NO_VALUES, _NO_BANDS = np.empty(0), np.empty((1, 0))


# Not frozen: that would make it three times as slow to create, once a batch.
@dataclass(slots=True)
class Run:
    """Samples in order, as a kernel wants them: contiguous arrays of one length."""

    times_us: Times
    values: Floats
    context: Context | None = None


def _next(value: float) -> Run:
    return Run(np.array([NO_TIME], np.int64), np.array([value], np.float64))


class ArrayDetector(ABC):
    """Everything but the kernel of a detector.

    A subclass stores its settings in attributes named as in `rules`, then calls
    `_check` and `_start`.
    """

    name: str
    version: ClassVar[int] = 1
    rules: ClassVar[Rules]

    def _check(self) -> None:
        """Raise ValueError unless the settings keep the rules."""
        given = {key: getattr(self, key) for key in self.rules}
        settings = check(self.name, self.rules, given)
        for key, value in settings.items():
            setattr(self, key, value)
        self._label = label(self.name, self.version, settings)

    def _start(self, arrays: Arrays, stored: Sequence[DTypeLike] = ()) -> None:
        """Begin with this state, of which `_run` changes the arrays in place.

        `stored` are the types that snapshots use where smaller ones do. Arrays
        beyond them are not stored: `restore` must work them out from those that are.
        """
        self._arrays = arrays
        self._stored = stored or tuple(array.dtype for array in arrays)
        self.forget_batch()

    @abstractmethod
    def _run(self, run: Run, arrays: Arrays) -> Floats:
        """Score and learn in place; row 0 of the result holds the scores."""

    @abstractmethod
    def _explain(self, value: float, band: Floats) -> Explanation:
        """Explain one sample by its column of the result of `_run`."""

    @property
    def identity(self) -> bytes:
        """What tells its snapshots from others: name, version and settings."""
        return self._label

    @property
    def state(self) -> Arrays:
        """All that was learnt, which `update` changes in place."""
        return self._arrays

    def keep_in(self, arrays: Arrays) -> None:
        """Move all that was learnt to these arrays, of the same shapes."""
        for new, old in zip(arrays, self._arrays, strict=True):
            new[...] = old
        self._arrays = arrays

    def score_one(self, value: float) -> float:
        """Return the score that `value` would get as the next sample."""
        trial = tuple(array.copy() for array in self._arrays)
        return float(self._run(_next(value), trial)[0, 0])

    def learn_one(self, value: float) -> None:
        """Take `value` as the next sample."""
        self._run(_next(value), self._arrays)

    def begin_epoch(self) -> None:  # noqa: B027 (most have nothing to do)
        """Take what follows for another epoch; most detectors go on as before."""

    def update(
        self, times_us: Times, values: Floats, context: Context | None = None
    ) -> Floats:
        """Return the scores of the next samples, each learnt after it was scored."""
        if len(times_us) != len(values):
            raise ValueError(f"{len(times_us)} times for {len(values)} values")
        self._values = ready(values, np.float64)
        run = Run(ready(times_us, np.int64), self._values, context)
        self._bands = self._run(run, self._arrays)
        scores: Floats = self._bands[0]
        return scores

    def recall(self, values: Floats, bands: Floats) -> Floats:
        """Take a result of `_run`, which somebody else had, for the last `update`."""
        self._values, self._bands = values, bands
        scores: Floats = bands[0]
        return scores

    def explain(self, index: int) -> Explanation:
        """Return why sample `index` of the last `update` got its score."""
        value = float(self._values[index])
        if np.isfinite(value):
            return self._explain(value, self._bands[:, index])
        return Explanation(
            self.name, value, None, None, None, None, "The value was not acquired."
        )

    def forget_batch(self) -> None:
        """Let go of the last `update`, which nobody will ask about any more."""
        self._values, self._bands = _NO_VALUES, _NO_BANDS

    def snapshot(self) -> bytes:
        """Return the learnt state."""
        pairs = zip(self._arrays, self._stored, strict=False)
        parts = [array.astype(dtype, copy=False).tobytes() for array, dtype in pairs]
        return pack(self._label, parts)

    def restore(self, data: bytes) -> None:
        """Continue from a snapshot taken with the same settings."""
        parts = unpack(data, self._label)
        if len(parts) != len(self._stored):
            raise SnapshotError(f"{len(parts)} parts, expected {len(self._stored)}")
        read = [
            np.frombuffer(part, dtype)
            for part, dtype in zip(parts, self._stored, strict=True)
        ]
        for array, new in zip(self._arrays, read, strict=False):
            if array.size != new.size:
                raise SnapshotError(f"{new.size} numbers, expected {array.size}")
        for array, new in zip(self._arrays, read, strict=False):
            array[...] = new.reshape(array.shape)
