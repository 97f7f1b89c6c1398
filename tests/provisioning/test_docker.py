"""What the image is made of, and the scripts that run in it."""

import ast
import os
import re
import stat
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from connectors.settings import ALL_INTERFACES
from provisioning.docker.compile_kernels import modules_with_kernels
from tests.end_to_end.flow_process import REPOSITORY
from tests.provisioning.compose_file import make_env, variables

DOCKER = REPOSITORY / "provisioning" / "docker"
DOCKERFILE = (DOCKER / "Dockerfile").read_text("utf-8")


def test_passwords_are_new_each_time_and_for_nobody_elses_eyes(tmp_path: Path):
    made = []
    for name in ("one", "two"):
        assert make_env(tmp_path / name).returncode == 0
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
        made += [
            value
            for key, value in variables(tmp_path / name).items()
            if key.endswith("_PASSWORD") and not key.startswith("ALERT_")
        ]
    assert len(made) == len(set(made)) == 8
    # They stand in addresses, where other characters would have to be escaped.
    assert all(re.fullmatch("[0-9a-f]{48}", password) for password in made)


def test_an_env_file_in_use_is_left_alone(tmp_path: Path):
    file = tmp_path / ".env"
    file.write_text("DATABASE_FLOW_PASSWORD=in_use\n")
    done = make_env(file)
    assert done.returncode == 1
    assert "it is kept" in done.stderr
    assert file.read_text() == "DATABASE_FLOW_PASSWORD=in_use\n"


@pytest.mark.parametrize(
    "script",
    [*DOCKER.glob("*.sh"), *DOCKER.parent.glob("alertmanager/*.sh")],
    ids=lambda file: file.name,
)
def test_scripts_are_plain_shell_and_can_be_run(script: Path):
    assert script.read_text("utf-8").startswith("#!/bin/sh\n")
    assert script.stat().st_mode & 0o111
    done = subprocess.run(["sh", "-n", script], capture_output=True, text=True)
    assert done.stderr == ""


def test_the_image_runs_as_a_user_without_rights():
    stages = DOCKERFILE.split("\nFROM ")
    users = re.findall(r"^USER (\w+)$", stages[-1], re.MULTILINE)
    assert users == ["orbitwatch"]
    assert "uid 10001" in stages[-1]


def test_flows_in_the_image_are_reached_from_outside():
    assert f"ORBITWATCH_LISTEN={ALL_INTERFACES} " in DOCKERFILE


def test_the_image_copies_what_there_is():
    for source in re.findall(r"^COPY (?!--from)(\S+) ", DOCKERFILE, re.MULTILINE):
        assert (REPOSITORY / source).exists()


def test_packages_of_the_image_are_pinned_and_what_the_project_asks_for():
    pinned = dict(
        re.findall(
            r"^([\w-]+)==(\S+) \\$", (DOCKER / "requirements.txt").read_text(), re.M
        )
    )
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))
    for line in project["project"]["dependencies"]:
        wanted = Requirement(line)
        assert wanted.specifier.contains(pinned[wanted.name]), "run `make lock`"


def imports_the_decorator(file: Path) -> bool:
    return any(
        isinstance(node, ast.ImportFrom)
        and node.module == "dataflows.state.compiled"
        and "compiled" in {each.name for each in node.names}
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
    )


def test_every_kernel_is_compiled_into_the_image():
    using = {
        ".".join(file.relative_to(REPOSITORY).with_suffix("").parts)
        for file in (REPOSITORY / "dataflows").rglob("*.py")
        if imports_the_decorator(file)
    }
    assert len(using) > 5
    assert {*modules_with_kernels()} == using


def test_a_flow_gets_a_folder_for_its_snapshots_once(tmp_path: Path):
    """With a `python` that says what it was asked, and makes the folder ready."""
    state, python = tmp_path / "state", tmp_path / "bin" / "python"
    for folder in (state, python.parent):
        folder.mkdir()
    python.write_text('#!/bin/sh\necho "$@"\ntouch "$STATE/part-0.sqlite3"\n')
    python.chmod(0o755)
    script = (DOCKER / "run_flow.sh").read_text("utf-8").replace("/state", str(state))
    environment = {
        "PATH": f"{python.parent}:{os.environ['PATH']}",
        "STATE": str(state),
        "SNAPSHOT_SECONDS": "5",
    }
    starts = [
        subprocess.run(
            ["sh", "-c", script, "run_flow.sh", "spacecraft"],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()
        for _ in range(2)
    ]
    flow = f"-m bytewax.run dataflows.spacecraft:flow -r {state} -s 5 -b 0"
    assert starts == [[f"-m bytewax.recovery {state} 1", flow], [flow]]
