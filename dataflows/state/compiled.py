"""Compiles kernels: the seam between our typed code and numba's untyped decorators.

Every kernel has exactly one signature. It is compiled when its module is imported,
never in the hot path, and loaded from numba's cache afterwards. With one signature
per cache file, processes that start together can only write the same entry, and
numba replaces files atomically. A kernel calls kernels of its own file only: the
cache is renewed when that file changes, not when another one does.

Where nothing can be written (somebody else's installation, and a user without a home),
every start compiles. What a power failure has cut short in the cache is made anew.
"""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from numba import njit, types

__all__ = ["ARRAY", "COUNTS", "FLOAT", "INDICES", "INT", "LEAVES", "MASSES"]
__all__ += ["NOTHING", "TABLE", "TABLES", "TIMES", "VALUES", "compiled"]

# What reading a file raises that ends too soon or holds something else. Compiling
# raises other errors.
_DAMAGED = (
    EOFError,
    pickle.UnpicklingError,
    ValueError,
    IndexError,
    KeyError,
    AttributeError,
    ImportError,
    OSError,
)

Kernel = TypeVar("Kernel", bound=Callable[..., object])

FLOAT: Any = types.float64
INT: Any = types.int64
NOTHING: Any = types.void
# Samples often come from read-only buffers, which numba takes for another type.
VALUES: Any = types.Array(types.float64, 1, "C", readonly=True)
TIMES: Any = types.Array(types.int64, 1, "C", readonly=True)
ARRAY: Any = types.float64[::1]
TABLE: Any = types.float64[:, ::1]
TABLES: Any = types.float64[:, :, ::1]
INDICES: Any = types.int64[::1]
COUNTS: Any = types.uint32[::1]
MASSES: Any = types.uint16[:, ::1]
LEAVES: Any = types.int64[::1]

_NO_CACHE = (
    "numba finds no folder for its cache that can be used, so every start compiles; to "
    "compile once, name a folder that can be written in NUMBA_CACHE_DIR"
)


def compiled(
    signature: object, *, allocates: bool = True
) -> Callable[[Kernel], Kernel]:
    """Return a decorator that compiles a function for one signature.

    Division by zero gives infinity or NaN, as in numpy. A kernel that makes no array
    (views of others do not count) should say `allocates=False`: it then counts no
    references to its arrays, which takes most of the time in small kernels.
    """
    # The option that numba gives its own kernels; its types do not tell of it.
    options: dict[str, Any] = {} if allocates else {"_nrt": False}
    untyped_njit: Any = njit

    def compile_now(function: Kernel, *, cache: bool) -> Kernel:
        kernel = untyped_njit(cache=cache, error_model="numpy", **options)(function)
        try:
            kernel.compile(signature)
        except _DAMAGED:
            if not cache or not _removed(function, kernel.stats.cache_path):
                raise
            kernel = untyped_njit(cache=True, error_model="numpy", **options)(function)
            kernel.compile(signature)
        kernel.disable_compile()
        return cast(Kernel, kernel)

    def decorate(function: Kernel) -> Kernel:
        try:
            return compile_now(function, cache=True)
        except RuntimeError as error:
            if "cannot cache" not in str(error):
                raise
        except _DAMAGED:
            pass  # somebody else's cache, which cannot be mended
        # Told once, as text and place are always the same.
        warnings.warn(_NO_CACHE, RuntimeWarning, stacklevel=1)
        return compile_now(function, cache=False)

    return decorate


def _removed(function: Callable[..., object], cache: str) -> bool:
    """Whether what the cache has of a function could be removed, which is damaged."""
    module = Path(function.__code__.co_filename).stem
    found = [*Path(cache).glob(f"{module}.{function.__qualname__}-*.nb[ci]")]
    try:
        for file in found:
            file.unlink(missing_ok=True)
    except OSError:
        return False
    return bool(found)
