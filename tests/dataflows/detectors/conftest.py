"""Recordings that the detectors' tests share."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

RECORDINGS = Path(__file__).resolve().parents[3] / ".." / "shared" / "data"


@pytest.fixture(scope="session")
def telemanom() -> Path:
    """Return the folder of NASA's SMAP/MSL channels."""
    folder = RECORDINGS / "telemanom"
    if not folder.is_dir():
        pytest.skip("the SMAP/MSL recordings are not beside the project")
    return folder


@pytest.fixture(scope="session")
def channel(telemanom: Path) -> Callable[[str], tuple[np.ndarray, int]]:
    """Return a reader of a channel: its values, and where the test part starts."""

    def read(name: str) -> tuple[np.ndarray, int]:
        train, test = (
            np.load(telemanom / part / f"{name}.npy")[:, 0].astype(np.float64)
            for part in ("train", "test")
        )
        return np.concatenate([train, test]), len(train)

    return read
