"""The reader: in order, in time, from no more than is needed; and other readers."""

from __future__ import annotations

import re
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import dataset, parquet

from connectors.errors import ArchiveUnavailable
from connectors.messages.times import microseconds
from connectors.parquet import __doc__ as documentation
from connectors.parquet import data_file
from connectors.parquet.columns import Columns
from connectors.parquet.data_file import SampleFile, write_file
from connectors.parquet.layout import FileNotes, to_table
from connectors.parquet.merge import merge
from connectors.parquet.reader import is_archive, read_all
from connectors.parquet.storage import Storage
from connectors.parquet.visible_files import visible_files
from tests.connectors.parquet.archiving import (
    DAY_US,
    SECOND_US,
    START_US,
    batch,
    data_files,
    name,
    read_rows,
    rows_of,
    writer,
)

NAMES = [name(parameter, craft) for craft in ("ORBITER", "25544") for parameter in "ui"]
NOTES = FileNotes(system="spacecraft", spacecraft="ORBITER", covered={})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Three days of two spacecraft, in three commits that overlap in time."""
    rng = np.random.default_rng(7)
    made = writer(Storage.at(str(tmp_path / "archive")))
    for number in range(3):
        times = START_US + rng.integers(0, 3 * DAY_US // SECOND_US, 400) * SECOND_US
        values = rng.normal(size=400)
        values[::50] = np.nan
        made.write(batch(number * 400, times.tolist(), values=values, names=NAMES))
        made.commit()
    return tmp_path / "archive"


def test_everything_is_read_of_all_systems_with_each_name_once(root):
    storage = Storage.at(str(root))
    made = writer(storage)
    made.write(batch(0, [START_US], names=[name("x")], topic="telemetry.iss_tracking"))
    made.commit()
    found = read_all(storage)
    expected = read_rows(storage) + read_rows(storage, system="iss_tracking")
    assert sorted(map(str, rows_of(found))) == sorted(map(str, expected))
    assert sorted(found.names) == sorted([*NAMES, name("x")])


def test_an_archive_without_samples_is_told(tmp_path):
    storage = Storage.at(str(tmp_path))
    assert not is_archive(storage)
    with pytest.raises(ArchiveUnavailable, match="no archived samples"):
        read_all(storage)


def test_samples_come_in_order_of_time_and_none_is_missing(root):
    rows = read_rows(Storage.at(str(root)))
    assert len(rows) == 1200
    times = [row[3] for row in rows]
    assert times == sorted(times)


@pytest.mark.parametrize(
    ("start_us", "end_us"),
    [
        (START_US, START_US + DAY_US),
        (START_US + DAY_US // 3, START_US + 2 * DAY_US + DAY_US // 7),
        (START_US + 100, START_US + 100),
        (START_US - DAY_US, START_US),
    ],
)
def test_a_stretch_is_from_its_start_to_before_its_end(root, start_us, end_us):
    storage = Storage.at(str(root))
    whole = read_rows(storage)
    wanted = [row for row in whole if start_us <= row[3] < end_us]
    assert read_rows(storage, start_us, end_us) == wanted


def test_one_spacecraft_can_be_asked_for(root):
    storage = Storage.at(str(root))
    wanted = [row for row in read_rows(storage) if row[0] == "25544"]
    assert read_rows(storage, spacecraft="25544") == wanted
    assert read_rows(storage, spacecraft="255") == []
    assert read_rows(storage, system="cubesat") == []


def test_other_days_and_spacecraft_are_not_even_opened(root):
    for path in data_files(root):
        if "date=2024-01-02" not in str(path) or "spacecraft=25544" not in str(path):
            path.write_bytes(b"damaged")
    storage = Storage.at(str(root))
    start_us, end_us = START_US + DAY_US, START_US + 2 * DAY_US
    assert len(read_rows(storage, start_us, end_us, "25544")) > 100
    with pytest.raises(ArchiveUnavailable, match=r"part-\w+\.parquet: "):
        read_rows(storage)


def test_nothing_archived_is_nothing_read(tmp_path):
    assert read_rows(Storage.at(str(tmp_path / "nowhere"))) == []


def sorted_columns(times_us: np.ndarray) -> Columns:
    count = len(times_us)
    return Columns(
        [name()], np.zeros(count, int), np.sort(times_us), np.arange(count, dtype=float)
    )


@pytest.mark.parametrize("spread", [1, 40, 10_000])
def test_all_samples_of_an_instant_come_in_one_piece(tmp_path, monkeypatch, spread):
    monkeypatch.setattr(data_file, "BATCH_ROWS", 16)
    storage = Storage.at(str(tmp_path))
    rng = np.random.default_rng(spread)
    files, total = [], 0
    for number in range(8):
        times = START_US + number * spread // 3 + rng.integers(0, spread, 150)
        path = f"{number}.parquet"
        total += write_file(storage, path, [sorted_columns(times)], NOTES)
        files.append(SampleFile.at(storage, path))
    pieces = list(merge(files, START_US, START_US + 10**9))
    assert sum(map(len, pieces)) == total
    for before, after in pairwise(pieces):
        assert before.times_us[-1] < after.times_us[0]
    assert all((np.diff(piece.times_us) >= 0).all() for piece in pieces)


def test_files_that_do_not_overlap_are_open_one_after_the_other(tmp_path):
    storage = Storage.at(str(tmp_path))
    files = []
    for number in range(30):
        times = START_US + number * 1000 + np.arange(1000)
        path = f"{number}.parquet"
        write_file(storage, path, [sorted_columns(times)], NOTES)
        files.append(SampleFile.at(storage, path))
    stream = merge(files, START_US, START_US + 10**9)
    next(stream)
    for number in range(2, 30):
        (tmp_path / f"{number}.parquet").unlink()
    with pytest.raises(ArchiveUnavailable):
        list(stream)


def test_a_file_out_of_order_is_refused(tmp_path):
    storage = Storage.at(str(tmp_path))
    backwards = sorted_columns(START_US + np.arange(10)).rows(slice(None, None, -1))
    write_file(storage, "a.parquet", [backwards], NOTES)
    with pytest.raises(ArchiveUnavailable, match=r"a\.parquet: .* not in order"):
        list(SampleFile.at(storage, "a.parquet").pieces(0, 2**60))


def test_a_file_of_somebody_else_is_refused(root):
    folder = data_files(root)[0].parent
    parquet.write_table(pa.table({"value": [1.0]}), folder / "x.parquet")
    with pytest.raises(ArchiveUnavailable, match=r"x\.parquet: no archiver wrote"):
        read_rows(Storage.at(str(root)))


def test_a_file_is_sorted_compressed_and_says_so(root):
    metadata = parquet.read_metadata(data_files(root)[0])
    group = metadata.row_group(0)
    time = [group.column(n).path_in_schema for n in range(4)].index("generation_time")
    assert group.sorting_columns[0].column_index == time
    assert {group.column(n).compression for n in range(4)} == {"ZSTD"}


def test_what_is_being_written_is_passed_over(root):
    storage = Storage.at(str(root))
    before = sum(1 for _ in read_rows(storage))
    table = to_table(sorted_columns(START_US + np.arange(5)))
    (root / "_incoming" / "all").mkdir(exist_ok=True)
    parquet.write_table(table, root / "_incoming" / "all" / "abc-0.tmp")
    assert len(read_rows(storage)) == before
    assert dataset.dataset(root, partitioning="hive").count_rows() == before
    assert duckdb_rows(root) == before
    assert len(pd.read_parquet(root)) == before


def duckdb_rows(root: Path) -> int:
    query = "SELECT count(*) FROM read_parquet(?, hive_partitioning = true)"
    return int(asked(query, f"{root}/**/*.parquet")[0][0])


def asked(query: str, *parameters: str) -> list[Any]:
    """What DuckDB answers."""
    with duckdb.connect() as connection:
        return connection.execute(query, parameters).fetchall()


def test_pyarrow_reads_it(root):
    table = dataset.dataset(root, partitioning="hive").to_table(
        filter=(dataset.field("spacecraft") == "ORBITER")
        & (dataset.field("date") == "2024-01-02")
    )
    wanted = read_rows(
        Storage.at(str(root)), START_US + DAY_US, START_US + 2 * DAY_US, "ORBITER"
    )
    assert sorted(table["generation_time"].cast("int64").to_pylist()) == [
        row[3] for row in wanted
    ]
    assert table.schema.field("generation_time").type == pa.timestamp("us", tz="UTC")


def test_pandas_reads_it(root):
    frame = pd.read_parquet(root)
    rows = read_rows(Storage.at(str(root)))
    assert set(frame.columns) == {
        *("subsystem", "parameter", "generation_time", "value"),
        *("system", "spacecraft", "date"),
    }
    assert frame["value"].isna().sum() == sum(row[4] is None for row in rows)
    assert frame["value"].sum() == pytest.approx(sum(row[4] or 0 for row in rows))
    assert microseconds(frame["generation_time"].min()) == rows[0][3]
    assert set(frame["parameter"]) == {"u", "i"}


def test_duckdb_reads_it(root):
    query = """
        SELECT system, spacecraft, parameter, count(*), epoch_us(min(generation_time))
        FROM read_parquet(?, hive_partitioning = true)
        WHERE date = '2024-01-02'
        GROUP BY ALL ORDER BY ALL
    """
    found = asked(query, f"{root}/**/*.parquet")
    day = read_rows(Storage.at(str(root)), START_US + DAY_US, START_US + 2 * DAY_US)
    expected = []
    for craft, parameter in product(("25544", "ORBITER"), ("i", "u")):
        times = [row[3] for row in day if (row[0], row[2]) == (craft, parameter)]
        expected.append(("spacecraft", craft, parameter, len(times), min(times)))
    assert found == expected


def test_the_query_in_the_documentation_works(root, monkeypatch):
    monkeypatch.chdir(root.parent)
    found = re.search(r"DuckDB +(FROM .*)", documentation or "")
    assert found is not None
    assert asked(f"SELECT count(*) {found[1]}") == [(1200,)]


def test_only_data_files_are_visible(root):
    folder = data_files(root)[0].parent
    (folder / "notes.txt").write_text("")
    (folder / "_hidden.crc").write_text("")
    relative = str(folder.relative_to(root))
    assert len(visible_files(Storage.at(str(root)), relative)) == 3
