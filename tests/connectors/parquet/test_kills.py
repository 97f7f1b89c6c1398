"""Whatever is killed, at whatever moment: each sample is in the archive once."""

import subprocess
import sys
import tempfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.parquet.columns import Batch, Columns
from connectors.parquet.compaction import compact
from connectors.parquet.storage import Storage
from connectors.parquet.writer import ArchiveWriter
from tests.connectors.parquet.archive_until_killed import SAMPLES, times_us
from tests.connectors.parquet.archiving import (
    DAY_US,
    NEVER,
    START_US,
    TOPIC,
    Row,
    batch,
    listed_rows,
    name,
    read_rows,
    writer,
)
from tests.connectors.parquet.killed_filesystem import (
    Killed,
    MortalFiles,
    storage_in,
)

MANNERS = ("before", "half", "after")
NAMES = [name(parameter, craft) for craft in "AB" for parameter in ("u", "i")]


class Kafka:
    """Two partitions of messages with a few samples each, read in any cuts."""

    def __init__(self, seed: int, messages: int) -> None:
        rng = np.random.default_rng(seed)
        self.counts = rng.integers(0, 4, (2, messages))
        self.times_us = START_US + rng.integers(-DAY_US, DAY_US, (2, messages))
        self.messages = messages

    def read(self, first: dict[int, int], counts: tuple[int, int]) -> Batch:
        """The next messages of each partition, from these offsets on."""
        chosen = [
            (partition, offset)
            for partition in (0, 1)
            for offset in range(
                first.get(partition, 0),
                min(first.get(partition, 0) + counts[partition], self.messages),
            )
        ]
        samples = [
            (index, self.times_us[at], at[0] * 1000 + at[1] + number / 10, number)
            for index, at in enumerate(chosen)
            for number in range(self.counts[at])
        ]
        columns = list(zip(*samples, strict=True)) or [(), (), (), ()]
        partitions, offsets = list(zip(*chosen, strict=True)) or [(), ()]
        return Batch(
            TOPIC,
            Columns(
                NAMES,
                np.array(columns[3], np.int64),
                np.array(columns[1], np.int64),
                np.array(columns[2], float),
            ),
            np.array(columns[0], np.int64),
            np.array(partitions, np.int64),
            np.array(offsets, np.int64),
            np.zeros(len(offsets), np.int64),
            START_US + np.array(offsets, np.int64),
        )

    def rows(self, ends: dict[int, int]) -> Counter[Row]:
        """All samples before these offsets."""
        whole = self.read({}, (ends.get(0, 0), ends.get(1, 0))).columns
        return Counter(
            (NAMES[n].spacecraft, "power", NAMES[n].parameter, time_us, value)
            for n, time_us, value in zip(
                whole.parameters.tolist(),
                whole.times_us.tolist(),
                whole.values.tolist(),
                strict=True,
            )
        )


def archived(made: ArchiveWriter) -> dict[int, int]:
    return {key[2]: at.next_offset for key, at in made.positions.items()}


CUTS = st.tuples(st.integers(0, 5), st.integers(0, 5))
LIVES = st.lists(
    st.tuples(
        st.integers(1, 40),  # the operation at which it is killed
        st.sampled_from(MANNERS),
        st.integers(0, 6),  # how far before the position the source begins
        st.lists(st.tuples(CUTS, st.booleans()), max_size=8),  # polls; commit after?
    ),
    max_size=6,
)


@given(seed=st.integers(0, 10**6), lives=LIVES)
@settings(max_examples=100, deadline=None)
def test_each_sample_is_archived_once_through_kills_at_any_moment(seed, lives):
    kafka = Kafka(seed, messages=30)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "archive"
        for dies_at, manner, back, polls in lives:
            storage = storage_in(str(root), MortalFiles(dies_at, manner))
            made = ArchiveWriter(storage, "all", NEVER)
            try:
                made.open()
                read = {p: max(at - back, 0) for p, at in archived(made).items()}
                for counts, then_commit in polls:
                    one = kafka.read(read, counts)
                    made.write(one)
                    for p in (0, 1):
                        read[p] = min(read.get(p, 0) + counts[p], kafka.messages)
                    if then_commit:
                        made.commit()
            except Killed:
                pass
        last = writer(Storage.at(str(root)))
        expected = kafka.rows(archived(last))
        assert listed_rows(root) == expected
        assert Counter(read_rows(Storage.at(str(root)))) == expected
        last.write(kafka.read(archived(last), (30, 30)))
        last.commit()
        assert listed_rows(root) == kafka.rows({0: 30, 1: 30})


def filled(root: Path, rolls: int = 3) -> Counter[Row]:
    """An archive of small files on two days; what is in it."""
    made = writer(Storage.at(str(root)))
    for number in range(rolls):
        times = [START_US + number, START_US + DAY_US + number]
        made.write(batch(2 * number, times))
        made.commit()
    # What the last commit wrote stays as it is, so that has no samples.
    made.write(batch(2 * rolls, [START_US]).without(np.ones(1, np.bool_)))
    made.commit()
    return listed_rows(root)


def merge_small(storage: Storage) -> int:
    later = datetime.now(UTC) + timedelta(days=1)
    return sum(done.files for done in compact(storage, later, timedelta(hours=1)))


def operations_of_a_merge(tmp_path: Path) -> int:
    filled(tmp_path / "undisturbed")
    files = MortalFiles()
    assert merge_small(storage_in(str(tmp_path / "undisturbed"), files)) == 6
    return files.operations


@pytest.mark.parametrize("manner", MANNERS)
def test_a_merge_can_be_killed_at_any_moment(tmp_path: Path, manner: str):
    for dies_at in range(1, operations_of_a_merge(tmp_path) + 1):
        root = tmp_path / f"killed-{manner}-{dies_at}"
        before = filled(root)
        with pytest.raises(Killed):
            merge_small(storage_in(str(root), MortalFiles(dies_at, manner)))
        assert Counter(read_rows(Storage.at(str(root)))) == before
        # Others may see samples twice, but never too few.
        assert listed_rows(root) >= before
        merge_small(Storage.at(str(root)))
        assert listed_rows(root) == before
        assert Counter(read_rows(Storage.at(str(root)))) == before
        assert len(list(root.glob("system=*/*/*/*.parquet"))) == 2


def test_a_start_of_an_archiver_ends_a_merge_that_was_killed(tmp_path: Path):
    for dies_at in range(1, operations_of_a_merge(tmp_path) + 1):
        root = tmp_path / f"killed-{dies_at}"
        before = filled(root)
        with pytest.raises(Killed):
            merge_small(storage_in(str(root), MortalFiles(dies_at)))
        writer(Storage.at(str(root)))
        assert listed_rows(root) == before


@pytest.mark.slow
def test_processes_killed_in_mid_stream_archive_each_sample_once(tmp_path: Path):
    root = tmp_path / "archive"
    module = "tests.connectors.parquet.archive_until_killed"
    for batches in (3, 17, 29, 40):
        process = subprocess.Popen(
            [sys.executable, "-m", module, str(root)],
            cwd=Path(__file__).parents[3],
            stdout=subprocess.PIPE,
        )
        assert process.stdout is not None
        assert process.stdout.read(batches) == b"." * batches
        process.kill()
        process.communicate()
    last = writer(Storage.at(str(root)))
    end = archived(last)[0]
    assert end > 4 * SAMPLES
    expected = sorted(zip(times_us(0, end), map(float, range(end)), strict=True))
    assert sorted((row[3], row[4]) for row in listed_rows(root).elements()) == expected
