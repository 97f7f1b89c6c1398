"""What is watched, and what could not be."""

from __future__ import annotations

from connectors.metrics.instruments import Instruments


class JudgingMetrics:
    """Parameters that are watched, and samples that were judged by limits only."""

    def __init__(self, make: Instruments) -> None:
        self.watched = make.gauge("parameters_watched", "Parameters that are watched.")
        self.unheard = make.gauge(
            "parameters_unheard",
            "Described parameters that do not come, though their spacecraft does.",
            ["spacecraft"],
        )
        self.late = make.counter(
            "telemetry_late_samples",
            "Samples not newer than one seen before: judged by limits only.",
        )
        self.unwatched = make.counter(
            "telemetry_unwatched_samples",
            "Samples of parameters beyond the number that is watched: judged by limits "
            "only.",
        )
        self.drifts = make.counter(
            "drifts", "Times that the data of a parameter changed.", ["detector"]
        )
