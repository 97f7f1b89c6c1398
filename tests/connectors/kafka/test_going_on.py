"""Where a partition is read on when those who know of it disagree."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.kafka.going_on import (
    Start,
    Why,
    where_to_go_on,
    where_to_start_over,
)
from connectors.kafka.topic_log import Held
from connectors.messages.polls import UNNAMED, UNTOLD_EPOCH, LogId, Position

LOG, OTHER = LogId("cluster", "topic"), LogId("cluster", "made anew")
ELSEWHERE = LogId("another cluster", "topic")
HELD = Held(LOG, 50, 400)


def at(offset: int, epoch: int = 3, log: LogId = LOG) -> Position:
    return Position("telemetry", 0, offset, 0, log, epoch)


def test_what_was_learnt_and_stored_alike_is_simply_gone_on_with():
    assert where_to_go_on(HELD, at(200), at(200)) == Start(200, at(200), 3)


def test_what_was_stored_after_the_last_snapshot_is_learnt_from_there():
    assert where_to_go_on(HELD, at(200), at(230)) == Start(200, at(200), 3)


def test_what_was_read_to_its_end_is_no_cut():
    assert where_to_go_on(HELD, at(400), at(400)) == Start(400, at(400), 3)


def test_what_was_written_after_a_cut_and_dropped_is_lost():
    found = where_to_go_on(HELD, at(300, epoch=3), at(40, epoch=4))
    assert found == Start(50, at(300, epoch=3), why=Why.CUT, lost_from=40)


def test_what_was_never_read_is_read_from_the_oldest_message_on():
    assert where_to_go_on(HELD, None, None) == Start(50)


def test_a_database_from_a_backup_gets_what_it_lacks():
    found = where_to_go_on(HELD, at(200), at(100))
    assert found == Start(100, at(200), 3, Why.STORED_LESS)


def test_a_new_database_gets_all_that_kafka_has():
    found = where_to_go_on(HELD, at(200), None)
    assert found == Start(50, at(200), why=Why.STORED_LESS)


def test_with_an_empty_state_folder_all_is_learnt_anew():
    assert where_to_go_on(HELD, None, at(200)) == Start(50)


@pytest.mark.parametrize("log", [OTHER, ELSEWHERE])
def test_another_log_is_read_from_its_beginning_whatever_the_offsets_say(log):
    begin = Start(50, why=Why.ANOTHER_LOG)
    assert where_to_go_on(HELD, at(200, log=log), at(200, log=log)) == begin
    assert where_to_go_on(HELD, None, at(10, log=log)) == begin


def test_a_backup_of_before_the_topic_was_made_anew_gets_all_of_it():
    found = where_to_go_on(HELD, at(200), at(300, log=OTHER))
    assert found == Start(50, at(200), why=Why.STORED_LESS)


def test_positions_that_name_no_log_hold_for_the_one_there_is():
    old = at(200, UNTOLD_EPOCH, UNNAMED)
    assert where_to_go_on(HELD, old, old) == Start(200, old)


@pytest.mark.parametrize(
    ("learnt", "stored", "lost_from"),
    [
        (at(30), at(30), 30),  # nobody read for too long
        (at(30), at(40), 30),
        (at(200), at(20), 20),  # a backup that is too old
        (None, at(20), 20),
        (at(30), None, 30),
    ],
)
def test_what_kafka_dropped_before_it_was_stored_is_lost(learnt, stored, lost_from):
    found = where_to_go_on(HELD, learnt, stored)
    assert (found.offset, found.lost_from) == (50, lost_from)


@pytest.mark.parametrize(
    ("learnt", "stored"),
    [
        (at(500), at(500)),  # it was cut
        (at(300), at(500)),
        (None, at(401)),
        (at(100, epoch=4), at(200, epoch=3)),  # and went on
    ],
)
def test_a_log_that_was_cut_short_is_read_again_for_what_is_new_in_it(learnt, stored):
    assert where_to_go_on(HELD, learnt, stored) == Start(50, learnt, why=Why.CUT)


def test_a_cut_that_no_epoch_tells_of_is_not_guessed_at():
    found = where_to_go_on(HELD, at(500, UNTOLD_EPOCH), at(500))
    assert found.why is Why.CUT_UNTOLD
    found = where_to_go_on(HELD, None, at(500, UNTOLD_EPOCH))
    assert found.why is Why.CUT_UNTOLD


def test_a_new_leader_is_no_cut():
    found = where_to_go_on(HELD, at(200, epoch=4), at(100, epoch=3))
    assert found == Start(100, at(200, epoch=4), 3, Why.STORED_LESS)


@pytest.mark.parametrize(
    ("read", "start"),
    [
        (at(49), Start(50, at(300), lost_from=49)),  # it was too slow
        (at(50), Start(50, at(300), why=Why.CUT)),
        (at(390), Start(50, at(300), why=Why.CUT)),
    ],
)
def test_what_kafka_does_not_have_any_more_was_dropped_or_cut(read, start):
    assert where_to_start_over(HELD, read, at(300)) == start


def test_what_was_cut_under_a_reader_without_epochs_is_not_guessed_at():
    found = where_to_start_over(HELD, at(60, UNTOLD_EPOCH), at(60, UNTOLD_EPOCH))
    assert found.why is Why.CUT_UNTOLD


POSITIONS = st.none() | st.builds(
    at, st.integers(0, 60), st.integers(-1, 3), st.sampled_from([LOG, OTHER, UNNAMED])
)


@given(st.integers(0, 60), st.integers(0, 60), POSITIONS, POSITIONS)
def test_nothing_that_kafka_holds_and_nobody_stored_is_left_out(
    oldest, count, learnt, stored
):
    held = Held(LOG, oldest, oldest + count)
    start = where_to_go_on(held, learnt, stored)
    assert held.oldest <= start.offset <= held.end
    reached = [
        position.next_offset if position and position.log.may_be(LOG) else None
        for position in (learnt, stored)
    ]
    # What is before the start was stored, and learnt if there is a state.
    if start.offset > held.oldest:
        assert all(offset is not None and offset >= start.offset for offset in reached)
    # Messages that fell out of Kafka are told of, if they were missing anywhere.
    if start.lost_from is not None:
        assert start.lost_from < held.oldest == start.offset
    elif start.why is None:
        assert all(offset is None or offset >= held.oldest for offset in reached)
