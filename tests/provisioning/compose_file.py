"""docker-compose.yml as the tests read it."""

import os
import subprocess
from pathlib import Path
from typing import Any

import yaml

from tests.end_to_end.flow_process import REPOSITORY

FILE = REPOSITORY / "docker-compose.yml"
MAKE_ENV = REPOSITORY / "provisioning" / "docker" / "make_env.sh"
RUN_FLOW = "provisioning/docker/run_flow.sh"

Service = dict[str, Any]


def services() -> dict[str, Service]:
    """The services by name, with variables as they are written."""
    found: dict[str, Service] = yaml.safe_load(FILE.read_text("utf-8"))["services"]
    return found


def flows() -> dict[str, Service]:
    """The services that run a flow."""
    return {
        name: service
        for name, service in services().items()
        if {RUN_FLOW, "bytewax.run"} & {*service.get("entrypoint", ())}
    }


def simulators() -> dict[str, Service]:
    """The services that make telemetry, by system."""
    return {
        name.removesuffix("_simulator"): service
        for name, service in services().items()
        if name.endswith("_simulator")
    }


def make_env(file: Path) -> subprocess.CompletedProcess[str]:
    """Runs the script behind `make env`."""
    return subprocess.run(["sh", MAKE_ENV, file], capture_output=True, text=True)


def variables(file: Path) -> dict[str, str]:
    """What an .env file sets."""
    lines = file.read_text("utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and line[0] != "#")


def configured(
    docker_compose: str, *arguments: str | Path
) -> subprocess.CompletedProcess[str]:
    """What Docker Compose makes of the file."""
    return subprocess.run(
        [docker_compose, "--file", FILE, *arguments],
        env={"PATH": os.environ["PATH"]},
        cwd=FILE.parent,
        capture_output=True,
        text=True,
    )
