"""An archive's samples are counted without reading them."""

from pathlib import Path

from connectors.parquet.counts import count_archived
from connectors.parquet.storage import Storage
from tests.connectors.parquet.archiving import (
    SECOND_US,
    START_US,
    batch,
    name,
    read_rows,
    writer,
)


def test_an_empty_archive_holds_nothing(tmp_path: Path):
    assert count_archived(Storage.at(str(tmp_path / "archive"))) == {}


def test_all_files_of_all_days_and_spacecraft_count(tmp_path: Path):
    storage = Storage.at(str(tmp_path / "archive"))
    made = writer(storage)
    names = [name("voltage", craft) for craft in ("ORBITER", "25544")]
    times = [START_US + hour * 3600 * SECOND_US for hour in range(48)]
    for number in range(3):
        made.write(batch(number * 48, times, names=names))
        made.commit()
    assert count_archived(storage) == {"spacecraft": 144}
    assert len(read_rows(storage)) == 144
