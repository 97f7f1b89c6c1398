"""How severe a score is that was learnt."""

from __future__ import annotations

import numpy as np

from connectors.messages.findings import Severity
from dataflows.state.arrays import Floats, Severities

__all__ = ["learned_severities"]

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
