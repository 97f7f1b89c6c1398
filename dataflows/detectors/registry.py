"""Every detector by the name that settings give it; a new one is added here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dataflows.detectors.adwin import Adwin
from dataflows.detectors.arx_residual import ArxResidual
from dataflows.detectors.counter import Counter
from dataflows.detectors.half_space_trees import HalfSpaceTrees
from dataflows.detectors.impossible_value import ImpossibleValue
from dataflows.detectors.page_hinkley import PageHinkley
from dataflows.detectors.peaks_over_threshold import PeaksOverThreshold
from dataflows.detectors.rate_of_change import RateOfChange
from dataflows.detectors.record_envelope import RecordEnvelope
from dataflows.detectors.rolling_median import RollingMedian
from dataflows.detectors.rolling_z_score import RollingZScore
from dataflows.detectors.stuck_value import StuckValue
from dataflows.detectors.weighted_z_score import WeightedZScore

__all__ = ["BY_DEFAULT", "DETECTORS", "DRIFT_DETECTORS"]

DETECTORS: Mapping[str, type[Any]] = {
    kind.name: kind
    for kind in (
        RecordEnvelope,
        ArxResidual,
        RollingZScore,
        WeightedZScore,
        RollingMedian,
        PeaksOverThreshold,
        HalfSpaceTrees,
        RateOfChange,
        StuckValue,
        Counter,
        ImpossibleValue,
    )
}
DRIFT_DETECTORS: Mapping[str, type[Any]] = {
    kind.name: kind for kind in (Adwin, PageHinkley)
}
BY_DEFAULT = frozenset({RecordEnvelope.name})
"""What watches a parameter of which nobody said what should."""
