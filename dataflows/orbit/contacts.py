"""What the ground stations see of one satellite, and will see."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from connectors.messages.places import GroundStation
from dataflows.orbit.findings import Pass
from dataflows.orbit.pass_search import PassSearch
from dataflows.orbit.passes import Observed, PassBook
from dataflows.orbit.places import station_rows
from dataflows.orbit.propagation import Ephemeris
from dataflows.orbit.view_kernel import EVENT, SEEN, SEEN_US, watch
from dataflows.state.arrays import Floats, Times
from dataflows.state.snapshot import SnapshotError

__all__ = ["Columns", "Contacts"]


class Columns(NamedTuple):
    """A run of positions, as kernels want it: contiguous columns of one length."""

    times_us: Times
    latitudes: Floats
    longitudes: Floats
    altitudes: Floats


class Contacts:
    """The passes of one satellite over all stations, foreseen and as they happen."""

    def __init__(
        self, stations: Sequence[GroundStation], ephemeris: Ephemeris | None
    ) -> None:
        self._names = [station.name for station in stations]
        self._rows = station_rows(stations)
        self._seen = np.full((len(stations), SEEN), np.nan)
        self._book = PassBook()
        self._search: PassSearch | None = None
        # What the search depends on: with other stations or elements it begins anew.
        basis = self._rows.tobytes().hex()
        if ephemeris is not None:
            self._search = PassSearch(ephemeris, self._names, self._rows)
            basis += ephemeris.line1 + ephemeris.line2
        self._head = json.dumps([basis, *self._names]).encode()

    def watch(
        self,
        first: int,
        last: int,
        columns: Columns,
        marks: NDArray[np.int64],
        usual_km: float,
    ) -> Iterator[Pass]:
        """Yield the passes that positions `first` up to `last` began or ended."""
        if not self._names or first == last:
            return
        events = np.empty((len(self._names) * (last - first), EVENT))
        count = watch(
            first, last, *columns, marks, usual_km, self._rows, self._seen, events
        )
        for at, station, rises, crossed_us, elevation, peak_us in events[
            :count
        ].tolist():
            yield self._book.observe(
                Observed(
                    self._names[int(station)],
                    rises == 1,
                    int(columns.times_us[int(at)]),
                    int(crossed_us) if crossed_us == crossed_us else None,
                    int(peak_us),
                    elevation,
                )
            )

    def lose_track(self) -> None:
        """Forget when the position before was: it is elsewhere now."""
        self._seen[:, SEEN_US] = -math.inf

    def begin_anew(self) -> None:
        """Know nothing seen, and search ahead anew: the clock is set back."""
        self._seen.fill(math.nan)
        self._book.begin_anew()
        if self._search is not None:
            self._search.next_us = 0

    def look_ahead(self, now_us: int, elements_hold: bool) -> Iterator[Pass]:
        """Yield the passes that are new or changed, and those that nobody saw."""
        yield from self._book.reopened(now_us)
        yield from self._book.overdue(now_us)
        if self._search is None or not elements_hold:
            return
        for found in self._search.advance(now_us):
            news = self._book.foresee(found, now_us)
            if news is not None:
                yield news

    def dump(self) -> list[bytes]:
        """Return the state in parts."""
        next_us, ahead = 0, b""
        if self._search is not None:
            next_us, ahead = self._search.next_us, self._search.ahead.tobytes()
        return [
            self._head,
            self._seen.tobytes(),
            next_us.to_bytes(8, signed=True) + ahead,
            self._book.dump(),
        ]

    def load(self, parts: Sequence[bytes]) -> None:
        """Continue from parts that were dumped, as far as stations are the same.

        Raises SnapshotError, and changes nothing, if they are anything else.
        """
        try:
            head, seen, search, book = parts
            _, *names = json.loads(head)
            rows = np.frombuffer(seen).reshape(-1, SEEN)
            before = dict(zip(names, rows, strict=True))
            found = PassBook.load(book)
            if self._search is not None and head == self._head:
                ahead = self._search.ahead
                ahead[...] = np.frombuffer(search[8:]).reshape(ahead.shape)
                self._search.next_us = int.from_bytes(search[:8], signed=True)
        except (ValueError, TypeError) as error:
            raise SnapshotError(f"contacts: {error}") from None
        for name, row in zip(self._names, self._seen, strict=True):
            row[...] = before.get(name, np.nan)
        found.forget(set(self._names))
        self._book = found
