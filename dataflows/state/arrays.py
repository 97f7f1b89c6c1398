"""The arrays that state and samples are made of."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Floats", "Severities", "Times", "ready"]

Floats: TypeAlias = NDArray[np.float64]
Times: TypeAlias = NDArray[np.int64]
"""Microseconds since 1970 (UTC)."""
Severities: TypeAlias = NDArray[np.int8]
"""Numbers of `Severity`, one per sample."""


def ready(array: NDArray[Any], dtype: type[np.generic]) -> NDArray[Any]:
    """Return the array as kernels read it: contiguous and aligned; mostly itself."""
    ready = np.ascontiguousarray(array, dtype)
    # np.require asks the same, in ten times the time.
    return ready if ready.flags.aligned else ready.copy()
