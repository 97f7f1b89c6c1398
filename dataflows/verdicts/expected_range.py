"""Between what values a parameter is expected, told when that has moved.

What detectors expect moves little from one sample to the next. So it is looked at once
a minute (of generation time, with the first sample that was acquired), and told if it
moved by a fiftieth of its width, appeared, went away, or was told a day ago.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from connectors.messages.findings import ExpectedRange
from dataflows.state.arrays import Floats, Times, ready
from dataflows.verdicts.expected_range_kernel import STATE, find, tell

__all__ = ["HasBand", "Indices", "news_of", "news_of_many", "untold"]

Indices: TypeAlias = NDArray[np.int64]
_ONLY = np.zeros(1, np.int64)


@runtime_checkable
class HasBand(Protocol):
    """A detector that knows what values it would have taken for normal."""

    def expected_band(self) -> tuple[Floats, Floats]:
        """Return the lower and upper ends for the samples of the last `update`.

        In the parameter's unit; NaN = no such end, or not known yet.
        """
        ...


def untold(parameters: int) -> Floats:
    """Return the state of parameters of which nothing was told: a row for each."""
    return np.full((parameters, STATE), np.nan)


def news_of(
    times_us: Times, values: Floats, band: tuple[Floats, Floats], state: Floats
) -> list[ExpectedRange]:
    """Return what there is to tell of one parameter's next samples.

    `band` has the ends for each sample; `state` is the row of the parameter.

    >>> times_us, state = np.array([0, 30, 70, 130]) * 1_000_000, untold(1)
    >>> lower, upper = np.zeros(4), np.array([9.0, 10.0, 9.01, 11.0])
    >>> told = news_of(times_us, np.ones(4), (lower, upper), state)
    >>> [(each.since_us // 1_000_000, each.upper) for each in told]
    [(0, 9.0), (130, 11.0)]
    """
    lower, upper = band
    ends = np.array([len(times_us)])
    news = news_of_many(
        *(times_us, values, _ONLY, ends, _ONLY),
        *(lambda places: (lower[places], upper[places]), state),
    )
    return [told for _, told in news]


def news_of_many(
    times_us: Times,
    values: Floats,
    begins: Indices,
    ends: Indices,
    rows: Indices,
    band_of: Callable[[Indices], tuple[Floats, Floats]],
    state: Floats,
) -> list[tuple[int, ExpectedRange]]:
    """Return the runs (their indices) of which there is something to tell, and what.

    Run k is `begins[k]` to before `ends[k]`, with its state in row `rows[k]`. Of the
    samples that are looked at, `band_of` returns the ends.
    """
    times_us, values = ready(times_us, np.int64), ready(values, np.float64)
    places, runs = np.empty((2, len(times_us)), np.int64)
    found = find(times_us, values, begins, ends, rows, state, places, runs)
    if not found:
        return []
    places, runs = places[:found], runs[:found]
    lower, upper = band_of(places)
    told = np.empty(found, np.int64)
    count = tell(times_us, places, runs, rows, lower, upper, state, told)
    told = told[:count]
    columns = runs[told], times_us[places[told]], lower[told], upper[told]
    return [
        (run, ExpectedRange(*what))
        for run, *what in zip(*(each.tolist() for each in columns), strict=True)
    ]
