"""Merging small files: what becomes one, what is left alone, what is cleaned up."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pyarrow import parquet

from connectors.errors import ArchiveUnavailable
from connectors.parquet import compaction
from connectors.parquet.__main__ import main
from connectors.parquet.compaction import Merged, compact
from connectors.parquet.layout import notes_of
from connectors.parquet.storage import Storage
from tests.connectors.parquet.archiving import (
    DAY_US,
    START_US,
    TOPIC,
    batch,
    data_files,
    listed_rows,
    name,
    names_of_files,
    read_rows,
    writer,
)
from tests.connectors.parquet.killed_filesystem import BusyFiles, storage_in

HOUR = timedelta(hours=1)
TOMORROW = datetime.now(UTC) + timedelta(days=1)
DAY = "system=spacecraft/spacecraft=ORBITER/date=2024-01-01"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Five small files of one day, of which an archiver wrote one just now."""
    root = tmp_path / "archive"
    made = writer(Storage.at(str(root)))
    for number in range(5):
        made.write(batch(3 * number, [START_US + 10 * number + n for n in (2, 0, 15)]))
        made.commit()
    return root


def merge_small(root: Path, **given) -> list[Merged]:
    return list(compact(Storage.at(str(root)), TOMORROW, HOUR, **given))


def test_small_files_become_one(root):
    before = listed_rows(root)
    assert merge_small(root) == [Merged(DAY, 4, 12)]
    assert listed_rows(root) == before
    times = [row[3] for row in read_rows(Storage.at(str(root)))]
    assert times == sorted(times)
    assert merge_small(root) == []


def test_what_the_last_commit_wrote_is_left_alone_until_the_next(root):
    (last,) = [path for path in data_files(root) if "14" in covered(path)]
    assert merge_small(root) == [Merged(DAY, 4, 12)]
    assert last.exists()
    writer(Storage.at(str(root)))
    assert merge_small(root) == [Merged(DAY, 2, 15)]


def covered(path: Path) -> str:
    ranges = notes_of(parquet.read_metadata(path).metadata).covered[TOPIC][0]
    return " ".join(str(n) for first, end in ranges for n in range(first, end))


def test_the_merged_file_says_which_offsets_it_covers(root):
    merge_small(root)
    assert {covered(path) for path in data_files(root)} == {
        "0 1 2 3 4 5 6 7 8 9 10 11",
        "12 13 14",
    }


def test_young_files_are_left_alone(root):
    assert not list(compact(Storage.at(str(root)), datetime.now(UTC), HOUR))


def test_large_files_are_left_alone(root):
    size_bytes = data_files(root)[0].stat().st_size
    assert merge_small(root, large_bytes=size_bytes) == []
    assert merge_small(root, large_bytes=int(2.5 * size_bytes)) == [
        Merged(DAY, 2, 6),
        Merged(DAY, 2, 6),
    ]


def test_no_group_is_larger_than_it_may_be_nor_of_more_files(root, monkeypatch):
    writer(Storage.at(str(root)))  # from then on all five files may be merged
    size_bytes = max(path.stat().st_size for path in data_files(root))
    in_pairs = [Merged(DAY, 2, 6), Merged(DAY, 2, 6)]
    copies = [shutil.copytree(root, root.with_name(name)) for name in "ab"]
    assert merge_small(copies[0], large_bytes=int(2.5 * size_bytes)) == in_pairs
    monkeypatch.setattr(compaction, "MOST_FILES", 2)
    assert merge_small(copies[1]) == in_pairs


def test_days_and_spacecraft_stay_apart(root):
    made = writer(Storage.at(str(root)))
    for number in range(5, 8):
        made.write(batch(3 * number, [START_US + DAY_US * n for n in (1, 2, 2)]))
        made.commit()
    made.write(batch(24, [START_US]))
    made.commit()
    before = listed_rows(root)
    assert [(done.folder[-10:], done.files) for done in merge_small(root)] == [
        ("2024-01-01", 5),
        ("2024-01-02", 3),
        ("2024-01-03", 3),
    ]
    assert listed_rows(root) == before


def test_an_archiver_goes_on_while_files_are_merged(root):
    made = writer(Storage.at(str(root)))
    for number in range(5, 9):
        made.write(batch(3 * number, [START_US + number] * 3))
        merge_small(root)
        made.commit()
    assert len(read_rows(Storage.at(str(root)))) == 27


def test_leftovers_of_runs_that_are_gone_are_removed(root):
    for owner in ("gone", "all", "compaction"):
        (root / "_incoming" / owner).mkdir(exist_ok=True)
        (root / "_incoming" / owner / "0f3a-x-0.tmp").write_bytes(b"half")
    merge_small(root)
    assert [path for path in names_of_files(root) if path.endswith(".tmp")] == []


def test_a_commit_may_take_as_long_as_it_likes(root):
    files = BusyFiles(meanwhile=lambda: merge_small(root))
    made = writer(storage_in(str(root), files))
    names = [name(spacecraft=craft) for craft in "AB"]
    made.write(batch(15, [START_US + n for n in range(10)], names=names))
    made.commit()
    assert sum(listed_rows(root).values()) == 15 + 10


@contextmanager
def locked(root: Path) -> Iterator[None]:
    with (root / "_commits" / "compaction.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def test_two_do_not_run_at_once(root):
    with locked(root), pytest.raises(ArchiveUnavailable, match="another compaction"):
        merge_small(root)
    assert merge_small(root)


def test_a_merged_file_that_is_gone_costs_no_other(root):
    before = listed_rows(root)
    record = {
        "moves": [["_incoming/compaction/x.tmp", f"{DAY}/part-x.parquet"]],
        "deletes": [str(path.relative_to(root)) for path in data_files(root)],
    }
    Storage.at(str(root)).write(
        "_commits/compaction.json", str(record).replace("'", '"').encode()
    )
    with pytest.raises(ArchiveUnavailable, match=r"part-x\.parquet is missing"):
        merge_small(root)
    assert listed_rows(root) == before


def test_the_command_says_what_it_merged(root, capsys, monkeypatch):
    monkeypatch.setenv("ORBITWATCH_ARCHIVE", str(root))
    assert main(["compact"]) == 0
    assert capsys.readouterr().out == "there are no small files to merge\n"
    for path in data_files(root):
        two_hours_ago_s = path.stat().st_mtime - 7200
        os.utime(path, (two_hours_ago_s, two_hours_ago_s))
    assert main(["compact", str(root)]) == 0
    assert capsys.readouterr().out == f"{DAY}: 4 files became one, 12 samples\n"


def test_without_arguments_it_is_told_where_to_read_on(capsys):
    with pytest.raises(SystemExit) as ended:
        main([])
    assert ended.value.code == 2
    assert "python -m connectors.parquet --help" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["compact", "/nowhere/at/all"], "there is no such folder"),
        (["compact", "ftp://host/x"], "ORBITWATCH_ARCHIVE=ftp://host/x"),
    ],
)
def test_a_wrong_place_is_one_clear_line(arguments, problem, capsys):
    assert main(arguments) == 1
    err = capsys.readouterr().err
    assert problem in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("text", ["0", "-1", "soon", "nan", "1e300"])
def test_a_wrong_age_is_refused(text):
    with pytest.raises(SystemExit) as error:
        main(["compact", ".", "--older-than", text])
    assert error.value.code == 2
