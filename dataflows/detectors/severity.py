"""How bad an anomaly is, in the words of the limit sets of XTCE and ECSS."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from dataflows.detectors import Floats

__all__ = ["Severities", "Severity", "learned_severities"]

Severities = NDArray[np.int8]


class Severity(IntEnum):
    """From in limits to severe, in order.

    >>> Severity.WATCH < Severity.CRITICAL
    True
    """

    IN_LIMITS = 0
    WATCH = 1
    WARNING = 2
    DISTRESS = 3
    CRITICAL = 4
    SEVERE = 5


_LEARNED_FROM = np.array([1.0, 2.0, 4.0])  # the scores of WATCH, WARNING, DISTRESS


def learned_severities(scores: Floats) -> Severities:
    """Return the severities of scores of learned detectors: DISTRESS at most.

    Only what people have set goes higher: what is unusual need not be dangerous.

    >>> learned_severities(np.array([0.9, 1.0, 3.0, 1e9, np.nan])).tolist()
    [0, 1, 2, 3, 0]
    """
    found = np.searchsorted(_LEARNED_FROM, scores, side="right").astype(np.int8)
    found[np.isnan(scores)] = Severity.IN_LIMITS
    return found
