"""One colour for each severity, the same everywhere, told apart by the colour-blind."""

from __future__ import annotations

from collections.abc import Mapping

from grafana_foundation_sdk.builders.dashboard import ThresholdsConfig
from grafana_foundation_sdk.models.dashboard import (
    Threshold,
    ThresholdsMode,
    ValueMap,
    ValueMapping,
    ValueMappingResult,
)

COLOURS: Mapping[str, str] = {
    "IN_LIMITS": "#1A9E77",
    "WATCH": "#FFF5A0",
    "WARNING": "#F4B400",
    "DISTRESS": "#E2661A",
    "CRITICAL": "#E0003C",
    "SEVERE": "#FF5AC8",
}
"""In order of severity, as in the table `severity`. A test simulates how people without
red, green or blue cones see them."""

OF_ANOMALIES = {name: COLOURS[name] for name in COLOURS if name != "IN_LIMITS"}

UNKNOWN = "#8E8E8E"
"""Stale, or not known."""
EXPECTED = "#5794F2"
"""What was expected or predicted, next to what was measured."""


def severity_names() -> list[ValueMapping]:
    """Severities, as names or as levels, shown as names in their colours."""
    results: dict[str, ValueMappingResult] = {}
    for level, (name, colour) in enumerate(COLOURS.items()):
        for key in (name, str(level)):
            results[key] = ValueMappingResult(text=name, color=colour, index=level)
    return [ValueMap(options=results)]


def score_thresholds() -> ThresholdsConfig:
    """Anomaly scores coloured by the severity that they mean for a learned detector."""
    return thresholds((1.0, "WATCH"), (2.0, "WARNING"), (4.0, "DISTRESS"))


def thresholds(*steps: tuple[float, str]) -> ThresholdsConfig:
    """From each number on, the colour of that severity; below them all, of none."""
    found = [Threshold(value=None, color=COLOURS["IN_LIMITS"])]
    found += [Threshold(value=value, color=COLOURS[name]) for value, name in steps]
    return ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(found)
