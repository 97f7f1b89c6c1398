"""How good alarms are: event-wise scores against labels, beside trivial baselines.

The protocol is that of the SMAP/MSL benchmarks (Hundman et al. 2018, "Detecting
Spacecraft Anomalies Using LSTMs and Nonparametric Dynamic Thresholding"), with the
correction of ESA-ADB (Kotowski et al. 2024, "European Space Agency Benchmark for
Anomaly Detection in Satellite Telemetry") beside it, as the plain score is gamed by
an alarm that never ends. The modules here are pure.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Flags", "Span"]

Flags: TypeAlias = NDArray[np.bool_]


class Span(NamedTuple):
    """Samples `first` to `last`, both inclusive: an alarm or a labelled sequence.

    >>> Span(3, 7).overlaps(Span(7, 9)), Span(3, 7).overlaps(Span(8, 9))
    (True, False)
    """

    first: int
    last: int

    def overlaps(self, other: Span) -> bool:
        """Return whether a sample belongs to both."""
        return self.first <= other.last and other.first <= self.last
