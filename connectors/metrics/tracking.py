"""Vehicles that are tracked, and samples that could not be used for it."""

from __future__ import annotations

from connectors.metrics.instruments import Instruments


class TrackingMetrics:
    """What trackers refuse, and how old orbital elements are."""

    def __init__(self, make: Instruments) -> None:
        self.not_tracked = make.counter(
            "not_tracked_samples", "Samples that a tracker could not use.", ["reason"]
        )
        self.elements_age = make.gauge(
            "orbital_elements_age_seconds",
            "From the epoch of a satellite's orbital elements to its newest position.",
            ["spacecraft"],
        )
