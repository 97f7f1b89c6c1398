"""The recipes: all listed, and each Python that does not fit refused in one line."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAKEFILE = (ROOT / "Makefile").read_text()
RECIPES = re.findall(r"^([a-z][a-z-]*):(?!=)", MAKEFILE, re.MULTILINE)
CANDIDATES = ("python3", "python3.11", "python3.12")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A fresh clone as far as make can tell, and a folder for false Pythons."""
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "bin").mkdir()
    return tmp_path


def put_python(checkout: Path, name: str, version: str) -> None:
    """Put a Python on the checkout's PATH that can do nothing but say its version."""
    python = checkout / "bin" / name
    python.write_text(f"#!/bin/sh\necho {version}\n")
    python.chmod(0o755)


def make(
    checkout: Path, *arguments: str, really: bool = False
) -> subprocess.CompletedProcess[str]:
    """Run make, by default without carrying the recipes out."""
    # A make that runs these tests must not speak to this one.
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"MAKEFLAGS", "MAKELEVEL", "MFLAGS", "PYTHON"}
    }
    environment["PATH"] = f"{checkout / 'bin'}:{environment['PATH']}"
    dry = () if really else ("--dry-run",)
    return subprocess.run(
        ["make", *dry, *arguments],
        cwd=checkout,
        env=environment,
        capture_output=True,
        text=True,
    )


def test_help_is_what_make_does_by_itself_and_lists_every_recipe(checkout: Path):
    command = ["make", "--no-print-directory"]
    shown = subprocess.run(
        command, cwd=checkout, capture_output=True, text=True, check=True
    )
    assert [line.split()[1] for line in shown.stdout.splitlines()] == RECIPES


def test_every_recipe_is_made_even_if_a_file_has_its_name():
    phony = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    assert phony
    assert phony[1].split() == RECIPES


@pytest.mark.parametrize("recipe", ["demo", "test"])
@pytest.mark.parametrize("version", ["3.10.13", "3.13.0", "3.110.0", "2.7.18"])
def test_a_python_that_does_not_fit_is_refused(
    checkout: Path, recipe: str, version: str
):
    for name in CANDIDATES:
        put_python(checkout, name, version)
    done = make(checkout, recipe)
    assert done.returncode != 0
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert "Orbitwatch needs Python 3.11 or 3.12" in line
    assert f"(python3 is {version})" in line
    assert f"make {recipe} PYTHON=python3.12" in line


def test_a_python_that_is_not_there_is_refused(checkout: Path):
    done = make(checkout, "demo", "PYTHON=no-such-python")
    assert done.returncode != 0
    (line,) = done.stderr.splitlines()
    assert "(no-such-python is not found)" in line


def test_the_python_named_is_refused_though_another_fits(checkout: Path):
    put_python(checkout, "python3", "3.12.1")
    put_python(checkout, "python-new", "3.13.0")
    done = make(checkout, "demo", "PYTHON=python-new")
    assert done.returncode != 0
    assert "(python-new is 3.13.0)" in done.stderr


@pytest.mark.parametrize("version", ["3.11.0", "3.12.11"])
def test_a_python_that_fits_makes_the_environment(checkout: Path, version: str):
    put_python(checkout, "python3", version)
    done = make(checkout, "test")
    assert done.returncode == 0
    assert "python3 -m venv --clear .venv" in done.stdout


def test_a_second_python_is_found_where_the_first_does_not_fit(checkout: Path):
    put_python(checkout, "python3", "3.13.0")
    put_python(checkout, "python3.12", "3.12.1")
    done = make(checkout, "test")
    assert done.returncode == 0
    assert "python3.12 -m venv --clear .venv" in done.stdout


def test_a_python_that_cannot_make_environments_names_the_package(checkout: Path):
    python = checkout / "bin" / "python3"
    python.write_text(
        '#!/bin/sh\ncase "$*" in *ensurepip*) exit 1;; esac\necho 3.11.2\n'
    )
    python.chmod(0o755)
    done = make(checkout, "test")
    assert done.returncode != 0
    (line,) = done.stderr.splitlines()
    assert "apt-get install python3.11-venv" in line


def test_an_environment_in_use_is_kept_until_the_project_changes(checkout: Path):
    (checkout / ".venv" / "bin").mkdir(parents=True)
    (checkout / ".venv" / "dev.stamp").touch()
    put_python(checkout, "../.venv/bin/python", "3.12.1")
    put_python(checkout, "python3", "3.11.7")
    assert "pip install" not in make(checkout, "test").stdout
    os.utime(checkout / ".venv" / "dev.stamp", (0, 0))
    again = make(checkout, "test").stdout
    assert "pip install" in again
    assert "test '3.12.1' = '3.12.1'" in again


def test_another_python_asked_for_by_name_makes_a_new_environment(checkout: Path):
    (checkout / ".venv" / "bin").mkdir(parents=True)
    (checkout / ".venv" / "dev.stamp").touch()
    put_python(checkout, "../.venv/bin/python", "3.12.1")
    put_python(checkout, "python3.11", "3.11.7")
    done = make(checkout, "test", "PYTHON=python3.11")
    assert "python3.11 -m venv --clear .venv" in done.stdout
    put_python(checkout, "python3.12", "3.12.1")
    same = make(checkout, "test", "PYTHON=python3.12")
    assert "-m venv" not in same.stdout


def test_without_recordings_there_are_no_scores_and_no_failure(checkout: Path):
    (checkout / ".venv" / "bin").mkdir(parents=True)
    put_python(checkout, "../.venv/bin/python", "3.12.1")
    (checkout / ".venv" / "demo.stamp").touch()
    missing = ("DATA=no-such-folder", "TRACKED=nor-this")
    told = make(checkout, "scores", *missing, really=True)
    assert told.stdout == (
        "no scores: there are no recordings in no-such-folder\n"
        "no scores: there are no launches and no positions of the ISS in nor-this\n"
    )
    assert told.returncode == 0
