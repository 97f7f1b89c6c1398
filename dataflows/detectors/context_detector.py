"""A detector that predicts each sample from those before it and from the context."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import DTypeLike

from connectors.messages.samples import Context
from dataflows.detectors.array_detector import ArrayDetector, Arrays, Run
from dataflows.detectors.known_context import NO_COLUMNS, NO_PLACES, KnownContext
from dataflows.detectors.recursive_least_squares_kernel import (
    FIXED,
    HALF,
    IDLE,
    INDEX,
    OTHER,
    PRIOR,
    SCALARS,
    predict,
)
from dataflows.state.arrays import Floats, Times
from dataflows.state.snapshot import SnapshotError, pack, unpack

__all__ = ["ContextDetector", "triangle_of"]

Rows: TypeAlias = tuple[Floats, Floats, Floats]
"""When each context column starts, a table of columns, and which column each row is."""


def _width(columns: int) -> int:
    """Return the inputs there is room for: the lags, 1 and the columns, by fours."""
    return -(-(INDEX + columns) // 4) * 4


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
        self._know(())
        self._start((*arrays, scalars, vectors, inverse), (*own, "f8", "f8", "f8"))

    def _know(self, names: Sequence[str]) -> None:
        self._known = KnownContext(self.most_context_columns, names)
        self._starts = np.zeros(len(names))
        self._rows: Rows = self._starts, NO_COLUMNS, NO_PLACES

    @property
    def context_names(self) -> tuple[str, ...]:
        """The names of the context that count, in their order."""
        return self._known.names

    def update(
        self, times_us: Times, values: Floats, context: Context | None = None
    ) -> Floats:
        """Return the scores of the next samples, each learnt after it was scored."""
        if context and 0 < len(values) == len(times_us):
            if set(map(len, context.values())) != {len(values)}:
                raise ValueError(f"the context is not that of {len(values)} values")
            starts = self._add(self._known.news(context))
            self._rows = starts, *self._known.columns(context, len(values))
        try:
            return super().update(times_us, values, context)
        finally:
            self._rows = self._starts, NO_COLUMNS, NO_PLACES

    def _predict(self, samples: Run, arrays: Arrays, out: Floats) -> None:
        """Write what the filter makes of the samples, and let it learn them."""
        starts, columns, places = self._rows
        scalars, vectors, inverse = arrays[-3:]
        predict(samples.values, starts, columns, places, scalars, vectors, inverse, out)

    def _add(self, new: Sequence[tuple[int, str]]) -> Floats:
        """Make room for names that begin to count; return where all columns start."""
        before = self._starts
        if not new:
            return before
        self._known.add(name for _, name in new)
        width = _width(len(self._known))
        *own, vectors, inverse = self._arrays
        more = width - vectors.shape[1]
        vectors = np.pad(vectors, ((0, 0), (0, more)))
        inverse = np.pad(inverse, ((0, more), (0, more)))
        self._arrays = (*own, vectors, inverse)
        self._starts = np.zeros(len(self._known))
        return np.concatenate([before, [float(start) for start, _ in new]])

    def resume(self, names: Sequence[str], arrays: Arrays) -> None:
        """Continue from the state of a detector that knew these names.

        All arrays but the last two have the shapes of its own; these are the rows of
        weights and inputs, and the lower triangle of the matrix.
        """
        *own, table, triangle = arrays
        used, width = INDEX + len(names), _width(len(names))
        vectors, inverse = np.zeros((3, width)), np.zeros((width, width))
        vectors[:2, :used] = table.reshape(2, used)
        rows, columns = np.tril_indices(used)
        inverse[rows, columns] = inverse[columns, rows] = triangle
        for array, new in zip(self._arrays, own, strict=False):
            array[...] = new.reshape(array.shape)
        self._arrays = (*self._arrays[:-2], vectors, inverse)
        self._know(names)

    def snapshot(self) -> bytes:
        """Return the learnt state."""
        *own, vectors, inverse = self._arrays
        used = INDEX + len(self._known)
        triangle = triangle_of(inverse, used)
        pairs = zip([*own, vectors[:2, :used], triangle], self._stored, strict=True)
        parts = [array.astype(dtype, copy=False).tobytes() for array, dtype in pairs]
        return pack(self._label, [json.dumps(self.context_names).encode(), *parts])

    def restore(self, data: bytes) -> None:
        """Continue from a snapshot taken with the same settings."""
        names, *parts = unpack(data, self._label)
        if len(parts) != len(self._arrays):
            raise SnapshotError(f"{len(parts)} parts, expected {len(self._arrays)}")
        known = json.loads(names)
        used = INDEX + len(known)
        sizes = [array.size for array in self._arrays[:-2]]
        sizes += [2 * used, used * (used + 1) // 2]
        pairs = zip(parts, self._stored, strict=True)
        read = tuple(np.frombuffer(part, dtype) for part, dtype in pairs)
        for array, size in zip(read, sizes, strict=True):
            if array.size != size:
                raise SnapshotError(f"{array.size} numbers, expected {size}")
        self.resume(known, read)


def triangle_of(inverses: Floats, used: int) -> Floats:
    """Return the lower triangle of matrices (the last two axes) with inputs in use.

    That is all of them: they are symmetric to the last bit.
    """
    rows, columns = np.tril_indices(used)
    return inverses[..., rows, columns]
