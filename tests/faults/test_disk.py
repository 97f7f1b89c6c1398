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


def test_a_full_disk_takes_nothing_until_it_has_room_again(tmp_path: Path):
    folder = tmp_path / "disk"
    # In a process of its own, with which its mounts end.
    done = subprocess.run(
        [sys.executable, "-c", FILL_AND_FREE, str(folder)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    if done.stdout.startswith("unavailable"):
        pytest.skip(done.stdout.strip())
    assert done.stdout.splitlines() == ["ENOSPC 100000", "100000"]
    assert [*folder.iterdir()] == []
