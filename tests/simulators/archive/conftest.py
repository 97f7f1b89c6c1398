"""An archive that tests replay."""

from pathlib import Path

import numpy as np
import pytest

from connectors.messages.samples import ParameterName
from connectors.parquet.storage import Storage
from tests.connectors.parquet.archiving import SECOND_US, START_US, batch, writer

NAMES = [
    ParameterName("A", "power", "voltage"),
    ParameterName("A", "power", "current"),
    ParameterName("A", "thermal", "tank"),
    ParameterName("B", "", "counter"),
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A minute of four parameters, a sample a second, in two commits."""
    made = writer(Storage.at(str(tmp_path / "archive")))
    for second in range(60):
        times = [START_US + second * SECOND_US] * 4
        values = [second, np.nan if second == 7 else 0.5, -second, 1e9]
        made.write(batch(4 * second, times, values=values, names=NAMES))
        if second in (29, 59):
            made.commit()
    return tmp_path / "archive"
