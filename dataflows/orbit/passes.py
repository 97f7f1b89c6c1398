"""The passes of one satellite: foreseen, begun, over, each change a revision."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from itertools import chain
from typing import NamedTuple

from dataflows.orbit.findings import Pass

__all__ = ["Foreseen", "Observed", "PassBook"]

TOLERANCE_US = 120_000_000
"""How far a pass may be from where it was foreseen, and still be that pass."""

KEPT_US = 24 * 3_600_000_000
"""How long a pass that is closed is kept: the clock may be set back before it."""

_AFTER_ALL = 2**63 - 1


class Foreseen(NamedTuple):
    """A pass that the search found; times are microseconds since 1970 UTC."""

    station: str
    aos_us: int
    culmination_us: int
    los_us: int
    elevation_deg: float


class Observed(NamedTuple):
    """A satellite came into view (`rises`) or went out of it, seen at `seen_us`.

    `crossed_us` is when it crossed the minimum, None where that is not known; the
    elevation is the highest so far.
    """

    station: str
    rises: bool
    seen_us: int
    crossed_us: int | None
    culmination_us: int
    elevation_deg: float


class PassBook:
    """The passes that are not over yet, and those of a day that are.

    A pass that was closed later than now was closed by a clock that was ahead. Its
    revisions go on, so that what is told next counts.

    >>> book = PassBook()
    >>> book.foresee(Foreseen("Kiruna", 100, 200, 300, 45.0), 0).state
    'PREDICTED'
    >>> book.observe(Observed("Kiruna", True, 110, 104, 110, 5.0)).aos_us
    104
    """

    def __init__(self) -> None:
        self._open: list[Pass] = []
        self._closed: list[tuple[int, Pass]] = []
        self._dumped: bytes | None = None

    def foresee(self, found: Foreseen, now_us: int) -> Pass | None:
        """Return the pass as it is now expected; None if that is no news."""
        if found.los_us + TOLERANCE_US < now_us:
            return None
        known = self._around(found.station, found.aos_us, found.los_us, now_us)
        if known is not None and known.state == "OVER":
            return None
        new = replace(
            known or Pass(found.station, found.aos_us, -1, "PREDICTED"),
            predicted_aos_us=found.aos_us,
            predicted_culmination_us=found.culmination_us,
            predicted_los_us=found.los_us,
            predicted_elevation_deg=found.elevation_deg,
        )
        return None if new == known else self._revise(known, new, now_us)

    def observe(self, seen: Observed) -> Pass:
        """Return the pass that has begun or ended."""
        if seen.rises:
            known = self._around(seen.station, seen.seen_us, seen.seen_us, seen.seen_us)
            begun_us = seen.seen_us if seen.crossed_us is None else seen.crossed_us
            new = _unseen(known or Pass(seen.station, begun_us, -1, "PREDICTED"))
            new = replace(new, state="IN_VIEW", aos_us=seen.crossed_us)
            return self._revise(known, new, seen.seen_us)
        known = next(
            one
            for one in self._open
            if one.station == seen.station and one.state == "IN_VIEW"
        )
        over = replace(
            known,
            state="OVER",
            culmination_us=seen.culmination_us,
            los_us=seen.crossed_us,
            maximum_elevation_deg=seen.elevation_deg,
        )
        return self._revise(known, over, seen.seen_us)

    def begin_anew(self) -> None:
        """Lose sight of what is in view: the clock is set back."""
        lost = [one for one in self._open if one.state == "IN_VIEW"]
        self._open = [one for one in self._open if one.state != "IN_VIEW"]
        self._closed += [(_AFTER_ALL, one) for one in lost]
        self._dumped = None

    def reopened(self, now_us: int) -> Iterator[Pass]:
        """Yield the passes that a clock closed which has been set back since."""
        for closed_us, one in tuple(self._closed):
            if closed_us <= now_us:
                continue
            los_us = one.predicted_los_us
            comes = los_us is not None and los_us + TOLERANCE_US >= now_us
            if comes and one.state != "OVER":
                yield self._revise(one, _unseen(one), now_us)
            elif one.state == "IN_VIEW":
                yield self._revise(one, replace(one, state="OVER"), now_us)
            elif not comes:
                self._remove(one)

    def overdue(self, now_us: int) -> Iterator[Pass]:
        """Yield the passes that were foreseen, and went by without a position."""
        for one in tuple(self._open):
            los_us = one.predicted_los_us
            if one.state == "PREDICTED" and los_us is not None:
                if los_us + TOLERANCE_US < now_us:
                    gone = replace(one, state="NOT_OBSERVED")
                    yield self._revise(one, gone, now_us)

    def forget(self, stations: set[str]) -> None:
        """Keep the passes of these stations only."""
        self._open = [one for one in self._open if one.station in stations]
        self._closed = [each for each in self._closed if each[1].station in stations]
        self._dumped = None

    def dump(self) -> bytes:
        """Return the book, to be opened again by `load`."""
        # Asked for far more often than passes change.
        if self._dumped is None:
            opened = [asdict(one) for one in self._open]
            closed = [(closed_us, asdict(one)) for closed_us, one in self._closed]
            self._dumped = json.dumps([opened, closed]).encode()
        return self._dumped

    @classmethod
    def load(cls, data: bytes) -> PassBook:
        """Return the book that was dumped."""
        book = cls()
        opened, closed = json.loads(data)
        book._open = [Pass(**one) for one in opened]
        book._closed = [(closed_us, Pass(**one)) for closed_us, one in closed]
        return book

    def _around(
        self, station: str, first_us: int, last_us: int, now_us: int
    ) -> Pass | None:
        """Return the foreseen pass that overlaps these times, or nearly."""
        early = (one for closed_us, one in self._closed if closed_us > now_us)
        for one in chain(self._open, early):
            aos_us, los_us = one.predicted_aos_us, one.predicted_los_us
            if one.station != station or aos_us is None or los_us is None:
                continue
            if first_us <= los_us + TOLERANCE_US and last_us >= aos_us - TOLERANCE_US:
                return one
        return None

    def _revise(self, known: Pass | None, new: Pass, now_us: int) -> Pass:
        new = replace(new, revision=new.revision + 1)
        if known is not None:
            self._remove(known)
        if new.state in ("PREDICTED", "IN_VIEW"):
            self._open.append(new)
        else:
            since_us = now_us - KEPT_US
            self._closed = [each for each in self._closed if each[0] > since_us]
            self._closed.append((now_us, new))
        self._dumped = None
        return new

    def _remove(self, known: Pass) -> None:
        self._open = [one for one in self._open if one is not known]
        self._closed = [each for each in self._closed if each[1] is not known]
        self._dumped = None


def _unseen(one: Pass) -> Pass:
    """Return the pass as it is before anything is seen of it."""
    return replace(
        one,
        state="PREDICTED",
        aos_us=None,
        culmination_us=None,
        los_us=None,
        maximum_elevation_deg=None,
    )
