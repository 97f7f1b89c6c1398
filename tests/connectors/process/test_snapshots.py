"""A damaged snapshot is told of with what to do, before anything reads it."""

import pickle
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from bytewax.recovery import init_db_dir

from connectors.errors import RecoveryUnusable, StateUnreadable
from connectors.process.snapshots import check_snapshots

STEP = "spacecraft.watch.detectors"
STATE = pickle.dumps(b"learnt" * 1000)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    init_db_dir(tmp_path, 2)
    leave(tmp_path / "part-1.sqlite3", "shard 01", 1, pickle.dumps({"version": 1}))
    return tmp_path


def leave(file: Path, key: str, epoch: int, state: bytes | None) -> None:
    with closing(sqlite3.connect(file)) as partition, partition:
        partition.execute(
            "INSERT INTO snaps (step_id, state_key, snap_epoch, ser_change)"
            " VALUES (?, ?, ?, ?)",
            (STEP, key, epoch, state),
        )


def test_whole_snapshots_are_nothing_to_tell_of(folder: Path):
    file = folder / "part-0.sqlite3"
    leave(file, "shard 00", 1, STATE)
    leave(file, "shard 00", 2, None)
    check_snapshots(folder)


@pytest.mark.parametrize(
    "state",
    [
        *(STATE[:length] for length in (0, 1, 20, len(STATE) // 2, len(STATE) - 1)),
        b"not a pickle",
        STATE[:2] + b"\xff" + STATE[3:],
        b"\x80\x04cno_such_module\nthing\n.",
    ],
    ids=range(8),
)
def test_a_damaged_snapshot_is_told_of_with_what_to_do(folder: Path, state: bytes):
    leave(folder / "part-0.sqlite3", "shard 00", 1, state)
    with pytest.raises(StateUnreadable) as told:
        check_snapshots(folder)
    line = str(told.value)
    for part in (STEP, "shard 00", "part-0.sqlite3", "start with an empty one"):
        assert part in line
    assert "\n" not in line


def test_a_damaged_snapshot_that_a_newer_one_replaced_is_not_read(folder: Path):
    file = folder / "part-0.sqlite3"
    leave(file, "shard 00", 1, STATE[:20])
    leave(file, "shard 00", 2, STATE)
    check_snapshots(folder)


def test_a_file_that_is_damaged_itself_is_told_of(folder: Path):
    file = folder / "part-0.sqlite3"
    for number in range(40):
        leave(file, f"shard {number:02}", 1, STATE)
    with closing(sqlite3.connect(file)) as partition:
        partition.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    whole = file.read_bytes()
    middle = len(whole) // 2
    file.write_bytes(whole[:middle] + b"\xff" * 16_384 + whole[middle + 16_384 :])
    with pytest.raises((RecoveryUnusable, StateUnreadable)) as told:
        check_snapshots(folder)
    assert "part-0.sqlite3" in str(told.value)


def test_a_folder_without_partitions_has_nothing_to_check(tmp_path: Path):
    check_snapshots(tmp_path)
