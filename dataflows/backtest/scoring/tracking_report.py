"""How well what moves was tracked, as Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from dataflows.backtest.scoring.report import NOTHING, table

__all__ = ["launches_table", "satellite_table", "worst"]

Figures = Mapping[str, float | None]


class _Row(NamedTuple):
    """What a figure is called for people, how it is shown, and what is asked for."""

    meaning: str
    form: str
    asked: str = ""


_LAUNCH = {
    "acceleration_error": _Row("acceleration, RMS error", ".1%", "10 %"),
    "event_error_s": _Row("largest error of an event [s]", ".2f", "2"),
    "altitude_in_10_s_error": _Row("altitude in 10 s, RMS error", ".2%", "3 %"),
    "velocity_in_10_s_error": _Row("velocity in 10 s, RMS error", ".2%", "3 %"),
    "clean_alarms": _Row("alarms in the clean flight", ".0f"),
    "spike_found": _Row("spikes found", ".1%"),
    "dropout_found": _Row("dropouts found", ".1%"),
    "zero_found": _Row("zeros found", ".1%"),
    "stuck_found": _Row("stuck values found", ".1%"),
    "stray_alarms": _Row("false alarms in a flight with faults", ".2f"),
}
_SATELLITE = {
    "speed_error_km_s": _Row("recorded speed, largest difference [km/s]", ".6f"),
    "distance_error_km": _Row("recorded distance, largest difference [km]", ".4f"),
    "phases_wrong": _Row("recorded phases not reproduced", ".0f"),
    "from_elements_km": _Row("recorded positions from SGP4, largest [km]", ".2f"),
    "in_10_min_median_km": _Row("track in 10 min from SGP4, median [km]", ".2f"),
    "in_10_min_largest_km": _Row("track in 10 min from SGP4, largest [km]", ".2f"),
}


def worst(
    flown: Mapping[str, Figures], better: Mapping[str, int]
) -> dict[str, float | None]:
    """Return each figure of the flight where it is worst; None where one has none.

    >>> flights = {"a": {"errors": 1.0}, "b": {"errors": 3.0}}
    >>> worst(flights, {"errors": -1})
    {'errors': 3.0}
    """
    found: dict[str, float | None] = {}
    for name, sign in better.items():
        values = [figures[name] for figures in flown.values()]
        known = [value for value in values if value is not None]
        whole = len(known) == len(values)
        found[name] = sign * min(sign * value for value in known) if whole else None
    return found


def launches_table(flown: Mapping[str, Figures], better: Mapping[str, int]) -> str:
    """Return a Markdown table with a row a figure and a column a flight."""
    columns = [*flown.values()]
    lines = [["launches", *flown, "asked for"]]
    for name in better:
        row = _LAUNCH[name]
        shown = [_shown(figures[name], row.form) for figures in columns]
        lines.append([row.meaning, *shown, row.asked])
    return table(lines)


def satellite_table(figures: Figures) -> str:
    """Return a Markdown table with a row a figure."""
    rows = [
        [row.meaning, _shown(figures[name], row.form)]
        for name, row in _SATELLITE.items()
    ]
    return table([["ISS", "reached"], *rows])


def _shown(value: float | None, form: str) -> str:
    return NOTHING if value is None else format(value, form)
