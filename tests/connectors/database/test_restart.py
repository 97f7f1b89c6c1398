"""What a restarted flow reads again is recognised, and nothing else is taken for it."""

import pytest

from connectors.database.connection import Connection
from connectors.database.positions import read_positions
from tests.connectors.stored import samples_of
from tests.connectors.telemetry import (
    MINUTE_US,
    SECOND_US,
    START_US,
    name,
    open_sink,
    poll,
    scored,
)


def values_of(reader: Connection) -> list[float | None]:
    return [sample.value for sample in samples_of(reader, name())]


def test_after_a_restart_polls_stored_before_are_dropped(
    store: str, reader: Connection
):
    with open_sink(store) as sink:
        sink.write(scored(poll(1), [1.0]), scored(poll(2), [2.0], first_us=0))
    with open_sink(store) as sink:
        # Other samples, to tell dropped from merged.
        sink.write(scored(poll(1), [9.0], first_us=1), scored(poll(2), [9.0]))
        sink.write(scored(poll(3), [3.0], first_us=2))
    assert values_of(reader) == [2.0, 3.0, 1.0]
    assert sink.counted("samples") == 1
    assert sink.counted("repeated") == 0


def test_a_poll_cut_in_another_place_after_a_restart_is_merged(
    store: str, reader: Connection
):
    with open_sink(store) as sink:
        sink.write(scored(poll(1, offset=10), [1.0, 2.0]))
    with open_sink(store) as sink:
        sink.write(scored(poll(1, offset=12), [1.0, 2.0, 3.0]))
    assert values_of(reader) == [1.0, 2.0, 3.0]
    assert sink.counted("repeated") == 2


def test_a_topic_that_was_created_again_is_not_taken_for_a_repeat(
    store: str, reader: Connection
):
    with open_sink(store) as sink:
        sink.write(scored(poll(1, offset=1000), [1.0]))
    newest_us = START_US + MINUTE_US
    with open_sink(store) as sink:
        at = poll(1, offset=5, newest_us=newest_us)
        sink.write(scored(at, [2.0], first_us=START_US + SECOND_US))
    assert values_of(reader) == [1.0, 2.0]
    assert read_positions(reader, "spacecraft") == list(at.positions)


def test_a_position_does_not_go_back_when_another_partition_goes_on(
    store: str, reader: Connection
):
    with open_sink(store) as sink:
        sink.write(scored(poll(1, offset=100), [1.0]))
    with open_sink(store) as sink:
        early, new = poll(1, offset=50), poll(1, offset=7, partition=1)
        both = type(early)(1, 1, early.positions + new.positions, START_US)
        sink.write(scored(both, [1.0, 2.0]))
    offsets = [p.next_offset for p in read_positions(reader, "spacecraft")]
    assert offsets == [100, 7]


def test_the_newest_time_of_a_partition_does_not_go_back_when_its_offset_goes_on(
    store: str, reader: Connection
):
    newest_us = START_US + MINUTE_US
    with open_sink(store) as sink:
        sink.write(scored(poll(1, newest_us=newest_us), [1.0]))
        later_us = START_US + SECOND_US
        sink.write(scored(poll(2, newest_us=START_US), [2.0], first_us=later_us))
    [position] = read_positions(reader, "spacecraft")
    assert (position.next_offset, position.newest_message_us) == (20, newest_us)


@pytest.mark.parametrize("newest_us", [-(2**63), -1, 2**63 - 1])
def test_absurd_message_times_do_no_harm(
    store: str, reader: Connection, newest_us: int
):
    for value in (1.0, 2.0):
        with open_sink(store) as sink:
            sink.write(scored(poll(1, newest_us=newest_us), [value]))
    assert values_of(reader) == [1.0]
