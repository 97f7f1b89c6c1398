"""The archive in an object store: a server of the S3 protocol in this process."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from pyarrow import dataset, fs

from connectors.errors import ArchiveUnavailable
from connectors.parquet.commits import read_commits
from connectors.parquet.compaction import compact
from connectors.parquet.reader import read_all
from connectors.parquet.storage import Storage
from tests.connectors.parquet.archiving import (
    DAY_US,
    START_US,
    batch,
    read_rows,
    rows_of,
    writer,
)

LATER = datetime.now(UTC) + timedelta(days=1)


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    server = pytest.importorskip(
        "moto.server", reason="needs moto: pip install 'moto[s3]' flask flask-cors"
    ).ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    server.start()
    host, port = server.get_host_and_port()
    yield f"{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(endpoint: str) -> fs.FileSystem:
    store = fs.S3FileSystem(
        endpoint_override=endpoint, scheme="http", allow_bucket_creation=True
    )
    name = uuid4().hex
    store.create_dir(name)
    return fs.SubTreeFileSystem(name, store)


@pytest.fixture
def storage(endpoint: str, bucket: fs.SubTreeFileSystem) -> Storage:
    query = f"endpoint_override={endpoint}&scheme=http"
    return Storage.at(f"s3://{bucket.base_path}a/b?{query}")


def test_samples_are_archived_and_merged_once(storage, bucket):
    made = writer(storage)
    for number in range(4):
        times = [START_US + number, START_US + DAY_US]
        made.write(batch(2 * number, times))
        made.commit()
    again = writer(storage)
    again.write(batch(4, [START_US] * 6))
    again.commit()
    assert again.repeated == 4
    before = Counter(read_rows(storage))
    assert before.total() == 10
    merged = list(compact(storage, LATER, timedelta(hours=1)))
    assert [done.files for done in merged] == [4, 4]
    assert Counter(read_rows(storage)) == before
    assert Counter(rows_of(read_all(storage))) == before
    files = dataset.dataset("a/b", filesystem=bucket, partitioning="hive")
    assert files.count_rows() == 10


def test_a_commit_that_was_killed_while_moving_is_finished(storage, bucket):
    made = writer(storage)
    made.write(batch(0, [START_US]))
    made.commit()
    (file,) = storage.files("system=spacecraft/spacecraft=ORBITER/date=2024-01-01")
    # In between, there are the copy and what it was made of.
    ((source, _),) = read_commits(storage)["all"].moves
    bucket.copy_file(f"a/b/{file.path}", f"a/b/{source}")
    writer(storage)
    assert len(read_rows(storage)) == 1
    assert storage.files("_incoming/all") == []


def test_what_a_live_archiver_has_begun_is_left_to_it(storage):
    made = writer(storage)
    made.write(batch(0, [START_US]))
    made.commit()
    own = f"_incoming/all/{read_commits(storage)['all'].run}-x-0.tmp"
    for path in (own, "_incoming/all/0f3a-x-0.tmp", "_incoming/gone/0f3a-x-0.tmp"):
        storage.write(path, b"half a fi")
    assert list(compact(storage, LATER, timedelta(hours=1))) == []
    left = [storage.files(f"_incoming/{owner}") for owner in ("all", "gone")]
    assert [[file.path for file in files] for files in left] == [[own], []]


def test_what_is_gone_can_be_moved_and_deleted_again(storage):
    storage.move("no", "neither")
    storage.delete("no")
    assert storage.read("no") is None


def test_a_missing_bucket_is_one_clear_line(endpoint):
    address = f"s3://nowhere/a?endpoint_override={endpoint}&scheme=http"
    with pytest.raises(ArchiveUnavailable, match="ORBITWATCH_ARCHIVE=s3://nowhere/a"):
        writer(Storage.at(address))
