"""Numbers and times with their unit, as Grafana writes them.

After Grafana 11.6, packages/grafana-data/src/valueFormats.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

SYMBOLS = {
    "celsius": "°C",
    "degree": "°",
    "velocityms": "m/s",
    "accMS2": "m/sec²",
    "pressurekpa": "kPa",
}
COUNTED = {"cps": "c/s", "ops": "ops/s", "rps": "rd/s", "wps": "wr/s", "mps": "msg/s"}
METRIC = {
    "lengthm": ("m", 0),
    "lengthkm": ("m", 1),
    "volt": ("V", 0),
    "watt": ("W", 0),
    "decbytes": ("B", 0),
}
PREFIXES = ("f", "p", "n", "µ", "m", "", "k", "M", "G", "T", "P")
SECONDS = (
    (1e-6, 1e-9, " ns"),
    (1e-3, 1e-6, " µs"),
    (1, 1e-3, " ms"),
    (60, 1, " s"),
    (3600, 60, " min"),
    (86_400, 3600, " hour"),
    (604_800, 86_400, " day"),
    (31_536_000, 604_800, " week"),
    (math.inf, 31_556_900, " year"),
)
WHOLE_TIME = "YYYY-MM-DD HH:mm:ss"
TIME_PARTS = {
    "YYYY": "%Y", "MM": "%m", "DD": "%d", "HH": "%H", "mm": "%M", "ss": "%S"
}  # fmt: skip
# Smaller numbers are written as browsers write them.
TINY = 1e-6
# After these comes an s where there is more than one.
COUNTABLE = {" min", " hour", " day", " week", " year"}


class Scaled(NamedTuple):
    """A number in the size in which it is shown, and what stands after it."""

    value: float
    suffix: str


def shown(value: float, unit: str, decimals: int | None = None) -> str:
    """A number with its unit; three digits where `decimals` does not say how many."""
    number, suffix = scaled(value, unit)
    if decimals is None and 0 < abs(number) < TINY:
        digits, exponent = f"{number:.2e}".split("e")
        return f"{digits.rstrip('0').rstrip('.')}e{int(exponent)}{suffix}"
    return f"{number:.{_decimals(number) if decimals is None else decimals}f}{suffix}"


def shown_ticks(values: Sequence[float], unit: str) -> list[str]:
    """Numbers along an axis, with the decimals that all need, or else each its own."""
    numbers = [scaled(value, unit) for value in values if value]
    decimals = next((n for n in range(6) if _are_exact(numbers, n)), None)
    if len({number.suffix for number in numbers}) > 1:
        decimals = None
    return [shown(value, unit, decimals) for value in values]


def shown_time(time: datetime, unit: str = "") -> str:
    """A moment in a table or a number's place."""
    if unit == "dateTimeAsIsoNoDateIfToday" and time.date() == datetime.now(UTC).date():
        return f"{time:%H:%M:%S}"
    form = unit.removeprefix("time:") if unit.startswith("time:") else WHOLE_TIME
    for theirs, ours in TIME_PARTS.items():
        form = form.replace(theirs, ours)
    return format(time, form)


def scaled(value: float, unit: str) -> Scaled:
    """A number in thousands, milliseconds, or whatever suits its unit."""
    if unit == "percentunit":
        return Scaled(value * 100, "%")
    if unit == "percent":
        return Scaled(value, "%")
    if unit == "ms" and abs(value) < 1000:
        return Scaled(value, " ms")
    if unit in {"s", "ms"}:
        return _seconds(value / 1000 if unit == "ms" else value)
    if unit == "short":
        return _in_steps(value, 1000, ["", " K", " Mil", " Bil", " Tri"], 0)
    if unit == "bytes":
        return _in_steps(value, 1024, [" B", " KiB", " MiB", " GiB", " TiB"], 0)
    if unit in COUNTED:
        sizes = [f"{size} {COUNTED[unit]}" for size in ("", "K", "M", "B", "T")]
        return _in_steps(value, 1000, sizes, 0)
    if unit in METRIC:
        symbol, place = METRIC[unit]
        sizes = [f" {prefix}{symbol}" for prefix in PREFIXES]
        return _in_steps(value, 1000, sizes, PREFIXES.index("") + place)
    symbol = SYMBOLS.get(unit, unit.removeprefix("suffix:").strip())
    return Scaled(value, f" {symbol}" if symbol and symbol != "none" else "")


def _seconds(value: float) -> Scaled:
    if value == 0:
        return Scaled(0, " s")
    size = abs(value)
    unit, suffix = next((unit, text) for below, unit, text in SECONDS if size < below)
    several = suffix in COUNTABLE and size / unit > 1
    return Scaled(value / unit, f"{suffix}s" if several else suffix)


def _in_steps(value: float, factor: int, sizes: Sequence[str], place: int) -> Scaled:
    """`place` is that of the unit in which the value is given."""
    # A thousand is to be a thousand, whatever its logarithm is rounded to.
    steps = math.floor(math.log(abs(value), factor) + 1e-12) if value else 0
    steps = min(max(steps, -place), len(sizes) - 1 - place)
    return Scaled(value / factor**steps, sizes[place + steps])


def _decimals(value: float) -> int:
    if value == round(value):
        return 0
    return max(0, 2 - math.floor(math.log10(abs(value))))


def _are_exact(numbers: Sequence[Scaled], decimals: int) -> bool:
    return all(
        abs(round(one.value, decimals) - one.value) <= 1e-6 * abs(one.value)
        for one in numbers
    )
