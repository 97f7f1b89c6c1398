"""Folders of earlier demos are offered for removal if they are that, and unused."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from simulators.demo.earlier import (
    DATABASE,
    MARKER,
    PREFIX,
    earlier_folders,
    marked,
    remove,
    space,
)


def left_by_a_demo(place: Path, name: str = "one") -> Path:
    """A folder as a demo leaves it."""
    folder = place / f"{PREFIX}{name}"
    (folder / "archive").mkdir(parents=True)
    (folder / "archive" / "samples").write_bytes(bytes(range(250)) * 8_000)
    with marked(folder):
        pass
    return folder


def paths(place: Path, but: Path | None = None) -> list[Path]:
    return [folder.path for folder in earlier_folders(place, but=but)]


def test_what_a_demo_left_is_found_and_measured(tmp_path: Path):
    assert earlier_folders(tmp_path) == []
    one, two = left_by_a_demo(tmp_path, "one"), left_by_a_demo(tmp_path, "two")
    folders = earlier_folders(tmp_path)
    assert [folder.path for folder in folders] == [one, two]
    assert all(2_000_000 <= folder.size_bytes < 2_200_000 for folder in folders)
    assert space(folders) == f"2 folders of earlier demos take 4 MB in {tmp_path}."
    assert (
        space(folders[:1]) == f"A folder of an earlier demo takes 2 MB in {tmp_path}."
    )
    assert paths(tmp_path, but=one) == [two]


def test_what_is_agreed_to_is_removed(tmp_path: Path):
    left_by_a_demo(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    assert remove(earlier_folders(tmp_path)) == []
    assert [*tmp_path.iterdir()] == [other]


def test_a_folder_of_a_demo_that_runs_stays(tmp_path: Path):
    folder = tmp_path / f"{PREFIX}one"
    folder.mkdir()
    with marked(folder):
        assert (folder / MARKER).exists()
        assert paths(tmp_path) == []
    assert paths(tmp_path) == [folder]


def test_a_folder_of_a_demo_that_runs_elsewhere_stays(tmp_path: Path):
    folder = tmp_path / f"{PREFIX}one"
    folder.mkdir()
    script = (
        "import sys; from pathlib import Path; from simulators.demo.earlier import *\n"
        "with marked(Path(sys.argv[1])): print(flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, folder],
        cwd=Path(__file__).parents[3],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as demo:
        assert demo.stdout is not None
        demo.stdout.readline()
        assert paths(tmp_path) == []
        demo.kill()
    assert paths(tmp_path) == [folder]


@pytest.mark.parametrize("content", ["{pid}\n/data\n", "nonsense"])
def test_a_folder_whose_database_is_open_stays(tmp_path: Path, content: str):
    pid_file = left_by_a_demo(tmp_path) / DATABASE / "data" / "postmaster.pid"
    pid_file.parent.mkdir(parents=True)
    pid_file.write_text(content.format(pid=os.getpid()))
    assert paths(tmp_path) == []


def test_a_database_that_was_killed_is_not_open(tmp_path: Path):
    folder = left_by_a_demo(tmp_path)
    pid_file = folder / DATABASE / "data" / "postmaster.pid"
    pid_file.parent.mkdir(parents=True)
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        pass
    pid_file.write_text(f"{gone.pid}\n/data\n")
    assert paths(tmp_path) == [folder]


def test_a_folder_without_the_mark_stays(tmp_path: Path):
    folder = left_by_a_demo(tmp_path)
    (folder / MARKER).unlink()
    assert paths(tmp_path) == []


def test_a_folder_of_another_name_stays(tmp_path: Path):
    left_by_a_demo(tmp_path).rename(tmp_path / "orbitwatch-kafka")
    assert paths(tmp_path) == []


def test_links_are_not_followed(tmp_path: Path):
    elsewhere, here = tmp_path / "elsewhere", tmp_path / "here"
    here.mkdir()
    folder = left_by_a_demo(elsewhere)
    (here / folder.name).symlink_to(folder)
    assert paths(here) == []
    (here / folder.name).unlink()
    unmarked = here / folder.name
    unmarked.mkdir()
    (unmarked / MARKER).symlink_to(folder / MARKER)
    assert paths(here) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
@pytest.mark.parametrize("name", ["", MARKER])
def test_a_folder_of_another_user_stays(tmp_path: Path, name: str):
    os.chown(left_by_a_demo(tmp_path) / name, 12_345, -1)
    assert paths(tmp_path) == []


def test_what_came_into_use_meanwhile_stays_and_is_told_of(tmp_path: Path):
    folder = left_by_a_demo(tmp_path)
    folders = earlier_folders(tmp_path)
    pid_file = folder / DATABASE / "data" / "postmaster.pid"
    pid_file.parent.mkdir(parents=True)
    pid_file.write_text(f"{os.getpid()}\n")
    assert remove(folders) == [f"{folder} is in use by now, and stays"]
    assert folder.exists()
