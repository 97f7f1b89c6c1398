"""What trackers of vehicles have in common: what they take, and what they give."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from connectors.messages.records import Records

Row = tuple[object, ...]


# Each is a constant, known by itself: names would be compared with each sample.
@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A table that a tracker's findings go to; its first `key` columns are the key."""

    name: str
    key: int
    columns: tuple[str, ...]


def records(found: Mapping[Table, Iterable[Row]]) -> list[Records]:
    """The rows for each table, where there are any."""
    return [
        Records(table.name, table.columns[: table.key], table.columns, rows)
        for table, given in found.items()
        if (rows := tuple(given))
    ]


@dataclass(frozen=True, slots=True)
class Followed:
    """What follows from n samples of a vehicle.

    `series` are derived parameters, float64 of shape n, which get the times of the
    samples that are `used`: all of them, or those where it holds (bool, shape n).
    """

    used: slice | NDArray[np.bool_]
    series: Mapping[str, NDArray[np.float64]]
    records: Sequence[Records] = ()


class Follower(Protocol):
    """A tracker of one vehicle. Other cuts of the same samples give the same bits."""

    def follow(
        self, times_us: NDArray[np.int64], values: Mapping[str, NDArray[np.float64]]
    ) -> Followed:
        """Takes samples in order of time; NaN where a parameter has no value."""

    def refuse(self, reason: str, detail: str, samples: int = 1) -> None:
        """Counts samples that are not used: a metric's label, and text for people."""

    def begin_epoch(self) -> None:
        """Takes what follows for another epoch of the mission."""

    def begin_anew(self) -> None:
        """Takes what follows for earlier than what came: the clock was set back."""

    def snapshot(self) -> bytes:
        """All it knows."""

    def restore(self, data: bytes) -> None:
        """Goes on from a snapshot."""
