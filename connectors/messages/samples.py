"""Samples of parameters as columns: what detectors and connectors share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Context: TypeAlias = Mapping[str, NDArray[np.float64]]
"""The situation of a run of samples: one column a name; what is not named is 0."""


# What is replayed is told of as another spacecraft, which nobody operates.
REPLAYED = "replay:"


class ParameterName(NamedTuple):
    """Which parameter of which spacecraft; `subsystem` is empty where none is given."""

    spacecraft: str
    subsystem: str
    parameter: str

    def __str__(self) -> str:
        """The qualified name, `/ISS/orbit/latitude`."""
        return "".join(f"/{part}" for part in self if part)

    @property
    def is_replayed(self) -> bool:
        """Whether its samples are replayed: nobody is to be alarmed by them."""
        return self.spacecraft.startswith(REPLAYED)


@dataclass(frozen=True, slots=True)
class Samples:
    """A run of samples of one parameter, in order of arrival.

    `times_us` are generation times, microseconds since 1970 UTC (int64, shape n);
    `values` are float64, shape n, NaN where not acquired. `epochs` are pairs of an
    index and the epoch's name from there on.
    """

    name: ParameterName
    times_us: NDArray[np.int64]
    values: NDArray[np.float64]
    context: Context | None = None
    epochs: tuple[tuple[int, str], ...] = ()

    def __len__(self) -> int:
        return len(self.values)


class Situation(NamedTuple):
    """What was told with a run of samples; as in `Samples`."""

    context: Context | None = None
    epochs: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Runs:
    """Samples of some parameters as columns: the run of the first, of the second, ...

    Rows `starts[i]` to before `starts[i + 1]` are those of `names[i]`, in order of
    arrival. `times_us` and `values` are as in `Samples`; `situations` has the context
    and the epochs of those runs (by their place) that came with any. `messages` says
    which message of the poll a row came in, if that is known (int64, shape n).
    """

    names: Sequence[ParameterName]
    starts: NDArray[np.int64]
    times_us: NDArray[np.int64]
    values: NDArray[np.float64]
    situations: Mapping[int, Situation] = field(default_factory=dict)
    messages: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.values)

    def rows(self, place: int) -> slice:
        """Where the samples of one parameter are."""
        begin, end = self.starts[place : place + 2].tolist()
        return slice(begin, end)

    def run(self, place: int) -> Samples:
        """The samples of one parameter."""
        rows = self.rows(place)
        told = self.situations.get(place, Situation())
        name, times_us, values = self.names[place], self.times_us, self.values
        return Samples(name, times_us[rows], values[rows], told.context, told.epochs)

    @classmethod
    def of(cls, runs: Sequence[Samples]) -> Runs:
        """The same samples in one piece; no parameter may occur twice.

        Runs that have one context in common share what tells it.
        """
        shared: dict[object, Situation] = {}
        situations = {
            place: shared.setdefault(
                (id(run.context), run.epochs), Situation(run.context, run.epochs)
            )
            for place, run in enumerate(runs)
            if run.context or run.epochs
        }
        return cls(
            [run.name for run in runs],
            np.cumsum([0, *map(len, runs)]),
            np.concatenate([np.empty(0, np.int64), *(run.times_us for run in runs)]),
            np.concatenate([np.empty(0), *(run.values for run in runs)]),
            situations,
        )
