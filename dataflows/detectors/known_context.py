"""The names of a context that a filter knows, and its columns for the kernel."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from connectors.messages.samples import Context
from dataflows.state.arrays import Floats

__all__ = ["NO_COLUMNS", "NO_PLACES", "KnownContext"]

NO_PLACES, NO_COLUMNS = np.empty(0), np.empty((0, 0))


class KnownContext:
    """Names in the order in which they came to count, up to `most`.

    >>> known = KnownContext(2, ["mode"])
    >>> context = {"idle": np.zeros(2), "heater": np.array([0.0, 1.0])}
    >>> known.news(context)
    [(1, 'heater')]
    >>> columns, places = known.columns({"mode": np.ones(2), **context}, 2)
    >>> columns.tolist(), places.tolist()
    ([[1.0, 1.0]], [0.0])
    """

    def __init__(self, most: int, names: Iterable[str] = ()) -> None:
        """Know these names already."""
        self._most = most
        self._place_of = {name: place for place, name in enumerate(names)}
        # Most batches name the same columns as the one before.
        self._usual: tuple[str, ...] = ()
        self._usual_places = NO_PLACES

    @property
    def names(self) -> tuple[str, ...]:
        """All that count, in their order."""
        return tuple(self._place_of)

    def __len__(self) -> int:
        """Return how many count."""
        return len(self._place_of)

    def news(self, context: Context) -> list[tuple[int, str]]:
        """Return the names to be added: where each is first not 0, in that order.

        A name counts from there on; there is none once there are as many as may be.
        """
        room = self._most - len(self._place_of)
        new = [name for name in context if name not in self._place_of]
        if not (new and room > 0):
            return []
        table = np.stack([context[name] for name in new])
        used = (table != 0) & np.isfinite(table)
        firsts = zip(used.argmax(axis=1).tolist(), new, used.any(axis=1), strict=True)
        return sorted((first, name) for first, name, ever in firsts if ever)[:room]

    def add(self, names: Iterable[str]) -> None:
        """Let these count too."""
        for name in names:
            self._place_of[name] = len(self._place_of)

    def columns(self, context: Context, length: int) -> tuple[Floats, Floats]:
        """Return a table of the columns that count, and which name each row is."""
        names = tuple(context)
        if names == self._usual:
            return _table(context.values(), length), self._usual_places
        known = [name for name in names if name in self._place_of]
        places = np.array([self._place_of[name] for name in known], np.float64)
        if len(known) == len(names):
            self._usual, self._usual_places = names, places
        return _table([context[name] for name in known], length), places


def _table(columns: Iterable[Floats], length: int) -> Floats:
    found = list(columns)
    if not found:
        return NO_COLUMNS
    return np.concatenate(found, dtype=np.float64).reshape(-1, length)
