"""Which log a position is in, and whether one covers another."""

import pytest

from connectors.messages.polls import UNNAMED, UNTOLD_EPOCH, LogId, Position

LOG = LogId("cluster", "topic")


def at(offset: int, epoch: int = 1, log: LogId = LOG) -> Position:
    return Position("telemetry", 0, offset, 0, log, epoch)


@pytest.mark.parametrize(
    ("one", "other", "may_be"),
    [
        (LOG, LOG, True),
        (LOG, LogId("cluster", "made anew"), False),
        (LOG, LogId("another", "topic"), False),
        (LOG, UNNAMED, True),
        (LOG, LogId("cluster"), True),
        (LOG, LogId("another"), False),
        (LOG, LogId("", "made anew"), False),
    ],
)
def test_logs_are_told_apart_by_what_is_known_of_both(one, other, may_be):
    assert one.may_be(other) == may_be
    assert other.may_be(one) == may_be


@pytest.mark.parametrize(
    ("other", "covered"),
    [
        (at(10), True),
        (at(9), True),
        (at(11), False),
        (at(11, epoch=0), True),  # of before the log was cut
        (at(3, epoch=2), False),  # of after that
        (at(10, UNTOLD_EPOCH), True),
        (at(11, UNTOLD_EPOCH), False),
        (at(10, log=LogId("cluster", "made anew")), False),
        (at(10, log=UNNAMED), True),
    ],
)
def test_a_position_covers_what_was_read_before_it_in_its_log(other, covered):
    assert at(10).covers(other) == covered


def test_where_epochs_are_not_told_offsets_count_alone():
    assert at(10, UNTOLD_EPOCH).covers(at(10, 7))
    assert not at(10, UNTOLD_EPOCH).covers(at(11, 0))
