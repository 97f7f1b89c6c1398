"""How far the demo is: what was sent, stored, archived and found, seen from outside."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from connectors.database import overview
from connectors.database.connection import Connection
from connectors.database.overview import LatestAnomaly
from simulators.demo.feed import DemoFeed
from simulators.demo.services import ARCHIVE, DemoServices
from simulators.demo.speeds import Reading, Speeds
from simulators.demo.verdicts import AnomalyKey, Verdict, judge, key

ALL_ANOMALIES = 100_000


class Progress:
    """Reads how far the flows are, whenever it is told to `look`."""

    def __init__(self, services: DemoServices, feeds: Sequence[DemoFeed]) -> None:
        self._services, self._feeds = services, feeds
        names = [*(feed.system for feed in feeds), ARCHIVE]
        self._speeds = {name: Speeds() for name in names}
        self._anomalies: dict[AnomalyKey, LatestAnomaly] = {}
        self._verdicts: Sequence[Verdict] = ()
        self._archived = 0
        self._started_s = time.monotonic()
        self.look_took_s = 0.0

    @property
    def elapsed_s(self) -> float:
        """The seconds since the start."""
        return time.monotonic() - self._started_s

    @property
    def speeds(self) -> Mapping[str, Speeds]:
        """How fast each flow is; the archive is one."""
        return MappingProxyType(self._speeds)

    @property
    def anomalies(self) -> Sequence[LatestAnomaly]:
        """All anomalies in the order in which they were found.

        That of their own times would be none: every system has its clock.
        """
        return [*self._anomalies.values()]

    @property
    def verdicts(self) -> Sequence[Verdict]:
        """What became of each fault that is over."""
        return self._verdicts

    @property
    def is_behind(self) -> bool:
        """Whether something that was sent is not stored, or not archived."""
        latest = [each.latest for each in self._speeds.values()]
        return any(reading.stored < reading.sent for reading in latest)

    def look(self, database: Connection) -> None:
        """Reads how far the flows are; raises what went wrong in them or in a feed."""
        began_s = time.monotonic()
        self._services.check()
        for feed in self._feeds:
            feed.check()
        sent = [feed.sent for feed in self._feeds]
        stored = overview.stored_parameters(database)
        for feed, its_sent in zip(self._feeds, sent, strict=True):
            feed.count(stored)
            self._note(feed.system, its_sent, feed.stored)
        # While it is busy, it does not answer.
        self._archived = self._services.count_archived() or self._archived
        self._note(ARCHIVE, sum(sent), self._archived)
        for found in reversed(overview.latest_anomalies(database, ALL_ANOMALIES)):
            self._anomalies[key(found)] = found
        self._verdicts, _ = judge_all(self._feeds, self.anomalies)
        self.look_took_s = time.monotonic() - began_s

    def _note(self, name: str, sent: int, stored: int) -> None:
        self._speeds[name].add(Reading(self.elapsed_s, sent, stored))


def judge_all(
    feeds: Sequence[DemoFeed], anomalies: Sequence[LatestAnomaly]
) -> tuple[list[Verdict], Sequence[LatestAnomaly]]:
    """What became of the faults of all feeds, and the anomalies of no fault."""
    verdicts: list[Verdict] = []
    for feed in feeds:
        if feed.late is not None:
            judged, anomalies = judge(tuple(feed.faults), anomalies, feed.late)
            verdicts += judged
    return verdicts, anomalies
