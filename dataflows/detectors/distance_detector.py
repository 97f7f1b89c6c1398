"""Detectors that measure how far a sample lies from a centre, in widths of a spread."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from connectors.messages.findings import Explanation
from dataflows.detectors.array_detector import ArrayDetector
from dataflows.state.arrays import Floats

__all__ = ["DistanceDetector"]


class DistanceDetector(ArrayDetector):
    """What those have in common, but for the kernel that finds centre and spread.

    The kernel writes a column a sample: its score, and centre, spread and number of
    the samples before it. A subclass names what it measures by and from.
    """

    spread_name: ClassVar[str] = "standard deviations"
    centre_name: ClassVar[str]
    """May have the number of samples in it, as {count:.0f}."""
    threshold: float
    warm_up_samples: int

    def expected_band(self) -> tuple[Floats, Floats]:
        """Return between what values the samples of the last `update` scored below 1.

        The lower and the upper ends for an excursion that lasts, in the parameter's
        unit; NaN where there is no score yet.
        """
        _, centre, spread, count = self._bands
        known = count >= self.warm_up_samples
        reach = np.where(known, self.threshold * spread, np.nan)
        return centre - reach, centre + reach

    def _explain(self, value: float, band: Floats) -> Explanation:
        score, centre, spread, count = map(float, band)
        if count < self.warm_up_samples:
            text = (
                f"Scores start after {self.warm_up_samples} samples, not {count:.0f}."
            )
            return Explanation(self.name, value, None, None, None, None, text)
        distance = (value - centre) / spread
        threshold = self._threshold_of(score, abs(distance))
        side = "above" if distance > 0 else "below"
        return Explanation(
            self.name,
            value,
            centre,
            centre - threshold * spread,
            centre + threshold * spread,
            threshold,
            f"{value:.6g} is {abs(distance):.1f} {self.spread_name} {side} the "
            f"{self.centre_name.format(count=count)} ({centre:.6g}).",
        )

    def _threshold_of(self, score: float, distance: float) -> float:  # noqa: ARG002
        """Return what a distance was measured by; there may be more than one."""
        return self.threshold
