"""Severities of scores."""

import numpy as np

from connectors.messages.findings import Severity
from dataflows.detectors.severities import learned_severities


def test_severities_are_in_order():
    assert [severity.name for severity in sorted(Severity)] == [
        "IN_LIMITS",
        "WATCH",
        "WARNING",
        "DISTRESS",
        "CRITICAL",
        "SEVERE",
    ]


def test_learned_scores_reach_distress_at_most():
    scores = np.array([0.0, np.nextafter(1, 0), 1, 2, 3.9, 4, 1e300, np.nan])
    assert learned_severities(scores).tolist() == [0, 0, 1, 2, 2, 3, 3, 0]
