"""Compiles kernels: the seam between our typed code and numba's untyped decorators.

Every kernel has exactly one signature. It is compiled when its module is imported,
never in the hot path, and loaded from numba's cache afterwards. With one signature
per cache file, processes that start together can only write the same entry, and
numba replaces files atomically. A kernel calls kernels of its own file only: the
cache is renewed when that file changes, not when another one does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit, types

__all__ = ["ARRAY", "COUNTS", "FLOAT", "INT", "MASSES", "NOTHING", "TABLE", "VALUES"]
__all__ += ["compiled"]

Kernel = TypeVar("Kernel", bound=Callable[..., object])

FLOAT: Any = types.float64
INT: Any = types.int64
NOTHING: Any = types.void
# Samples often come from read-only buffers, which numba takes for another type.
VALUES: Any = types.Array(types.float64, 1, "C", readonly=True)
ARRAY: Any = types.float64[::1]
TABLE: Any = types.float64[:, ::1]
COUNTS: Any = types.uint32[::1]
MASSES: Any = types.uint16[:, ::1]


def compiled(signature: object) -> Callable[[Kernel], Kernel]:
    """Return a decorator that compiles a function for one signature.

    Division by zero gives infinity or NaN, as in numpy.
    """

    def decorate(function: Kernel) -> Kernel:
        compile_now = njit(signature, cache=True, error_model="numpy")
        return cast(Kernel, compile_now(function))

    return decorate
