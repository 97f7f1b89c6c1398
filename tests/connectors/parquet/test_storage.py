"""Where an archive can be, and what is said when it is full."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.errors import ArchiveUnavailable
from connectors.parquet.storage import Storage
from tests.connectors.parquet.archiving import (
    START_US,
    batch,
    data_files,
    fill,
    names_of_files,
    read_rows,
    writer,
)


def test_a_full_disk_is_one_clear_line_and_nothing_is_lost(small_disk: Path):
    storage = Storage.at(str(small_disk / "archive"))
    first = writer(storage)
    first.write(batch(0, [START_US + n for n in range(1000)]))
    first.commit()
    filler = fill(small_disk, but_bytes=40_000)
    first.write(batch(1000, [START_US + n for n in range(1000, 40_000)]))
    with pytest.raises(ArchiveUnavailable) as error:
        first.commit()
    assert str(error.value) == (
        f"ORBITWATCH_ARCHIVE={small_disk}/archive: the disk is full; make room and "
        "start again: nothing is lost"
    )
    assert not [path for path in names_of_files(small_disk) if path.endswith(".tmp")]
    filler.unlink()
    second = writer(storage)
    second.write(batch(1000, [START_US + n for n in range(1000, 40_000)]))
    second.commit()
    assert [row[3] - START_US for row in read_rows(storage)] == list(range(40_000))
    assert len(data_files(small_disk / "archive")) == 2


def test_a_folder_may_be_given_as_url(tmp_path):
    storage = Storage.at(f"file://{tmp_path}/a%20b")
    made = writer(storage)
    made.write(batch(0, [START_US]))
    made.commit()
    assert len(data_files(tmp_path / "a b")) == 1


def test_keys_in_a_url_are_not_shown():
    storage = Storage.at("s3://key:secret@bucket/folder?region=eu-west-1")
    assert storage.address == "s3://bucket/folder"


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("s3://key:secret@", "it names no bucket"),
        ("s3:/key:secret@b/x", "a URL such as s3://bucket/folder"),
        ("s3://b?no_such=1", "with options that are known"),
        ("nonsense://x", "=nonsense://x: neither a folder nor a URL"),
    ],
)
def test_a_url_nobody_knows_is_one_clear_line(address, problem):
    with pytest.raises(ArchiveUnavailable, match=problem) as error:
        Storage.at(address)
    assert "\n" not in str(error.value)


# With a region nobody asks the network for it.
ADDRESSES = (
    "s3://KEY:{}@bucket/folder?region=eu-west-1",
    "s3://KEY:{}@bucket/folder?region=eu-west-1&no_such=1",
    "s3://KEY:{}@bucket?region=eu-west-1&endpoint_override=bad host",
    "s3://{}@bucket/me@home?region=eu-west-1",
    "s3://bucket/folder?region=eu-west-1&client_secret={}",
    "s3:/KEY:{}@bucket/folder?region=eu-west-1",
    "file://KEY:{}@host/folder",
    "gs://KEY:{}@bucket/folder",
    "nonsense://KEY:{}@bucket",
)


# As in secrets of AWS, and what has a meaning in a URL.
@given(st.sampled_from(ADDRESSES), st.text("QXZ0189/+=@?#%:&[] ", min_size=4))
@settings(max_examples=300, deadline=None)
def test_no_piece_of_a_secret_is_told(address, secret):
    try:
        told = Storage.at(address.format(secret)).address
    except ArchiveUnavailable as error:
        told = str(error)
    assert not [
        piece for n in range(len(secret) - 3) if (piece := secret[n : n + 4]) in told
    ]


def test_a_slash_in_a_secret_is_one_clear_line_with_what_to_write():
    with pytest.raises(ArchiveUnavailable) as error:
        Storage.at("s3://AKIA:abc/def+SECRET@bucket/folder?region=eu-west-1")
    assert "s3://(unreadable): " in str(error.value)
    assert "write / as %2F" in str(error.value)
    storage = Storage.at("s3://AKIA:abc%2Fdef+SECRET@bucket/folder?region=eu-west-1")
    assert storage.address == "s3://bucket/folder"


def test_what_is_not_there_is_nothing(tmp_path):
    storage = Storage.at(str(tmp_path))
    assert storage.read("no") is None
    assert storage.files("no") == []
    assert storage.folders("no") == []
    storage.delete("no")
    storage.move("no", "neither")
    assert not storage.holds("no")
    with pytest.raises(ArchiveUnavailable):
        storage.open("no")


def test_a_file_is_written_over_as_a_whole(tmp_path):
    storage = Storage.at(str(tmp_path))
    storage.write("a/b.json", b"one")
    storage.write("a/b.json", b"two")
    assert storage.read("a/b.json") == b"two"
    assert names_of_files(tmp_path) == ["a/b.json"]
