"""Which described parameters never come: a typo in a file or a packet, mostly."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches

from connectors.files.parameters import EVERY, Definitions
from connectors.messages.samples import ParameterName
from connectors.metrics import FlowMetrics

# So long after a spacecraft is first heard, what it has not sent is told of.
WAIT_S = 600.0
LOOK_EVERY_S = 30.0
MOST_LISTED = 5
# To find the nearest among more would take too long.
MOST_COMPARED = 1_000
# A spacecraft has to be called almost the same; those of a fleet are alike.
ALMOST_THE_SAME = 0.85

_log = logging.getLogger("orbitwatch.detect")


class RollCall:
    """Tells once of described parameters that are not heard though their spacecraft is.

    All shards of a process share it. What is described of every spacecraft may be meant
    for another flow, and is not asked for; nor, where a process reads only a share of
    the partitions (`is_whole` is false), is what is of a subsystem that it never hears.
    """

    def __init__(
        self,
        definitions: Definitions,
        metrics: FlowMetrics,
        monotonic_s: Callable[[], float],
        *,
        is_whole: bool = True,
    ) -> None:
        self._monotonic_s, self._is_whole = monotonic_s, is_whole
        self._gauge = metrics.judging.unheard
        self._missing: dict[str, set[ParameterName]] = {}
        for definition in definitions:
            name = definition.name
            if name.spacecraft != EVERY:
                self._missing.setdefault(name.spacecraft, set()).add(name)
        self._described = [*self._missing]
        self._heard: dict[str, set[ParameterName]] = {}
        # When those that are described were first heard, and whether they are told of.
        self._since_s: dict[str, float] = {}
        self._told: set[str] = set()
        self._next_look_s = monotonic_s() + LOOK_EVERY_S
        self._ends_s = monotonic_s() + WAIT_S

    def known(self, name: ParameterName) -> None:
        """Takes in a parameter that is heard for the first time, now or before."""
        if name.is_replayed:
            return
        self._heard.setdefault(name.spacecraft, set()).add(name)
        missing = self._missing.get(name.spacecraft, set())
        if name in missing:
            missing.discard(name)
            if name.spacecraft in self._told:
                self._gauge.labels(name.spacecraft).set(len(self._asked(missing)))
                _log.info("%s is heard now", name)

    def hear(self, names: Iterable[ParameterName]) -> None:
        """Takes in the parameters of a batch; tells what is missing when it is time."""
        if len(self._since_s) < len(self._described):
            for spacecraft in {name.spacecraft for name in names}:
                if spacecraft in self._missing and spacecraft not in self._since_s:
                    self._since_s[spacecraft] = self._monotonic_s()
                    self._gauge.labels(spacecraft).set(0)
        if self._monotonic_s() >= self._next_look_s:
            self._look(self._monotonic_s())

    def _look(self, now_s: float) -> None:
        self._next_look_s = now_s + LOOK_EVERY_S
        for spacecraft, since_s in self._since_s.items():
            if spacecraft not in self._told and now_s - since_s >= WAIT_S:
                self._told.add(spacecraft)
                self._tell(spacecraft)
        if now_s >= self._ends_s:
            self._ends_s = float("inf")
            self._tell_of_spacecraft()

    def _tell(self, spacecraft: str) -> None:
        missing = self._asked(self._missing[spacecraft])
        self._gauge.labels(spacecraft).set(len(missing))
        if not missing:
            return
        heard = [*map(str, self._heard.get(spacecraft, ()))][:MOST_COMPARED]
        listed = ", ".join(_with_nearest(name, heard) for name in missing[:MOST_LISTED])
        more = len(missing) - MOST_LISTED
        _log.warning(
            "%d described parameters of %s are not heard, %.0f min after it was: %s%s; "
            "see whether files and packets call them the same",
            *(len(missing), spacecraft, WAIT_S / 60, listed),
            f" and {more} more" if more > 0 else "",
        )

    def _tell_of_spacecraft(self) -> None:
        """Of one that is not heard, while one is that has almost its name."""
        others = [one for one in self._heard if one not in self._missing]
        for described in self._missing.keys() - self._heard.keys():
            by_lower = {one.lower(): one for one in others[:MOST_COMPARED]}
            near = get_close_matches(described.lower(), by_lower, 1, ALMOST_THE_SAME)
            if near:
                _log.warning(
                    "%s is described, and %s is heard: see whether they are the same",
                    *(described, by_lower[near[0]]),
                )

    def _asked(self, missing: Iterable[ParameterName]) -> Sequence[ParameterName]:
        found = sorted(missing)
        if self._is_whole:
            return found
        subsystems = {name[:2] for heard in self._heard.values() for name in heard}
        return [name for name in found if name[:2] in subsystems]


def _with_nearest(name: ParameterName, heard: Sequence[str]) -> str:
    near = get_close_matches(str(name), heard, 1)
    return f"{name} (heard: {near[0]})" if near else str(name)
