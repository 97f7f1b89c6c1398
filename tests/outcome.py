"""What is to be stored of a piece of a poll, as one thing that tests can look into."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

from connectors.messages.findings import Anomaly, Drift, ExpectedRange
from connectors.messages.polls import Poll, ToStore
from connectors.messages.samples import ParameterName, Runs
from connectors.messages.writes import Findings, Records, ScoredSamples
from dataflows.state.arrays import Floats, Severities


@dataclass(frozen=True)
class Outcome:
    """The last scored samples, which the parameters' own are, and all findings."""

    poll: Poll | None
    samples: Runs
    scores: Floats
    severities: Severities
    anomalies: Sequence[Anomaly]
    drifts: Sequence[tuple[ParameterName, Drift]]
    expected: Sequence[tuple[ParameterName, ExpectedRange]]
    open_since_us: Mapping[ParameterName, int]
    records: Sequence[Records]


def outcome(piece: ToStore) -> Outcome:
    nothing = ScoredSamples(Runs.of([]), np.empty(0), np.empty(0, np.int8))
    scored = [one for one in piece.writes if isinstance(one, ScoredSamples)]
    found = [one for one in piece.writes if isinstance(one, Findings)]
    last = scored[-1] if scored else nothing
    return Outcome(
        piece.poll,
        last.samples,
        last.scores,
        last.severities,
        [anomaly for one in found for anomaly in one.anomalies],
        [drift for one in found for drift in one.drifts],
        [told for one in found for told in one.expected],
        reduce(lambda known, one: {**known, **one.open_since_us}, found, {}),
        [one for one in piece.writes if isinstance(one, Records)],
    )


def outcomes(pieces: Iterable[ToStore]) -> list[Outcome]:
    return [outcome(piece) for piece in pieces]
