"""The accepted figures of detectors and trackers, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from tests.docs.pages import ROOT
from tests.docs.parts.tables import table

SCORES = ROOT / "provisioning" / "scores.yaml"
TRACKING_SCORES = ROOT / "provisioning" / "tracking_scores.yaml"

Told = tuple[tuple[str, str], ...]
"""What a figure is, and how it is written."""

DETECTORS: Told = (
    ("precision: share of the alarms that hit a label", "{precision:.2f}"),
    ("recall: share of the labels that an alarm hit", "{recall:.2f}"),
    ("F0.5: both in one, precision counting twice as much", "{f05:.2f}"),
    ("F0.5 corrected for the share of time in alarm", "{f05c:.2f}"),
    ("share of nominal time in alarm", "{nominal_in_alarm:.1%}"),
    ("half of the hits came within", "{delay_median_samples:.0f} samples"),
    ("nine of ten hits came within", "{delay_p90_samples:.0f} samples"),
    ("false alarms a channel and day", "{false_alarms_per_channel_day:.2f}"),
)
LAUNCHES: Told = (
    (
        "acceleration outside staging, against an analysis by others, RMS",
        "{acceleration_error:.1%}",
    ),
    ("times of engine events and apogee", "{event_error_s:.1f} s"),
    ("altitude 10 s ahead in powered flight, RMS", "{altitude_in_10_s_error:.1%}"),
    ("velocity 10 s ahead in powered flight, RMS", "{velocity_in_10_s_error:.1%}"),
    ("planted spikes found", "{spike_found:.0%}"),
    ("planted dropouts found", "{dropout_found:.0%}"),
    ("planted zeros found", "{zero_found:.0%}"),
    ("planted stuck values found", "{stuck_found:.0%}"),
    ("alarms in the flight without faults, at most", "{clean_alarms:.0f}"),
)
ORBITS: Told = (
    (
        "speed, against what was recorded with the positions",
        "{speed_error_m_s:.2f} m/s",
    ),
    ("distance to a place, likewise", "{distance_error_m:.0f} m"),
    ("phases that differ, likewise", "{phases_wrong:.0f}"),
    ("position, against the orbital elements", "{from_elements_km:.1f} km"),
    (
        "position in ten minutes without elements, against SGP4, median",
        "{in_10_min_median_km:.1f} km",
    ),
    ("the same, largest", "{in_10_min_largest_km:.1f} km"),
)


def scores() -> str:
    """How the default detectors did."""
    accepted = yaml.safe_load(SCORES.read_text(encoding="utf-8"))
    head = f"{accepted['channels']} channels, {accepted['labels']} labels"
    return _table(head, DETECTORS, _figures(accepted))


def launch_scores() -> str:
    """How the tracker of launchers did."""
    accepted = yaml.safe_load(TRACKING_SCORES.read_text(encoding="utf-8"))
    head = f"{accepted['launches']} recorded launches, the worse of them"
    return _table(head, LAUNCHES, _figures(accepted))


def orbit_scores() -> str:
    """How the tracker of satellites did."""
    accepted = yaml.safe_load(TRACKING_SCORES.read_text(encoding="utf-8"))
    figures = _figures(accepted)
    figures["speed_error_m_s"] = 1e3 * figures["speed_error_km_s"]
    figures["distance_error_m"] = 1e3 * figures["distance_error_km"]
    head = f"{accepted['positions']} recorded positions of the ISS, how far off"
    return _table(head, ORBITS, figures)


def _figures(accepted: Mapping[str, Any]) -> dict[str, float]:
    return {name: one["accepted"] for name, one in accepted["figures"].items()}


def _table(head: str, told: Told, figures: Mapping[str, float]) -> str:
    return table((head, ""), ((what, form.format(**figures)) for what, form in told))
