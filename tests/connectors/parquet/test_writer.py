"""The writer: when it rolls, what it writes, what it drops, whom it stops for."""

import logging
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pyarrow import parquet

from connectors.errors import ArchiveUnavailable, TopicReplaced
from connectors.messages.polls import UNNAMED, LogId, Position
from connectors.messages.samples import ParameterName
from connectors.parquet.commits import finish, read_commits, read_positions
from connectors.parquet.layout import notes_of
from connectors.parquet.storage import Storage
from connectors.parquet.writer import MEGABYTE, Roll
from tests.connectors.parquet.archiving import (
    DAY_US,
    NEVER,
    SECOND_US,
    START_US,
    TOPIC,
    batch,
    commit,
    data_files,
    listed_rows,
    name,
    names_of_files,
    read_rows,
    writer,
)
from tests.connectors.parquet.killed_filesystem import BusyFiles, storage_in


class Clock:
    """A clock that moves when told to."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage.at(str(tmp_path / "archive"))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "archive"


def test_what_was_written_is_read_back(storage, root):
    made = writer(storage)
    values = [1.5, np.nan, -0.0]
    made.write(batch(7, [START_US + 2, START_US + 1, START_US], values=values))
    stored = commit(made)
    assert (stored.files, stored.samples) == (1, 3)
    expected = [
        ("ORBITER", "power", "voltage", START_US, -0.0),
        ("ORBITER", "power", "voltage", START_US + 1, None),
        ("ORBITER", "power", "voltage", START_US + 2, 1.5),
    ]
    assert read_rows(storage) == expected
    assert sorted(listed_rows(root).elements()) == expected
    assert made.positions == {
        (UNNAMED, TOPIC, 0): Position(TOPIC, 0, 10, START_US + 9, UNNAMED, 0)
    }
    assert read_positions(storage) == made.positions


def test_before_a_commit_nobody_sees_anything(storage, root):
    made = writer(storage)
    made.write(batch(0, [START_US]))
    assert data_files(root) == []
    assert made.positions == {}


def test_files_are_rolled_by_size(storage, root):
    made = writer(storage, roll=Roll(megabytes=0.01, seconds=1e9))
    counts = [made.write(batch(n * 200, [START_US] * 200)) for n in range(9)]
    assert [stored is not None for stored in counts] == 3 * [False, False, True]
    assert len(data_files(root)) == 3
    assert len(read_rows(storage)) == 1800


def test_files_are_rolled_at_just_the_size_that_was_asked_for(tmp_path):
    probe = writer(Storage.at(str(tmp_path / "probe")))
    probe.write(batch(0, [START_US] * 200))
    size_bytes = probe._buffer.size_bytes
    for more_bytes, is_rolled in ((0, True), (1, False)):
        roll = Roll((size_bytes + more_bytes) / MEGABYTE, seconds=1e9)
        made = writer(Storage.at(str(tmp_path / f"{more_bytes}")), roll=roll)
        stored = made.write(batch(0, [START_US] * 200))
        assert (stored is not None) == is_rolled


def test_a_commit_of_one_partition_keeps_how_far_the_others_are(storage):
    made = writer(storage)
    for partition, first_offset in ((0, 10), (1, 20), (0, 11), (2, 30)):
        made.write(batch(first_offset, [START_US], partition=partition))
        commit(made)
        made.write(batch(first_offset, [START_US], partition=partition))
        assert made.commit() is None
    reached = {key[2]: at.next_offset for key, at in made.positions.items()}
    assert reached == {0: 12, 1: 21, 2: 31}
    assert read_positions(storage) == made.positions
    # So does the record of the next run, which has nothing to finish.
    assert writer(storage).positions == made.positions
    assert writer(storage).positions == made.positions


def test_names_count_for_the_size_as_they_may_be_invented(storage, root):
    made = writer(storage, roll=Roll(megabytes=1, seconds=1e9))
    names = [name(f"invented_{number}") for number in range(5_000)]
    made.write(batch(0, [START_US] * 5_000, names=names[:1]))
    assert data_files(root) == []
    made.write(batch(5_000, [START_US] * 5_000, names=names))
    assert len(data_files(root)) == 1


def test_files_are_rolled_by_time_also_while_nothing_comes(storage, root):
    clock = Clock()
    made = writer(storage, roll=Roll(1000, seconds=300), clock_s=clock)
    made.write(batch(0, [START_US]))
    clock.now_s = 299
    assert made.tick() is None
    clock.now_s = 300
    stored = made.tick()
    assert stored is not None
    assert stored.samples == 1
    assert made.tick() is None
    assert len(data_files(root)) == 1


def test_a_file_holds_one_spacecraft_and_day(storage, root):
    names = [name(spacecraft=text) for text in ("A", "B", "25544")]
    times = [START_US - 1, START_US, START_US + DAY_US] * 3
    columns = [each for each in names for _ in range(3)]
    made = writer(storage)
    made.write(batch(0, times, names=columns))
    made.commit()
    assert [str(path.parent.relative_to(root)) for path in data_files(root)] == [
        f"system=spacecraft/spacecraft={craft}/date={date}"
        for craft in ("25544", "A", "B")
        for date in ("2023-12-31", "2024-01-01", "2024-01-02")
    ]
    assert sum(listed_rows(root).values()) == 9


def test_each_topic_is_a_system_of_its_own(storage):
    made = writer(storage)
    made.write(batch(0, [START_US]))
    made.write(batch(0, [START_US], topic="telemetry.cubesat"))
    made.commit()
    assert len(read_rows(storage, system="spacecraft")) == 1
    assert len(read_rows(storage, system="cubesat")) == 1
    assert set(made.positions) == {
        (UNNAMED, TOPIC, 0),
        (UNNAMED, "telemetry.cubesat", 0),
    }


@pytest.mark.parametrize(
    "spacecraft",
    ["a b", "x=1", "..", "100%", "Zürich-1", "衛星", "a:b*?", "%2F", "~", "=" * 128],
)
def test_any_name_can_be_a_folder(storage, root, spacecraft):
    made = writer(storage)
    made.write(batch(0, [START_US], names=[ParameterName(spacecraft, "", "p")]))
    made.commit()
    assert read_rows(storage, spacecraft=spacecraft) == [
        (spacecraft, "", "p", START_US, 0.0)
    ]
    ((listed, *_),) = listed_rows(root)
    assert listed == spacecraft or len(spacecraft) == 128


def test_names_too_long_for_a_folder_stay_apart(storage):
    names = [ParameterName("衛" * 127 + end, "", "p") for end in "ab"]
    made = writer(storage)
    made.write(batch(0, [START_US] * 2, names=names))
    assert commit(made).files == 2
    assert [row[0] for row in read_rows(storage, spacecraft=names[0].spacecraft)] == [
        names[0].spacecraft
    ]


def test_years_beyond_any_clock_are_kept(storage, root):
    times = [-62_135_596_800_000_000, 253_402_300_799_999_999]
    made = writer(storage)
    made.write(batch(0, times))
    made.commit()
    assert [row[3] for row in read_rows(storage)] == times
    dates = [path.parent.name for path in data_files(root)]
    assert dates == ["date=0001-01-01", "date=9999-12-31"]


def test_a_file_says_which_offsets_it_covers(storage, root):
    made = writer(storage)
    made.write(batch(5, [START_US] * 3))
    made.write(batch(8, [START_US] * 2))
    made.write(batch(40, [START_US], partition=3))
    made.commit()
    (path,) = data_files(root)
    notes = notes_of(parquet.read_metadata(path).metadata)
    assert notes.covered == {TOPIC: {0: [(5, 10)], 3: [(40, 41)]}}
    assert (notes.system, notes.spacecraft) == ("spacecraft", "ORBITER")


def test_messages_without_samples_move_the_position(storage, root):
    made = writer(storage)
    empty = batch(0, [START_US] * 4).without(np.ones(4, np.bool_))
    made.write(empty)
    assert commit(made).files == 0
    assert writer(storage).positions[UNNAMED, TOPIC, 0].next_offset == 4
    assert data_files(root) == []


def test_messages_that_come_again_are_dropped_however_they_are_cut(storage):
    first = writer(storage)
    first.write(batch(0, [START_US + n for n in range(10)]))
    first.commit()
    second = writer(storage)
    second.write(batch(3, [START_US + n for n in range(3, 14)]))
    second.write(batch(12, [START_US + n for n in range(12, 15)]))
    second.commit()
    assert second.repeated == 7 + 2
    assert [row[3] - START_US for row in read_rows(storage)] == list(range(15))


def test_messages_that_come_again_are_known_though_their_times_went_back(storage):
    first = writer(storage)
    messages = [
        batch(0, [START_US], received_us=START_US + DAY_US),
        batch(1, [START_US + 1], received_us=START_US),
    ]
    for each in messages:
        first.write(each)
    assert first.repeated == 0
    first.commit()
    assert len(read_rows(storage)) == 2
    second = writer(storage)
    assert second.positions[UNNAMED, TOPIC, 0].newest_message_us == START_US + DAY_US
    for each in messages:
        second.write(each)
    assert second.repeated == 2
    assert second.commit() is None


OLD, NEW = LogId("cluster", "old"), LogId("cluster", "new")


def test_a_topic_that_was_created_again_starts_over(storage):
    first = writer(storage)
    first.write(batch(1000, [START_US] * 10, log=OLD))
    first.commit()
    again = writer(storage)
    # Its messages claim to be older: no timestamp proves that they were seen.
    earlier_us = START_US - DAY_US
    again.write(batch(0, [START_US + 1] * 5, received_us=earlier_us, log=NEW))
    again.commit()
    assert again.repeated == 0
    assert len(read_rows(storage)) == 15
    last = writer(storage)
    assert last.positions[NEW, TOPIC, 0].next_offset == 5
    assert last.positions[OLD, TOPIC, 0].next_offset == 1010
    last.write(batch(0, [START_US + 1] * 5, received_us=earlier_us, log=NEW))
    assert last.repeated == 5


def test_a_topic_that_was_created_again_starts_over_under_another_name_too(storage):
    """As when the partitions are shared out among more processes meanwhile."""
    before = writer(storage, "all")
    before.write(batch(1000, [START_US] * 10, log=OLD))
    before.commit()
    after = writer(storage, "0-3")
    after.write(batch(0, [START_US + 1] * 5, log=NEW))
    after.commit()
    assert read_positions(storage)[NEW, TOPIC, 0].next_offset == 5
    assert writer(storage, "0-1").positions[NEW, TOPIC, 0].next_offset == 5


def test_what_came_from_a_topic_that_is_gone_is_not_stored_as_of_it(storage):
    logs: list[dict[str, LogId]] = []

    def check_logs(asked: Mapping[str, LogId]) -> None:
        logs.append(dict(asked))
        if len(logs) > 1:
            raise TopicReplaced(TOPIC)

    made = writer(storage, check_logs=check_logs)
    made.write(batch(0, [START_US] * 3, log=OLD))
    commit(made)
    made.write(batch(3, [START_US + 1] * 3, log=OLD))
    with pytest.raises(TopicReplaced):
        made.commit()
    assert made.commit() is None
    assert logs == [{TOPIC: OLD}] * 2
    again = writer(storage)
    assert again.positions[OLD, TOPIC, 0].next_offset == 3
    assert len(read_rows(storage)) == 3


def test_two_clusters_in_one_archive_each_go_on_where_they_were(storage):
    here, there = LogId("here", "a"), LogId("there", "b")
    first = writer(storage)
    first.write(batch(0, [START_US] * 10, log=here))
    first.write(batch(0, [START_US] * 3, log=there))
    first.commit()
    second = writer(storage)
    second.write(batch(0, [START_US] * 10, log=here))
    second.write(batch(0, [START_US] * 4, log=there))
    assert second.repeated == 13


def test_what_kafka_wrote_at_offsets_that_it_had_lost_is_new(storage):
    first = writer(storage)
    first.write(batch(0, [START_US] * 10, epoch=3))
    first.commit()
    second = writer(storage)
    second.write(batch(0, [START_US] * 6, epoch=3))
    assert second.repeated == 6
    second.write(batch(6, [START_US + 1] * 2, epoch=4))
    second.commit()
    assert len(read_rows(storage)) == 12
    third = writer(storage)
    third.write(batch(6, [START_US + 1] * 3, epoch=4))
    assert third.repeated == 2


def test_records_of_before_logs_had_names_hold_for_what_is_read_now(storage):
    first = writer(storage)
    first.write(batch(0, [START_US] * 10))
    first.commit()
    second = writer(storage)
    second.write(batch(0, [START_US] * 12, log=NEW))
    second.commit()
    assert second.repeated == 10
    third = writer(storage)
    third.write(batch(0, [START_US] * 12, log=NEW))
    assert third.repeated == 12


def test_an_archive_that_was_copied_without_its_records_goes_on_where_it_ends(
    storage, root, caplog
):
    made = writer(storage)
    made.write(batch(0, [START_US] * 10, log=NEW))
    made.write(batch(5, [START_US] * 2, partition=1, log=NEW))
    made.commit()
    shutil.rmtree(root / "_commits")
    copied = writer(storage)
    ends = {key: at.next_offset for key, at in copied.positions.items()}
    assert ends == {(NEW, TOPIC, 0): 10, (NEW, TOPIC, 1): 7}
    assert ["lacks its records" in r.getMessage() for r in caplog.records] == [True]
    copied.write(batch(8, [START_US + 1] * 4, log=NEW))
    copied.commit()
    assert copied.repeated == 2
    assert len(read_rows(storage)) == 14
    writer(storage)
    assert len(caplog.records) == 1


def test_a_writer_of_another_name_reads_files_that_go_beyond_the_records(storage, root):
    """As where the record of one writer was lost, and that of another was not."""
    both = writer(storage)
    both.write(batch(0, [START_US] * 4, log=NEW))
    both.commit()
    other = writer(storage, "0-3")
    other.write(batch(4, [START_US + 1] * 6, log=NEW))
    other.commit()
    (root / "_commits" / "0-3.json").unlink()
    third = writer(storage, "0-1")
    assert third.positions[NEW, TOPIC, 0].next_offset == 10


def test_a_damaged_record_says_what_to_do_and_that_works(storage, root):
    made = writer(storage)
    made.write(batch(0, [START_US] * 10, log=NEW))
    made.commit()
    record = root / "_commits" / "all.json"
    record.write_bytes(b"")
    with pytest.raises(ArchiveUnavailable, match=r"all\.json is damaged.*remove it"):
        writer(storage)
    record.unlink()
    again = writer(storage)
    again.write(batch(0, [START_US] * 10, log=NEW))
    assert again.repeated == 10


def test_positions_move_past_what_is_no_message_without_a_file(storage, root):
    made = writer(storage)
    made.write(batch(0, [START_US] * 3, log=NEW))
    made.commit()
    files = data_files(root)
    passed = Position(TOPIC, 0, 9, 0, NEW, 0)
    nothing = replace(batch(0, [], log=NEW), passed=[passed])
    made.write(nothing)
    commit(made)
    made.write(nothing)
    assert made.commit() is None
    assert data_files(root) == files
    assert writer(storage).positions[NEW, TOPIC, 0].next_offset == 9


def test_a_source_that_begins_too_late_is_told_of(storage, caplog):
    first = writer(storage)
    first.write(batch(0, [START_US] * 10))
    first.commit()
    with caplog.at_level(logging.WARNING):
        second = writer(storage)
        second.write(batch(12, [START_US]))
        second.write(batch(20, [START_US]))
    assert [record.getMessage() for record in caplog.records] == [
        f"{TOPIC}[0] goes on at offset 12, but is archived up to 10 only"
    ]


def test_writers_with_their_own_partitions_do_not_meet(storage, root):
    left, right = writer(storage, "0-3"), writer(storage, "4-7")
    for turn in range(3):
        left.write(batch(turn, [START_US + turn], partition=1))
        right.write(batch(turn, [START_US + turn], partition=5))
        left.commit()
        right.commit()
    assert len(data_files(root)) == 6
    assert len(read_rows(storage)) == 6
    both = writer(storage, "all")
    assert {key[2]: at.next_offset for key, at in both.positions.items()} == {
        1: 3,
        5: 3,
    }


@pytest.mark.parametrize("names", [("all", "all"), ("all", "0-3")])
def test_of_two_writers_on_one_partition_one_stops(storage, names):
    old, new = (writer(storage, text) for text in names)
    old.write(batch(0, [START_US] * 2))
    new.write(batch(0, [START_US] * 2))
    new.commit()
    with pytest.raises(ArchiveUnavailable, match="ORBITWATCH_PARTITIONS"):
        old.commit()
    assert len(read_rows(storage)) == 2


def test_a_process_that_was_taken_for_dead_cannot_commit(storage, root):
    old = writer(storage)
    old.write(batch(0, [START_US] * 3))
    new = writer(storage)
    with pytest.raises(ArchiveUnavailable, match="ORBITWATCH_PARTITIONS"):
        old.commit()
    new.write(batch(0, [START_US] * 3))
    new.commit()
    assert len(read_rows(storage)) == 3
    writer(storage)
    assert [path for path in names_of_files(root) if path.endswith(".tmp")] == []


def test_what_a_process_commits_while_the_next_begins_is_stored_once(storage, root):
    def times_us(count: int) -> list[int]:
        return [START_US + n for n in range(count)]

    def commit_late() -> None:
        with suppress(ArchiveUnavailable):
            old.commit()

    old = writer(storage)
    old.write(batch(0, times_us(2)))
    old.commit()
    old.write(batch(2, times_us(3)))
    new = writer(storage_in(str(root), BusyFiles(commit_late, once="listed")))
    begin = new.positions[UNNAMED, TOPIC, 0].next_offset
    new.write(batch(begin, times_us(8 - begin)))
    new.commit()
    assert {row[4] for row in read_rows(storage)} == {*range(8)}
    assert len(read_rows(storage)) == 8


def test_after_a_batch_that_cannot_be_taken_nothing_is_committed(storage):
    made = writer(storage)
    made.write(batch(0, [START_US] * 2))
    spoilt = batch(2, [START_US] * 2)
    spoilt.columns.parameters[:] = 7  # there is one name only
    with pytest.raises(IndexError):
        made.write(spoilt)
    assert made.commit() is None
    assert made.write(batch(4, [START_US])) is None
    assert made.commit() is None
    assert writer(storage).positions == {}


def test_leftovers_of_a_killed_writer_are_removed_and_no_others(storage, root):
    for owner in ("all", "0-3"):
        folder = root / "_incoming" / owner
        folder.mkdir(parents=True)
        (folder / "abc-0.tmp").write_bytes(b"half a fi")
    writer(storage, "all")
    assert names_of_files(root) == ["_commits/all.json", "_incoming/0-3/abc-0.tmp"]


def test_a_file_that_is_removed_before_the_commit_is_read_again(storage, root):
    def remove() -> None:
        (file,) = root.glob("_incoming/*/*.tmp")
        file.unlink()

    made = writer(storage_in(str(root), BusyFiles(meanwhile=remove)))
    made.write(batch(0, [START_US] * 3))
    with pytest.raises(ArchiveUnavailable, match="nothing is lost"):
        made.commit()
    again = writer(storage)
    assert again.positions == {}
    again.write(batch(0, [START_US] * 3))
    again.commit()
    assert len(read_rows(storage)) == 3


def test_a_day_that_was_moved_away_is_told_of_once(storage, root, caplog):
    made = writer(storage)
    made.write(batch(0, [START_US, START_US + DAY_US]))
    made.commit()
    shutil.rmtree(data_files(root)[0].parent)
    again = writer(storage)
    (warning,) = caplog.records
    assert "date=2024-01-01/part-" in warning.getMessage()
    assert again.positions[UNNAMED, TOPIC, 0].next_offset == 2
    writer(storage)
    assert len(caplog.records) == 1


def test_a_commit_that_others_have_finished_and_merged_is_not_told_of(
    storage, root, caplog
):
    made = writer(storage)
    made.write(batch(0, [START_US]))
    made.commit()
    (old,) = read_commits(storage).values()
    made.write(batch(1, [START_US]))
    made.commit()
    data_files(root)[0].unlink()
    data_files(root)[0].unlink()
    finish(storage, old)
    assert caplog.records == []


def test_a_folder_that_cannot_be_written_is_one_clear_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ArchiveUnavailable) as error:
        writer(Storage.at(str(tmp_path / "file" / "archive")))
    text = str(error.value)
    assert text.startswith(f"ORBITWATCH_ARCHIVE={tmp_path}/file/archive: ")
    assert "\n" not in text


def test_a_record_of_a_newer_version_is_refused(storage, root):
    (root / "_commits").mkdir(parents=True)
    (root / "_commits" / "all.json").write_text('{"format": 2}')
    with pytest.raises(ArchiveUnavailable, match="newer version"):
        writer(storage)


def test_a_damaged_record_is_named(storage, root):
    (root / "_commits").mkdir(parents=True)
    (root / "_commits" / "all.json").write_text("{")
    with pytest.raises(ArchiveUnavailable, match=r"_commits/all.json is damaged"):
        writer(storage)


def test_many_batches_of_many_names_keep_their_values(storage):
    rng = np.random.default_rng(1)
    names = [name(f"p{n}", f"craft-{n % 3}") for n in range(40)]
    made = writer(storage)
    expected = []
    for number in range(20):
        chosen = [names[n] for n in rng.permutation(40)[:25]]
        times = (START_US + rng.integers(0, 3 * DAY_US, 25)).tolist()
        one = batch(number * 25, times, names=chosen)
        made.write(one)
        expected += [
            (each.spacecraft, each.subsystem, each.parameter, time_us, value)
            for each, time_us, value in zip(
                chosen, times, one.columns.values.tolist(), strict=True
            )
        ]
        if number % 7 == 6:
            made.commit()
    made.commit()
    found = read_rows(storage)
    assert sorted(found) == sorted(expected)
    assert [row[3] for row in found] == sorted(row[3] for row in expected)


def test_the_clock_of_a_roll_starts_with_the_first_batch(storage):
    clock = Clock()
    made = writer(storage, roll=Roll(NEVER.megabytes, seconds=10), clock_s=clock)
    clock.now_s = 50
    assert made.write(batch(0, [START_US])) is None
    clock.now_s = 59
    assert made.write(batch(1, [START_US + SECOND_US])) is None
    clock.now_s = 60
    stored = made.write(batch(2, [START_US]))
    assert stored is not None
    assert stored.samples == 3
