"""Tables of samples in Parquet and CSV, whole folders of them, and what is none."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import csv, parquet

from connectors.errors import SettingsError
from connectors.messages.samples import ParameterName
from connectors.messages.wire import ARROW_SCHEMA
from connectors.parquet.columns import by_parameter
from connectors.parquet.storage import Storage
from connectors.recordings.sample_files import read_sample_files
from tests.connectors.parquet.archiving import batch, writer

HEADER = "spacecraft,subsystem,parameter,generation_time,value\n"
ROWS = """\
S,power,voltage,2024-01-01T00:00:02Z,3
S,power,voltage,2024-01-01T00:00:00Z,1
S,power,voltage,2024-01-01T01:00:01+01:00,
S,power,voltage,2024-01-01T00:00:00Z,99
S,,current,2024-01-01T00:00:00.5Z,7
"""
START_US = 1_704_067_200_000_000


def check(path: Path):
    found = by_parameter(read_sample_files(path))
    current, voltage = (
        ParameterName("S", "", "current"),
        ParameterName("S", "power", "voltage"),
    )
    assert list(found) == [current, voltage]
    times_us, values = found[voltage]
    assert (times_us - START_US).tolist() == [0, 1_000_000, 2_000_000]
    assert times_us.dtype == np.int64
    assert values.dtype == np.float64
    # By time, the first of two at one time, and nothing where there was no value.
    np.testing.assert_array_equal(values, [1, np.nan, 3])
    assert found[current][0].tolist() == [START_US + 500_000]


@pytest.fixture
def table(tmp_path: Path) -> pa.Table:
    (tmp_path / "a.csv").write_text(HEADER + ROWS)
    types = csv.ConvertOptions(column_types=ARROW_SCHEMA)
    return csv.read_csv(tmp_path / "a.csv", convert_options=types)


@pytest.mark.usefixtures("table")
def test_a_csv_file(tmp_path: Path):
    check(tmp_path / "a.csv")


def test_a_parquet_file(table, tmp_path: Path):
    parquet.write_table(table, tmp_path / "a.parquet")
    check(tmp_path / "a.parquet")


def test_a_folder_of_files_in_folders(table, tmp_path: Path):
    folder = tmp_path / "tables"
    (folder / "later").mkdir(parents=True)
    parquet.write_table(table[:2], folder / "1.parquet")
    parquet.write_table(table[2:], folder / "later" / "2.parquet")
    (folder / "README").write_text("")
    check(folder)


def test_other_types_of_the_same_meaning(table, tmp_path: Path):
    for name in ("spacecraft", "subsystem", "parameter"):
        index = table.schema.get_field_index(name)
        table = table.set_column(index, name, table[name].dictionary_encode())
    seconds = table["generation_time"].cast(pa.timestamp("ns", tz="Asia/Tokyo"))
    table = table.set_column(3, "generation_time", seconds)
    table = table.set_column(4, "value", table["value"].cast(pa.float32()))
    table = table.append_column("quality", pa.array([1] * 5))
    parquet.write_table(table, tmp_path / "a.parquet")
    check(tmp_path / "a.parquet")


def test_the_subsystem_may_be_missing(table, tmp_path: Path):
    parquet.write_table(table.drop_columns(["subsystem"]), tmp_path / "a.parquet")
    found = read_sample_files(tmp_path / "a.parquet")
    assert ParameterName("S", "", "voltage") in found.names


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "Empty CSV"),
        (HEADER, "no samples"),
        (HEADER.replace("value", "number") + ROWS, "no column value"),
        (HEADER + "S,p,v,soon,1\n", "soon"),
        (HEADER + "S,p,v,2024-01-01T00:00:00,1\n", "zone"),
        (HEADER + "S,p,v,,1\n", "a generation_time is missing"),
        (HEADER + "S,p,v,2024-01-01T00:00:00Z,high\n", "high"),
        (HEADER + "S,p\n", "Expected 5 columns"),
    ],
)
def test_a_csv_file_that_is_no_table_is_named(tmp_path: Path, text, problem):
    file = tmp_path / "a.csv"
    file.write_text(text)
    with pytest.raises(SettingsError, match=problem) as error:
        read_sample_files(file)
    assert str(error.value).startswith(str(file))
    assert "\n" not in str(error.value)


def test_a_parquet_file_that_is_no_table_is_named(table, tmp_path: Path):
    file = tmp_path / "a.parquet"
    naive = table["generation_time"].cast(pa.timestamp("us"))
    parquet.write_table(table.set_column(3, "generation_time", naive), file)
    with pytest.raises(SettingsError, match="no timestamp with a time zone"):
        read_sample_files(file)
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(SettingsError, match=r"a\.parquet: "):
        read_sample_files(file)


def test_part_of_an_archive_is_refused_with_what_to_give(tmp_path: Path):
    made = writer(Storage.at(str(tmp_path)))
    made.write(batch(0, [START_US]))
    made.commit()
    with pytest.raises(SettingsError, match="give the whole archive's folder"):
        read_sample_files(tmp_path / "system=spacecraft")


def test_what_is_no_file_of_the_kind_is_named(tmp_path: Path):
    with pytest.raises(SettingsError, match="no file or folder"):
        read_sample_files(tmp_path / "none")
    with pytest.raises(SettingsError, match=r"no \.parquet or \.csv files"):
        read_sample_files(tmp_path)
    (tmp_path / "a.txt").write_text("")
    with pytest.raises(SettingsError, match=r"not a \.parquet or \.csv file"):
        read_sample_files(tmp_path / "a.txt")
