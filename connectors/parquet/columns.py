"""Samples as columns: what goes into the archive, and what is read back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from connectors.messages.polls import UNNAMED, LogId, Position
from connectors.messages.samples import ParameterName

Series: TypeAlias = tuple[NDArray[np.int64], NDArray[np.float64]]
"""Times in microseconds since 1970 (UTC), rising, and values; NaN = not acquired."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Samples of many parameters; all arrays have shape n.

    `parameters` are indices into `names`; `times_us` are generation times,
    microseconds since 1970 UTC; `values` are NaN where not acquired.
    """

    names: Sequence[ParameterName]
    parameters: NDArray[np.integer]
    times_us: NDArray[np.int64]
    values: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.values)

    def rows(self, chosen: NDArray[np.integer] | NDArray[np.bool_] | slice) -> Columns:
        """Some of the samples; the names stay."""
        return Columns(
            self.names,
            self.parameters[chosen],
            self.times_us[chosen],
            self.values[chosen],
        )


@dataclass(frozen=True, slots=True)
class Batch:
    """Samples of one topic, with the Kafka messages they came in.

    `messages` (shape n) is the index of each sample's message; the arrays `partitions`,
    `offsets`, `epochs` (leader epochs) and `received_us` (Kafka timestamps) have a
    place for every message that was read, also for those without samples. `passed` is
    how far partitions were read besides, past what is no message.
    """

    topic: str
    columns: Columns
    messages: NDArray[np.integer]
    partitions: NDArray[np.integer]
    offsets: NDArray[np.int64]
    epochs: NDArray[np.int64]
    received_us: NDArray[np.int64]
    log: LogId = UNNAMED
    passed: Sequence[Position] = ()

    def without(self, known: NDArray[np.bool_]) -> Batch:
        """The batch without the samples of the messages marked in `known`."""
        new = ~known[self.messages]
        return replace(
            self, columns=self.columns.rows(new), messages=self.messages[new]
        )


def concatenated(parts: Sequence[Columns]) -> Columns:
    """Columns that share their names, one after the other."""
    if len(parts) == 1:
        return parts[0]
    return Columns(
        parts[0].names,
        np.concatenate([part.parameters for part in parts]),
        np.concatenate([part.times_us for part in parts]),
        np.concatenate([part.values for part in parts]),
    )


def by_time(columns: Columns) -> Columns:
    """The samples in order of generation time; those of one instant keep theirs."""
    times_us = columns.times_us
    if len(times_us) < 2 or bool((times_us[1:] >= times_us[:-1]).all()):
        return columns
    return columns.rows(np.argsort(times_us, kind="stable"))


def by_parameter(columns: Columns) -> dict[ParameterName, Series]:
    """The samples of each parameter, by name; of those of one instant the first."""
    order = np.lexsort((columns.times_us, columns.parameters))  # stable
    parameters, times_us = columns.parameters[order], columns.times_us[order]
    is_first = (np.diff(parameters) != 0) | (np.diff(times_us) != 0)
    rows = order[np.append(len(order) > 0, is_first)]
    edges = np.flatnonzero(np.diff(columns.parameters[rows])) + 1
    found = {
        columns.names[int(columns.parameters[part[0]])]: (
            columns.times_us[part],
            columns.values[part],
        )
        for part in np.split(rows, edges)
        if len(part)
    }
    return dict(sorted(found.items()))


class NameTable:
    """One number a parameter, for columns that come with names of their own."""

    def __init__(self) -> None:
        self.names: list[ParameterName] = []
        self._numbers: dict[ParameterName, int] = {}

    def adopt(self, columns: Columns) -> Columns:
        """A copy of the columns with the names, and the numbers, of this table."""
        numbers = np.fromiter(map(self._number, columns.names), np.int32)
        return Columns(
            self.names,
            numbers[columns.parameters],
            np.array(columns.times_us, np.int64),
            np.array(columns.values, np.float64),
        )

    def _number(self, name: ParameterName) -> int:
        number = self._numbers.setdefault(name, len(self.names))
        if number == len(self.names):
            self.names.append(name)
        return number
