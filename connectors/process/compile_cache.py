"""Whether what numba compiles can be kept, so that only the first start compiles."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from connectors.errors import NoCompileCache
from connectors.settings import INSTALLED, numba_cache

_FLOWS = INSTALLED / "dataflows"


def check_compile_cache() -> str:
    """Says where numba keeps what it compiles; raises NoCompileCache."""
    for folder in (numba_cache(), _FLOWS / "__pycache__", _of_user()):
        if folder is not None and _can_be_written(folder):
            return str(folder)
    raise NoCompileCache


def _of_user() -> Path | None:
    try:
        return Path.home() / ".cache"
    except RuntimeError:  # there is none
        return None


def _can_be_written(folder: Path) -> bool:
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    if not os.access(folder, os.W_OK | os.X_OK):
        return False
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False
