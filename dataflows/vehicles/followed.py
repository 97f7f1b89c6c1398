"""What trackers of vehicles have in common: what they take, and what they give."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from connectors.messages.findings import Explanation
from connectors.messages.writes import Records
from dataflows.state.arrays import Floats, Severities

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
class Judged:
    """A series of n numbers that its follower has judged itself.

    `values` and `scores` (float64, 1.0 = threshold, NaN = not scored) and `severities`
    (int8) have shape n; `explain` tells why number `index` got its score. Where parts
    are judged together, its contributions are the shares of the parts: their sum is the
    score.
    """

    values: Floats
    scores: Floats
    severities: Severities
    explain: Callable[[int], Explanation]


@dataclass(frozen=True, slots=True)
class Followed:
    """What follows from n samples of a vehicle.

    `series` are derived parameters, float64 of shape n, which get the times of the
    samples that are `used`: all of them, or those where it holds (bool, shape n). They
    are watched as parameters are; `judged` ones are not, as they are findings already.
    """

    used: slice | NDArray[np.bool_]
    series: Mapping[str, Floats]
    records: Sequence[Records] = ()
    judged: Mapping[str, Judged] = field(default_factory=dict)


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
