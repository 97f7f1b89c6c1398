"""Imports every module with kernels, which compiles them into numba's cache."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def modules_with_kernels(root: Path = ROOT) -> Iterator[str]:
    """The modules under dataflows that have kernels, by name."""
    for file in sorted((root / "dataflows").rglob("*.py")):
        if "\n@compiled(" in file.read_text(encoding="utf-8"):
            yield ".".join(file.relative_to(root).with_suffix("").parts)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    for name in modules_with_kernels():
        importlib.import_module(name)
