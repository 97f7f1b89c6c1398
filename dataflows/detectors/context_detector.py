"""A detector that predicts each sample from those before it and from the context."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import DTypeLike

from dataflows.detectors import Context, Floats, Times
from dataflows.detectors.array_detector import ArrayDetector, Arrays, Run
from dataflows.detectors.recursive_least_squares import (
    FIXED,
    HALF,
    IDLE,
    INDEX,
    OTHER,
    PRIOR,
    SCALARS,
    predict,
)
from dataflows.detectors.snapshot import SnapshotError, pack, unpack

__all__ = ["ContextDetector"]

Rows: TypeAlias = tuple[Floats, Floats, Floats]
"""When each context column starts, a table of columns, and which column each row is."""

_NOTHING = np.empty(0)
_NO_ROWS = np.empty((0, 0))


def _width(columns: int) -> int:
    """Return the inputs there is room for: the lags, 1 and the columns, by fours."""
    return -(-(INDEX + columns) // 4) * 4


def _table(columns: Collection[Floats], length: int) -> Floats:
    if not columns:
        return _NO_ROWS
    return np.concatenate(list(columns), dtype=np.float64).reshape(-1, length)


def _first_used(names: list[str], context: Context) -> list[tuple[int, str]]:
    """Return where names are first not 0, in order, without those that never are."""
    if not names:
        return []
    table = np.stack([context[name] for name in names])
    used = (table != 0) & np.isfinite(table)
    firsts = zip(used.argmax(axis=1).tolist(), names, used.any(axis=1), strict=True)
    return sorted((first, name) for first, name, ever in firsts if ever)


class ContextDetector(ArrayDetector):
    """An ArrayDetector with a recursive least-squares filter before its kernel.

    A name of the context counts from the sample where it is first not 0, in the order
    of these samples, then of the names. The filter grows with it, up to
    `most_context_columns`; later names are ignored.
    """

    most_context_columns: int

    def _start_with(
        self, arrays: Arrays, prescaled: bool, stored: Sequence[DTypeLike] = ()
    ) -> None:
        """Begin with these arrays and a filter that learnt nothing.

        `stored` are the types that snapshots use for these arrays.
        """
        own: Sequence[DTypeLike] = stored or ("f8",) * len(arrays)
        scalars = np.zeros(SCALARS)
        scalars[OTHER], scalars[IDLE] = np.nan, PRIOR
        if prescaled:
            scalars[FIXED] = scalars[HALF] = 1.0
        vectors, inverse = np.zeros((3, _width(0))), np.zeros((_width(0),) * 2)
        vectors[0, 0] = 1.0
        np.fill_diagonal(inverse[:INDEX, :INDEX], PRIOR)
        self._know({})
        self._start((*arrays, scalars, vectors, inverse), (*own, "f8", "f8", "f8"))

    def _know(self, names: dict[str, int]) -> None:
        self._names = names
        self._starts = np.zeros(len(names))
        self._rows: Rows = self._starts, _NO_ROWS, _NOTHING
        # Most batches name the same columns as the one before.
        self._usual: tuple[str, ...] = ()
        self._places = _NOTHING

    @property
    def context_names(self) -> Collection[str]:
        """The names of the context that count."""
        return self._names

    def update(
        self, times_us: Times, values: Floats, context: Context | None = None
    ) -> Floats:
        """Return the scores of the next samples, each learnt after it was scored."""
        if context and 0 < len(values) == len(times_us):
            self._rows = self._admit(context, len(values))
        try:
            return super().update(times_us, values, context)
        finally:
            self._rows = self._starts, _NO_ROWS, _NOTHING

    def _predict(self, samples: Run, arrays: Arrays, out: Floats) -> None:
        """Write what the filter makes of the samples, and let it learn them."""
        starts, columns, places = self._rows
        scalars, vectors, inverse = arrays[-3:]
        predict(samples.values, starts, columns, places, scalars, vectors, inverse, out)

    def _admit(self, context: Context, length: int) -> Rows:
        """Return the context as the kernel wants it, with room for new names."""
        if set(map(len, context.values())) != {length}:
            raise ValueError(f"a column of the context has not {length} numbers")
        names = tuple(context)
        if names == self._usual:
            return self._starts, _table(context.values(), length), self._places
        starts = self._add([name for name in names if name not in self._names], context)
        known = [name for name in names if name in self._names]
        places = np.array([self._names[name] for name in known], np.float64)
        if len(known) == len(names):
            self._usual, self._places = names, places
        return starts, _table([context[name] for name in known], length), places

    def _add(self, new: list[str], context: Context) -> Floats:
        """Make room for names that are not 0 throughout; return where columns start."""
        before, room = self._starts, self.most_context_columns - len(self._names)
        found = _first_used(new, context) if room > 0 else []
        if not found:
            return before
        for _, name in found[:room]:
            self._names[name] = len(self._names)
        width = _width(len(self._names))
        *own, vectors, inverse = self._arrays
        more = width - vectors.shape[1]
        vectors = np.pad(vectors, ((0, 0), (0, more)))
        inverse = np.pad(inverse, ((0, more), (0, more)))
        self._arrays = (*own, vectors, inverse)
        self._starts = np.zeros(len(self._names))
        starts = [float(start) for start, _ in found[:room]]
        return np.concatenate([before, starts])

    def snapshot(self) -> bytes:
        """Return the learnt state."""
        *own, vectors, inverse = self._arrays
        used = INDEX + len(self._names)
        # The matrix is symmetric to the last bit.
        triangle = inverse[:used, :used][np.tril_indices(used)]
        pairs = zip([*own, vectors[:2, :used], triangle], self._stored, strict=True)
        parts = [array.astype(dtype, copy=False).tobytes() for array, dtype in pairs]
        return pack(self._label, [json.dumps(list(self._names)).encode(), *parts])

    def restore(self, data: bytes) -> None:
        """Continue from a snapshot taken with the same settings."""
        names, *parts = unpack(data, self._label)
        if len(parts) != len(self._arrays):
            raise SnapshotError(f"{len(parts)} parts, expected {len(self._arrays)}")
        known = {name: place for place, name in enumerate(json.loads(names))}
        used, width = INDEX + len(known), _width(len(known))
        sizes = [array.size for array in self._arrays[:-2]]
        sizes += [2 * used, used * (used + 1) // 2]
        pairs = zip(parts, self._stored, strict=True)
        read = [np.frombuffer(part, dtype) for part, dtype in pairs]
        for array, size in zip(read, sizes, strict=True):
            if array.size != size:
                raise SnapshotError(f"{array.size} numbers, expected {size}")
        *own, table, triangle = read
        vectors, inverse = np.zeros((3, width)), np.zeros((width, width))
        vectors[:2, :used] = table.reshape(2, used)
        rows, columns = np.tril_indices(used)
        inverse[rows, columns] = inverse[columns, rows] = triangle
        for array, new in zip(self._arrays, own, strict=False):
            array[...] = new.reshape(array.shape)
        self._arrays = (*self._arrays[:-2], vectors, inverse)
        self._know(known)
