"""What is to be stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from connectors.messages.findings import Anomaly, Drift, Expected
from connectors.messages.polls import Poll
from connectors.messages.records import Records
from connectors.messages.samples import ParameterName, Runs


@dataclass(frozen=True, slots=True)
class Scored:
    """Samples with what the detectors made of them, on their way to the database.

    `scores` (float64, 1.0 = threshold, NaN = not scored) and `severities` (int8, as
    numbered in the table `severity`) have a number for each sample, `units` a unit for
    each parameter. `open_since_us` says of those in an anomaly, now that these samples
    were seen, when it started. What a timer brought about has no samples, and no poll.
    """

    samples: Runs
    scores: NDArray[np.float64]
    severities: NDArray[np.int8]
    anomalies: tuple[Anomaly, ...]
    units: Sequence[str]
    poll: Poll | None
    drifts: tuple[Drift, ...] = ()
    records: tuple[Records, ...] = ()
    expected: Sequence[Expected] = ()
    open_since_us: Mapping[ParameterName, int] = field(default_factory=dict)
