"""Online anomaly detectors of one parameter, all behind one contract.

A detector sees the samples of one parameter in order, scores each before it
learns it, and keeps its state in a few arrays. The modules here are pure: time
and randomness are arguments.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from connectors.messages.findings import Explanation
from connectors.messages.samples import Context
from dataflows.state.arrays import Floats, Times

__all__ = ["Detector"]


@runtime_checkable
class Detector(Protocol):
    """What every detector offers; settings are public attributes of it.

    A score of 1.0 is the threshold. Scores are finite for finite values, 0 until
    enough was learnt, and NaN for a value that was not acquired (NaN or infinite),
    from which nothing is learnt. Cutting the same samples into other batches gives
    the same bits.
    """

    name: str

    def score_one(self, value: float) -> float:
        """Return the score that `value` would get as the next sample."""
        ...

    def learn_one(self, value: float) -> None:
        """Take `value` as the next sample."""
        ...

    def update(
        self, times_us: Times, values: Floats, context: Context | None = None
    ) -> Floats:
        """Return the scores of the next samples, each learnt after it was scored.

        `times_us` are microseconds since 1970 (UTC), in order. All arrays have one
        length, and none is written to.
        """
        ...

    def begin_epoch(self) -> None:
        """Take what follows for another epoch, in which other values may be normal."""
        ...

    def explain(self, index: int) -> Explanation:
        """Return why sample `index` of the last `update` got its score."""
        ...

    def forget_batch(self) -> None:
        """Let go of the last `update`, which nobody will ask about any more."""
        ...

    def snapshot(self) -> bytes:
        """Return the learnt state."""
        ...

    def restore(self, data: bytes) -> None:
        """Continue from a snapshot taken with the same settings.

        Raises SnapshotError, and changes nothing, if the bytes are anything else.
        """
        ...
