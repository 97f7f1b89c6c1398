"""What a killed process left of an epoch is not taken for learnt."""

import logging
import pickle
import sqlite3
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import bytewax.operators as op
import pytest
from bytewax.dataflow import Dataflow
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.testing import TestingSink, TestingSource, run_main
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import RecoveryUnusable
from connectors.process.recovery import folder_of_this_run, forget_unfinished

STEP = "flow.sum.stateful_flat_map.stateful.stateful_batch"
Fronts = dict[int, int]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    init_db_dir(tmp_path, 1)
    return tmp_path


def sums(
    folder: Path, items: Sequence[tuple[str, int] | TestingSource.EOF]
) -> list[tuple[str, int]]:
    """What Bytewax makes of the items it had not had, an epoch each."""
    out: list[tuple[str, int]] = []
    flow = Dataflow("flow")
    added = op.input("in", flow, TestingSource(items))
    told = op.stateful_map("sum", added, lambda sum_, n: ((sum_ or 0) + n,) * 2)
    op.output("out", told, TestingSink(out))
    recovery = RecoveryConfig(str(folder))
    run_main(flow, epoch_interval=timedelta(0), recovery_config=recovery)
    return out


def leave(file: Path, key: str, epoch: int, state: int = 1_000) -> None:
    """Leaves a snapshot as a process does that is killed in an epoch."""
    with closing(sqlite3.connect(file)) as partition, partition:
        partition.execute(
            "INSERT INTO snaps (step_id, state_key, snap_epoch, ser_change)"
            " VALUES (?, ?, ?, ?)",
            (STEP, key, epoch, pickle.dumps(state)),
        )


def epochs(file: Path) -> list[int]:
    with closing(sqlite3.connect(file)) as partition:
        found = partition.execute("SELECT snap_epoch FROM snaps ORDER BY snap_epoch")
        return [epoch for (epoch,) in found]


def next_epoch(file: Path) -> int:
    with closing(sqlite3.connect(file)) as partition:
        [(epoch,)] = partition.execute("SELECT max(worker_frontier) FROM fronts")
        return int(epoch)


@pytest.mark.parametrize(("is_freed", "sum_of_b"), [(True, 1), (False, 1_001)])
def test_what_is_left_of_an_epoch_would_be_taken_for_good_by_the_run_after_next(
    folder: Path, is_freed: bool, sum_of_b: int
):
    """Without our help it is: a Bytewax that heals itself does not need it."""
    file = folder / "part-0.sqlite3"
    items: list[tuple[str, int] | TestingSource.EOF] = [("a", 1), TestingSource.EOF()]
    assert sums(folder, items) == [("a", 1)]
    leave(file, "b", next_epoch(file))
    if is_freed:
        forget_unfinished(folder)
    items += [("a", 1), ("a", 1), TestingSource.EOF()]
    assert sums(folder, items) == [("a", 2), ("a", 3)]
    assert sums(folder, [*items, ("b", 1)]) == [("b", sum_of_b)]


def test_what_a_run_finished_stays(folder: Path, caplog: pytest.LogCaptureFixture):
    file = folder / "part-0.sqlite3"
    items = [("a", 1), ("b", 5)]
    sums(folder, [*items, TestingSource.EOF()])
    before = epochs(file)
    with caplog.at_level(logging.INFO):
        forget_unfinished(folder)
    assert epochs(file) == before != []
    assert not caplog.messages
    again = sums(folder, [*items, TestingSource.EOF(), *items])
    assert again == [("a", 2), ("b", 10)]


def test_what_is_deleted_is_told(folder: Path, caplog: pytest.LogCaptureFixture):
    file = folder / "part-0.sqlite3"
    sums(folder, [("a", 1)])
    for key in "bc":
        leave(file, key, next_epoch(file))
    with caplog.at_level(logging.INFO):
        forget_unfinished(folder)
    [line] = caplog.messages
    assert line.startswith("2 snapshots are deleted")


@given(
    begun=st.integers(1, 9),
    fronts=st.dictionaries(st.integers(0, 2), st.integers(1, 9)),
)
def test_it_goes_on_with_the_first_epoch_that_a_worker_had_not_finished(
    tmp_path_factory: pytest.TempPathFactory, begun: int, fronts: Fronts
):
    """Rows lie in any of the partitions; those of the runs before do not count.

    No run begins anew what the one before it has finished.
    """
    folder = tmp_path_factory.mktemp("recovery")
    init_db_dir(folder, 2)
    one, other = sorted(folder.glob("*.sqlite3"))
    workers = 3
    with closing(sqlite3.connect(one)) as partition, partition:
        partition.execute("INSERT INTO exs VALUES ('', 1, 9, 90)")
        partition.execute("INSERT INTO fronts VALUES ('', 1, 0, 99)")
        partition.execute("INSERT INTO exs VALUES ('', 2, ?, ?)", (workers, begun))
    with closing(sqlite3.connect(other)) as partition, partition:
        for worker, epoch in fronts.items():
            partition.execute(
                "INSERT INTO fronts VALUES ('', 2, ?, ?)", (worker, epoch)
            )
    for file in (one, other):
        for epoch in range(1, 12):
            leave(file, f"key {epoch}", epoch)
    forget_unfinished(folder)
    finished = min(max(fronts.get(worker, begun), begun) for worker in range(workers))
    for file in (one, other):
        assert epochs(file) == [*range(1, finished)]


def test_where_a_partition_is_elsewhere_nothing_is_deleted(tmp_path: Path):
    init_db_dir(tmp_path, 2)
    one, other = sorted(tmp_path.glob("*.sqlite3"))
    sums(tmp_path, [("a", 1)])
    for file in (one, other):
        leave(file, "b", 1_000)
    one.rename(tmp_path / "elsewhere")
    forget_unfinished(tmp_path)
    assert 1_000 in epochs(other)


def test_a_folder_that_is_new_or_not_there_has_nothing_to_be_deleted(folder: Path):
    forget_unfinished(folder)
    forget_unfinished(folder / "nowhere")
    assert sums(folder, [("a", 1)]) == [("a", 1)]


def test_a_damaged_file_is_named_and_what_to_do_said(folder: Path):
    file = folder / "part-0.sqlite3"
    for journal in folder.glob("*-wal"):
        journal.unlink()
    file.write_bytes(b"rubbish" * 1_000)
    with pytest.raises(RecoveryUnusable, match=r"part-0\.sqlite3.*empty folder") as no:
        forget_unfinished(folder)
    assert "\n" not in str(no.value)
    assert file.read_bytes() == b"rubbish" * 1_000


def test_the_folder_is_what_the_program_was_given(monkeypatch: pytest.MonkeyPatch):
    assert folder_of_this_run() is None
    given = Path("state")
    program = sys.modules["__main__"]
    monkeypatch.setattr(program, "recovery_directory", given, raising=False)
    assert folder_of_this_run() == given
