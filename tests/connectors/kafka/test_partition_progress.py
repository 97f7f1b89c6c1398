"""How far partitions are read, learnt from, and kept in snapshots."""

from dataclasses import replace

import pytest

from connectors.kafka.partition_progress import (
    Progress,
    learnt_positions,
    of_topic,
)
from connectors.messages.polls import UNNAMED, LogId, Position

TOPIC, LOG = "telemetry", LogId("cluster", "topic")


def at(offset: int, epoch: int = 0, newest_us: int = 5, log: LogId = LOG) -> Position:
    return Position(TOPIC, 0, offset, newest_us, log, epoch)


def test_a_snapshot_tells_the_log_and_how_far_was_learnt():
    progress = Progress(TOPIC, LOG, {})
    progress.begin(0, 7, None)
    progress.advance({0: (9, 2, 4)})
    assert learnt_positions(progress.snapshot(), TOPIC) == [at(9, 2, 4)]


def test_snapshots_of_the_release_before_are_read():
    old = {"version": 1, "topic": TOPIC, "positions": {0: (9, 4)}}
    assert learnt_positions(old, TOPIC) == [Position(TOPIC, 0, 9, 4, UNNAMED, -1)]


def test_what_is_read_again_stays_learnt_until_all_of_it_came():
    progress = Progress(TOPIC, LOG, {})
    progress.begin(0, 10, at(20, 1))
    assert progress.rereads
    assert progress.was_learnt(0, 19, 1)
    assert not progress.was_learnt(0, 20, 1)
    assert not progress.was_learnt(1, 0, 0)
    progress.advance({0: (15, 1, 0)})
    assert progress.position(0).next_offset == 15
    # A kill now must not have it learnt twice.
    assert learnt_positions(progress.snapshot(), TOPIC) == [at(20, 1)]
    progress.advance({0: (20, 1, 0)})
    assert not progress.rereads
    progress.advance({0: (22, 1, 0)})
    assert learnt_positions(progress.snapshot(), TOPIC) == [at(22, 1, 0)]


def test_after_a_cut_what_has_a_higher_epoch_is_new():
    progress = Progress(TOPIC, LOG, {})
    progress.begin(0, 0, at(20, 1))
    assert progress.was_learnt(0, 11, 1)
    assert not progress.was_learnt(0, 12, 2)
    progress.advance({0: (13, 2, 0)})
    # From there on nothing was learnt before, and that is what is kept.
    assert not progress.rereads
    assert learnt_positions(progress.snapshot(), TOPIC) == [at(13, 2, 0)]


def test_where_epochs_are_not_told_offsets_count_alone():
    progress = Progress(TOPIC, LOG, {})
    progress.begin(0, 0, at(20, -1))
    assert progress.was_learnt(0, 19, 4)
    progress.begin(0, 0, at(20, 4))
    assert progress.was_learnt(0, 19, -1)


def test_a_position_that_names_no_log_is_of_this_one_from_now_on():
    progress = Progress(TOPIC, LOG, {})
    progress.begin(0, 20, at(20, 3, 5, UNNAMED))
    assert learnt_positions(progress.snapshot(), TOPIC) == [at(20, 3)]


def test_epochs_and_times_of_a_partition_do_not_go_back():
    progress = Progress(TOPIC, LOG, {})
    progress.begin(0, 20, at(20, 3, 9))
    assert progress.advance({0: (21, -1, 2)}) == (at(21, 3, 9),)


@pytest.mark.parametrize("turn", [1, -1])
def test_of_several_positions_the_one_of_this_log_counts(turn):
    ours, nameless = at(5), at(90, log=UNNAMED)
    other = at(70, log=LogId("cluster", "before"))
    assert of_topic([ours, nameless, other][::turn], TOPIC, LOG) == {0: ours}
    assert of_topic([nameless, other][::turn], TOPIC, LOG) == {0: nameless}
    assert of_topic([other], TOPIC, LOG) == {0: other}
    assert of_topic([other], "elsewhere", LOG) == {}
    # One that was read off files has no epoch.
    further = at(9, -1)
    assert of_topic([ours, further][::turn], TOPIC, LOG) == {0: further}


def test_partitions_that_another_process_reads_now_are_kept_as_they_were_learnt():
    gone = Position(TOPIC, 2, 5, 0, LogId("cluster", "before"), 0)
    progress = Progress(TOPIC, LOG, {0: at(7), 1: replace(at(8), partition=1), 2: gone})
    progress.begin(0, 7, at(7))
    progress.advance({0: (9, 0, 6)})
    kept = learnt_positions(progress.snapshot(), TOPIC)
    assert {each.partition: each.next_offset for each in kept} == {0: 9, 1: 8}


def test_what_is_begun_anew_is_learnt_no_further_than_that():
    progress = Progress(TOPIC, LOG, {})
    progress.begin(0, 10, at(20, 1))
    progress.begin(0, 12, at(12, 1))
    assert not progress.rereads
    progress.begin(0, 10, at(20, 1))
    progress.begin(0, 0, None)
    assert not progress.was_learnt(0, 5, 1)


def test_what_was_learnt_is_come_to_also_past_the_marks_of_transactions():
    """Nobody tells the epoch of those."""
    progress = Progress(TOPIC, LOG, {})
    progress.begin(0, 10, at(20, 2))
    progress.advance({0: (18, 1, 0)})
    progress.advance({0: (20, -1, 0)})
    assert not progress.rereads
