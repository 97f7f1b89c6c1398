"""A disk that is full, and then is not."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILL_AND_FREE = """
import errno, sys
from pathlib import Path
from tests.faults.disk import Disk, keep_mounts_to_ourselves
from tests.services.process import UnavailableError
try:
    keep_mounts_to_ourselves()
    disk = Disk(Path(sys.argv[1]), 8)
except UnavailableError as error:
    print("unavailable:", error)
    sys.exit()
file = disk.folder / "file"
file.write_bytes(bytes(100_000))
disk.fill()
try:
    (disk.folder / "other").write_bytes(bytes(100_000))
except OSError as error:
    print(errno.errorcode[error.errno], len(file.read_bytes()))
disk.free()
print((disk.folder / "other").write_bytes(bytes(100_000)))
"""

FILL_WHILE_WRITTEN_TO = """
import sys, threading
from pathlib import Path
from tests.faults.disk import Disk, keep_mounts_to_ourselves
from tests.services.process import UnavailableError
try:
    keep_mounts_to_ourselves()
    disk = Disk(Path(sys.argv[1]), 64)
except UnavailableError as error:
    print("unavailable:", error)
    sys.exit()
full = threading.Event()
def write():
    with (disk.folder / "file").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
                full.wait(0.0001)
        except OSError:
            full.set()
threading.Thread(target=write, daemon=True).start()
disk.fill()
print(full.wait(30))
"""


def test_a_disk_is_filled_while_it_is_written_to(tmp_path: Path):
    assert told_by(FILL_WHILE_WRITTEN_TO, tmp_path / "disk") == ["True"]


def test_a_full_disk_takes_nothing_until_it_has_room_again(tmp_path: Path):
    told = told_by(FILL_AND_FREE, tmp_path / "disk")
    assert told == ["ENOSPC 100000", "100000"]
    assert [*(tmp_path / "disk").iterdir()] == []


def told_by(script: str, folder: Path) -> list[str]:
    """What it prints, in a process of its own, with which its mounts end."""
    command = [sys.executable, "-c", script, str(folder)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if done.stdout.startswith("unavailable"):
        pytest.skip(done.stdout.strip())
    return done.stdout.splitlines()
