"""Kernels are compiled at import, also when several processes import at once."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dataflows.detectors import limits_kernel
from dataflows.state.compiled import FLOAT, compiled
from tests.services.waiting import HANG_S

ROOT = Path(limits_kernel.__file__).parents[2]
PROGRAM = """
import numpy as np
from dataflows.detectors.limits import Limits
print(Limits(soft_high=1.0).update(np.arange(2), np.array([0.5, 2.0])).tolist())
"""


def test_a_kernel_has_one_signature_and_is_compiled_at_import():
    kernel: Any = limits_kernel.run
    assert len(kernel.signatures) == 1


def test_processes_that_start_together_share_a_cold_cache(tmp_path):
    environment = {
        **os.environ,
        "NUMBA_CACHE_DIR": str(tmp_path),
        "PYTHONPATH": str(ROOT),
    }
    started = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    outputs = [process.communicate(timeout=HANG_S)[0] for process in started]
    assert outputs == ["[0.0, 1.0]\n"] * 3
    assert list(tmp_path.rglob("*limits_kernel.run*.nbi"))


def test_without_a_folder_for_the_cache_a_kernel_is_compiled_all_the_same():
    def twice(x: float) -> float:
        return 2 * x

    twice.__code__ = twice.__code__.replace(co_filename="<nowhere>")
    with pytest.warns(RuntimeWarning, match="NUMBA_CACHE_DIR"):
        kernel = compiled(FLOAT(FLOAT))(twice)
    assert kernel(1.5) == 3.0
    assert len(kernel.signatures) == 1  # type: ignore[attr-defined]


def limits_in(cache: Path) -> str:
    """What the program prints with its cache there; a warning of it fails."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM],
        env={**os.environ, "NUMBA_CACHE_DIR": str(cache), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=HANG_S,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("suffix", ["nbi", "nbc"])
@pytest.mark.parametrize("left", [0, 7, 40], ids=lambda left: f"{left}_bytes")
def test_a_cache_that_was_cut_short_is_made_anew(
    tmp_path: Path, suffix: str, left: int
):
    limits_in(tmp_path)
    [file] = tmp_path.rglob(f"limits_kernel.run-*.{suffix}")
    whole = file.stat().st_size
    file.write_bytes(file.read_bytes()[:left])
    assert limits_in(tmp_path) == "[0.0, 1.0]\n"
    [file] = tmp_path.rglob(f"limits_kernel.run-*.{suffix}")
    assert file.stat().st_size == whole


def test_a_cache_that_is_full_of_zeros_is_made_anew(tmp_path: Path):
    limits_in(tmp_path)
    for file in tmp_path.rglob("limits_kernel.run-*.nb[ci]"):
        file.write_bytes(bytes(file.stat().st_size))
    assert limits_in(tmp_path) == "[0.0, 1.0]\n"


def test_a_damaged_cache_that_cannot_be_mended_is_not_used(tmp_path: Path):
    limits_in(tmp_path)
    [index] = tmp_path.rglob("limits_kernel.run-*.nbi")
    index.unlink()
    index.mkdir()  # which is no file, and cannot be removed as one
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=HANG_S,
    )
    assert done.stdout == "[0.0, 1.0]\n", done.stderr
    assert "NUMBA_CACHE_DIR" in done.stderr
