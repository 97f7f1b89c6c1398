"""Where the ticks of an axis are, and what is written at them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tests.provisioning.grafana.drawing.units import shown_ticks

MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400
TIME_STEPS_S = (
    1, 2, 5, 10, 15, 30,
    *(minutes * MINUTE_S for minutes in (1, 2, 5, 10, 15, 30)),
    *(hours * HOUR_S for hours in (1, 2, 3, 4, 6, 12)),
    *(days * DAY_S for days in (1, 2, 5, 10, 30)),
)  # fmt: skip
NUMBER_STEPS = (1, 2, 2.5, 5, 10)
# How far apart ticks are at least.
TIME_GAP_PX, NUMBER_GAP_PX = 75, 34
# How much of what is shown stays free above and below it.
PADDING = 0.1


@dataclass(frozen=True, slots=True)
class Axis:
    """A range and its ticks."""

    low: float
    high: float
    ticks: Sequence[float]
    labels: Sequence[str]


def time_axis(since: datetime, until: datetime, room_px: float) -> Axis:
    """Clock times, in seconds since 1970."""
    low, high = since.timestamp(), until.timestamp()
    finest = (high - low) * TIME_GAP_PX / room_px
    step = next((one for one in TIME_STEPS_S if one >= finest), TIME_STEPS_S[-1])
    ticks = _multiples(step, low, high)
    form = "%H:%M:%S" if step < MINUTE_S else "%H:%M" if step < DAY_S else "%m/%d"
    if form == "%H:%M" and high - low > DAY_S:
        form = "%m/%d %H:%M"
    labels = [format(datetime.fromtimestamp(tick, UTC), form) for tick in ticks]
    return Axis(low, high, ticks, labels)


def number_axis(
    values: Sequence[float],
    unit: str,
    room_px: float,
    low: float | None = None,
    high: float | None = None,
    decimals: int | None = None,
) -> Axis:
    """Numbers, with room around the values but where an end is given."""
    least, most = _with_room(values, low, high)
    step = nice_step((most - least) * NUMBER_GAP_PX / room_px, unit)
    if decimals == 0:
        step = max(math.ceil(step), 1)
    if low is None:
        least = math.floor(least / step + 1e-9) * step
    if high is None:
        most = math.ceil(most / step - 1e-9) * step
    ticks = _multiples(step, least, most)
    return Axis(least, most, ticks, shown_ticks(ticks, unit))


def exact_axis(values: Sequence[float], unit: str, room_px: float) -> Axis:
    """Numbers from the lowest value to the highest, as Grafana has them along x."""
    least, most = min(values), max(values)
    step = nice_step((most - least) * TIME_GAP_PX / room_px, unit)
    ticks = _multiples(step, least, most)
    return Axis(least, most, ticks, shown_ticks(ticks, unit))


def nice_step(finest: float, unit: str) -> float:
    """The smallest round step that is no finer."""
    if finest <= 0:
        return 1
    if unit == "bytes":
        return float(2 ** math.ceil(math.log2(finest)))
    size = float(10 ** math.floor(math.log10(finest)))
    return next(one * size for one in NUMBER_STEPS if one * size >= finest * 0.999)


def _with_room(
    values: Sequence[float], low: float | None, high: float | None
) -> tuple[float, float]:
    known = [value for value in values if math.isfinite(value)] or [0.0]
    least = min(known) if low is None else low
    most = max(known) if high is None else high
    room = (most - least) * PADDING or abs(most) * PADDING or 1.0
    if low is None:
        least = max(least - room, 0) if least >= 0 else least - room
    if high is None:
        most = min(most + room, 0) if most < 0 else most + room
    return least, most


def _multiples(step: float, low: float, high: float) -> list[float]:
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1)]
