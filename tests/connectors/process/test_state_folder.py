"""A recovery folder has one flow, and one process at a time."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from bytewax.recovery import init_db_dir

from connectors.errors import RecoveryUnusable, StateFolderTaken
from connectors.process.state_folder import OWNER, claim
from tests.connectors.process.test_recovery import leave
from tests.services.waiting import HANG_S

HOLD = """
import sys
from pathlib import Path
from connectors.process.state_folder import claim
claim(Path(sys.argv[1]), sys.argv[2])
print("held", flush=True)
sys.stdin.read()
"""


class Other:
    """Another process that holds a folder until it is killed."""

    def __init__(self, folder: Path, flow: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(folder), flow],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        assert self.process.stdout.readline() == "held\n"

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=HANG_S)


def test_a_folder_in_use_is_refused_until_its_process_is_gone(tmp_path):
    other = Other(tmp_path, "spacecraft")
    try:
        with pytest.raises(
            StateFolderTaken, match=f"process {other.process.pid} uses it.*of its own"
        ):
            claim(tmp_path, "spacecraft")
    finally:
        other.kill()
    claim(tmp_path, "spacecraft")
    told = json.loads((tmp_path / OWNER).read_bytes())
    assert told["flow"] == "spacecraft"
    assert told["version"] != "unknown"


def test_the_state_of_another_flow_is_refused_and_stays(tmp_path):
    Other(tmp_path, "spacecraft").kill()
    before = (tmp_path / OWNER).read_bytes()
    with pytest.raises(StateFolderTaken, match="has the state of the flow spacecraft"):
        claim(tmp_path, "rocket_launch")
    assert (tmp_path / OWNER).read_bytes() == before


def test_a_folder_of_a_release_that_named_no_owner_is_known_by_its_snapshots(tmp_path):
    init_db_dir(tmp_path, 1)
    leave(tmp_path / "part-0.sqlite3", "key", 3)  # a step of the flow "flow"
    with pytest.raises(StateFolderTaken, match="has the state of the flow flow"):
        claim(tmp_path, "spacecraft")
    Other(tmp_path, "flow").kill()


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff", b'{"flow": ""}'])
def test_an_owner_that_a_kill_left_half_written_is_nobody(tmp_path, content):
    (tmp_path / OWNER).write_bytes(content)
    claim(tmp_path, "spacecraft")


def test_what_a_longer_owner_left_does_not_stay(tmp_path):
    (tmp_path / OWNER).write_text(json.dumps({"flow": "spacecraft", "x": "y" * 500}))
    claim(tmp_path, "spacecraft")
    assert json.loads((tmp_path / OWNER).read_bytes()).keys() == {
        *("flow", "version", "process")
    }


def test_a_folder_that_is_not_there_is_not_made(tmp_path):
    claim(tmp_path / "nowhere", "spacecraft")
    assert not [*tmp_path.iterdir()]


def test_a_folder_that_may_not_be_written_says_so(tmp_path):
    (tmp_path / OWNER).mkdir()
    with pytest.raises(RecoveryUnusable, match="Is a directory"):
        claim(tmp_path, "spacecraft")


def test_a_folder_whose_partitions_cannot_be_read_says_so(tmp_path):
    (tmp_path / "part-0.sqlite3").write_bytes(b"no database at all, but long enough")
    with pytest.raises(RecoveryUnusable, match=r"part-0\.sqlite3"):
        claim(tmp_path, "spacecraft")
