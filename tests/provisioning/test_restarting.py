"""A flow that ends is started again, by systemd and by Docker Compose."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections import defaultdict
from importlib.util import find_spec
from pathlib import Path

import pytest

from connectors.systems import SYSTEMS
from tests.provisioning.compose_file import services
from tests.services.waiting import HANG_S

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "provisioning/systemd/orbitwatch@.service"
FLOWS = [system.stem for system in SYSTEMS]
# What a flow takes at most when it is told to stop.
OBEYED_WITHIN_S = 15


def unit() -> dict[str, list[str]]:
    """The values of each key, which may be given more than once."""
    found: dict[str, list[str]] = defaultdict(list)
    for line in UNIT.read_text("utf-8").splitlines():
        key, is_set, value = line.partition("=")
        if is_set and not line.startswith("#"):
            found[key].append(value)
    return found


def test_systemd_starts_a_flow_again_however_often_it_ends():
    found = unit()
    assert found["Restart"] == ["always"]
    assert found["StartLimitIntervalSec"] == ["0"]
    assert 0 < int(found["RestartSec"][0]) <= 60
    assert int(found["TimeoutStopSec"][0]) >= 2 * OBEYED_WITHIN_S
    assert found["WantedBy"] == ["multi-user.target"]


@pytest.mark.parametrize("name", FLOWS)
def test_compose_starts_a_flow_again_and_gives_it_time_to_stop(name: str):
    service = services()[name]
    assert service["restart"] == "unless-stopped"
    assert service["stop_grace_period"] == "30s"


@pytest.mark.parametrize("name", FLOWS)
def test_systemd_runs_the_flow_of_the_instance(name: str):
    [command] = unit()["ExecStart"]
    program, _, module, flow, *options = shlex.split(command.replace("%i", name))
    assert program == f"{unit()['WorkingDirectory'][0]}/.venv/bin/python"
    assert module == "bytewax.run"
    assert find_spec(flow.removesuffix(":flow")) is not None
    assert options[:2] == ["-r", "${STATE_DIRECTORY}"]


def test_the_cache_is_where_systemd_makes_a_folder_for_it():
    [cache] = unit()["CacheDirectory"]
    assert f"NUMBA_CACHE_DIR=/var/cache/{cache}" in unit()["Environment"]


def test_a_state_folder_is_made_ready_at_the_first_start_and_then_left(tmp_path: Path):
    [command] = unit()["ExecStartPre"]
    environment = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "STATE_DIRECTORY": str(tmp_path),
    }
    written: list[bytes] = []
    for _ in range(2):
        subprocess.run(
            shlex.split(command), env=environment, check=True, timeout=HANG_S
        )
        written.append((tmp_path / "part-0.sqlite3").read_bytes())
    assert written[0] == written[1]


def test_systemd_understands_every_line(tmp_path: Path):
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("there is no `systemd-analyze`")
    # It looks whether programs and users are there.
    text = UNIT.read_text("utf-8").replace("User=orbitwatch", "User=root")
    text = text.replace("/opt/orbitwatch/.venv/bin/python", sys.executable)
    here = tmp_path / "orbitwatch@spacecraft.service"
    here.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [program, "verify", str(here)], capture_output=True, text=True, timeout=HANG_S
    )
    about = [line for line in done.stderr.splitlines() if "orbitwatch@" in line]
    assert about == []
