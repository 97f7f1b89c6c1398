"""What is to be stored: samples with their scores, findings, rows of single systems."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from connectors.messages.findings import Anomaly, Drift, ExpectedRange
from connectors.messages.samples import ParameterName, Runs


@dataclass(frozen=True, slots=True)
class ScoredSamples:
    """Samples with what was made of them.

    `scores` (float64, 1.0 = threshold, NaN = not scored) and `severities` (int8, the
    numbers of `Severity`) have a number for each sample.
    """

    samples: Runs
    scores: NDArray[np.float64]
    severities: NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found of parameters.

    `open_since_us` says of the parameters heard that are in an anomaly now, when it
    started: what is open of the others has ended.
    """

    anomalies: Sequence[Anomaly] = ()
    drifts: Sequence[tuple[ParameterName, Drift]] = ()
    expected: Sequence[tuple[ParameterName, ExpectedRange]] = ()
    open_since_us: Mapping[ParameterName, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Records:
    """Rows for a table of one system: `columns` in order, None for NULL.

    A row whose `key` is there already changes nothing; where there is a column
    `revision`, unless it has a higher one.
    """

    table: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    rows: Sequence[tuple[object, ...]]


Write: TypeAlias = ScoredSamples | Findings | Records


def anomalies_in(writes: Iterable[Write]) -> Iterator[Anomaly]:
    """Yields the changes of anomalies among what is to be stored, in order."""
    for write in writes:
        if isinstance(write, Findings):
            yield from write.anomalies
