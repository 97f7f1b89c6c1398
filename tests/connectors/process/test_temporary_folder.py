"""What a killed process leaves is removed by the next one, and nothing else is."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from connectors.process.temporary_folder import NEW_FOR_S, PREFIX, temporary_folder

PROGRAM = """
import sys, time
from pathlib import Path
from connectors.process.temporary_folder import temporary_folder
print(temporary_folder(Path(sys.argv[1])), flush=True)
sys.stdin.readline()
"""
REPOSITORY = Path(__file__).parents[3]


def process_with_a_folder(place: Path) -> tuple["subprocess.Popen[str]", Path]:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(place)],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def test_a_process_that_ends_removes_its_folder(tmp_path: Path):
    process, folder = process_with_a_folder(tmp_path)
    assert folder.is_dir()
    process.communicate("\n")
    assert process.returncode == 0
    assert not folder.exists()


def test_what_a_killed_process_left_goes_with_the_next_start_and_what_lives_stays(
    tmp_path: Path,
):
    killed, left = process_with_a_folder(tmp_path)
    living, used = process_with_a_folder(tmp_path)
    (left / "dataflow.json").write_text("{}")
    killed.kill()
    killed.communicate()
    assert left.is_dir()
    mine = temporary_folder(tmp_path)
    assert {*tmp_path.iterdir()} == {used, mine}
    # Nor does another one of the same process take what is in use.
    assert temporary_folder(tmp_path) != mine
    assert mine.is_dir()
    living.communicate("\n")


@pytest.mark.parametrize(("age_s", "stays"), [(0.0, True), (2 * NEW_FOR_S, False)])
def test_one_that_has_no_lock_yet_is_given_time(
    tmp_path: Path, age_s: float, stays: bool
):
    begun = tmp_path / f"{PREFIX}begun"
    begun.mkdir()
    made_s = time.time() - age_s
    os.utime(begun, (made_s, made_s))
    temporary_folder(tmp_path)
    assert begun.exists() is stays


def test_links_and_other_folders_are_left_alone(tmp_path: Path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "lock").write_text("")
    (tmp_path / f"{PREFIX}link").symlink_to(elsewhere)
    (tmp_path / "orbitwatch-demo-1").mkdir()
    temporary_folder(tmp_path)
    assert (elsewhere / "lock").exists()
    assert (tmp_path / f"{PREFIX}link").is_symlink()
    assert (tmp_path / "orbitwatch-demo-1").is_dir()
