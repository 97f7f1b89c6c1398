"""The series that a follower has judged itself: their anomalies, from run to run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from connectors.messages.findings import Anomaly, Explanation, Severity, anomaly_id
from connectors.messages.samples import ParameterName, Runs, Samples
from connectors.messages.writes import Findings, ScoredSamples, Write
from dataflows.state.arrays import Times
from dataflows.state.snapshot import label, pack, unpack
from dataflows.vehicles.followed import Judged
from dataflows.verdicts.episodes import Episodes

_LABEL = label("judged_series", 1, {})


class JudgedSeries:
    """Follows the anomalies of the judged series of one vehicle.

    Each series is a parameter of its own, whose scores and severities are the
    follower's. Other cuts of the same samples give the same anomalies.
    """

    def __init__(self, spacecraft: str, subsystem: str) -> None:
        self._vehicle = spacecraft, subsystem
        self._episodes: dict[str, Episodes] = {}

    def take(
        self,
        times_us: Times,
        used: slice | np.ndarray[tuple[int], np.dtype[np.bool_]],
        judged: Mapping[str, Judged],
    ) -> Iterator[Write]:
        """Yields what is to be stored of the next numbers of each series.

        `times_us` has shape n; of the n numbers of each series those that are `used`
        count, as in `Followed`.
        """
        places = np.arange(len(times_us))[used]
        if not len(places):
            return
        for series, one in judged.items():
            name = ParameterName(*self._vehicle, series)
            samples = Samples(name, times_us[places], one.values[places])
            scores, severities = one.scores[places], one.severities[places]
            episodes = self._episodes.setdefault(series, Episodes())

            def explain(index: int, of: Judged = one) -> Explanation:
                return of.explain(int(places[index]))

            changes = episodes.update(samples.times_us, scores, severities, explain)
            found = [Anomaly.of(name, change) for change in changes]
            yield ScoredSamples(Runs.of([samples]), scores, severities)
            current = episodes.current
            open_us = {} if current is None else {name: current.started_us}
            yield Findings(found, open_since_us=open_us)

    def in_progress(self) -> Iterator[tuple[str, str]]:
        """Yields the ids and severities of anomalies that go on, as told last."""
        for series, episodes in self._episodes.items():
            if current := episodes.current:
                name = ParameterName(*self._vehicle, series)
                severity = Severity(current.told_severity).name
                yield anomaly_id(name, current.started_us), severity

    def snapshot(self) -> bytes:
        """All anomalies in progress."""
        parts = []
        for series, episodes in self._episodes.items():
            parts += [series.encode(), episodes.snapshot()]
        return pack(_LABEL, parts)

    def restore(self, data: bytes) -> None:
        """Goes on from a snapshot; raises SnapshotError if it is another's."""
        parts = unpack(data, _LABEL)
        restored = {}
        for series, state in zip(parts[::2], parts[1::2], strict=True):
            restored[series.decode()] = episodes = Episodes()
            episodes.restore(state)
        self._episodes = restored
