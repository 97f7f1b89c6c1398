"""A short trial of everything at once; `make test-faults` runs a long one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.services.fixtures import skip_or_fail
from tests.services.kafka import kafka_jars

ROOT = Path(__file__).parents[2]
SEED, COUNT = "1", "12"
LONGEST_S = 900


@pytest.mark.slow
@pytest.mark.timeout(LONGEST_S)
def test_twelve_disturbances_lose_double_and_change_nothing(tmp_path: Path):
    with skip_or_fail():
        kafka_jars()
    # By itself, as it takes its mounts with it when it ends.
    seed = os.environ.get("FAULT_SEED", SEED)
    options = ("--seed", seed, "--count", COUNT, "--out", str(tmp_path))
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 samples lost, 0 doubled" in done.stdout
