"""What a restarted flow reads again is recognised, and nothing else is taken for it."""

import psycopg
import pytest

from connectors.database.connection import Connection
from connectors.database.positions import read_positions, stored_positions
from connectors.errors import DatabaseWentBack
from connectors.messages.polls import LogId
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


OLD, NEW = LogId("cluster", "old"), LogId("cluster", "new")


def test_a_topic_that_was_created_again_is_not_taken_for_a_repeat(
    store: str, reader: Connection
):
    with open_sink(store) as sink:
        sink.write(scored(poll(1, offset=1000, log=OLD), [1.0]))
    with open_sink(store) as sink:
        # Its messages are no newer: no timestamp proves that they were seen.
        at = poll(1, offset=5, newest_us=START_US - MINUTE_US, log=NEW)
        sink.write(scored(at, [2.0], first_us=START_US + SECOND_US))
    assert values_of(reader) == [1.0, 2.0]
    assert read_positions(reader, "spacecraft") == list(at.positions)


def test_what_two_clusters_send_is_stored_though_their_offsets_are_alike(
    store: str, reader: Connection
):
    here, there = LogId("here", "topic"), LogId("there", "topic")
    with open_sink(store) as sink:
        sink.write(scored(poll(1, offset=10, log=here), [1.0]))
    with open_sink(store) as sink:
        later_us = START_US + SECOND_US
        sink.write(scored(poll(1, offset=10, log=there), [2.0], first_us=later_us))
    assert values_of(reader) == [1.0, 2.0]
    found = {at.log: at.next_offset for at in read_positions(reader, "spacecraft")}
    assert found == {here: 10, there: 10}


def test_what_kafka_wrote_at_offsets_that_it_had_lost_is_stored(
    store: str, reader: Connection
):
    with open_sink(store) as sink:
        sink.write(scored(poll(1, offset=100, log=OLD, leader_epoch=3), [1.0]))
    with open_sink(store) as sink:
        known = poll(1, offset=60, log=OLD, leader_epoch=3)
        sink.write(scored(known, [8.0], first_us=START_US + MINUTE_US))
        new = poll(2, offset=61, log=OLD, leader_epoch=4)
        sink.write(scored(new, [2.0], first_us=START_US + SECOND_US))
    assert values_of(reader) == [1.0, 2.0]
    assert read_positions(reader, "spacecraft") == list(new.positions)


def test_a_position_that_names_no_log_is_of_the_one_that_is_read_first(
    store: str, reader: Connection
):
    with open_sink(store) as sink:
        sink.write(scored(poll(1, offset=100), [1.0]))
    of_topic = (store, "spacecraft", "telemetry.spacecraft")
    [adopted] = stored_positions(*of_topic, NEW)
    assert (adopted.next_offset, adopted.log) == (100, NEW)
    # The second cluster finds that it is not its own.
    there = LogId("there", "topic")
    assert stored_positions(*of_topic, there) == [adopted]
    assert read_positions(reader, "spacecraft") == [adopted]


def test_a_database_that_lost_what_it_had_stored_stops_the_flow(store: str):
    """As when a standby takes over that lagged."""
    with open_sink(store) as sink:
        sink.write(scored(poll(1, offset=100, log=NEW), [1.0]))
        with psycopg.connect(store, autocommit=True) as operator:
            operator.execute("UPDATE stream_position SET next_offset = 40")
            operator.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        with pytest.raises(
            DatabaseWentBack, match=r"\[0\] was stored up to offset 100"
        ):
            sink.write(scored(poll(2, offset=110, log=NEW), [2.0]))


def test_a_database_that_lost_all_of_a_topic_stops_the_flow_too(store: str):
    with open_sink(store) as sink:
        sink.write(scored(poll(1, offset=100, log=NEW), [1.0]))
        with psycopg.connect(store, autocommit=True) as operator:
            operator.execute("DELETE FROM stream_position")
            operator.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        with pytest.raises(DatabaseWentBack):
            sink.write(scored(poll(2, offset=110, log=NEW), [2.0]))


def test_a_broker_that_tells_no_ids_for_a_while_changes_nothing(
    store: str, reader: Connection
):
    nameless = LogId(NEW.cluster_id)
    with open_sink(store) as sink:
        sink.write(scored(poll(1, offset=100, log=NEW), [1.0]))
        sink.write(scored(poll(2, offset=110, log=nameless), [1.0]))
        sink.write(scored(poll(3, offset=5, log=nameless), [1.0]))
    [position] = read_positions(reader, "spacecraft")
    assert (position.next_offset, position.log) == (110, NEW)


def test_a_database_that_was_away_and_lost_nothing_goes_on(store: str):
    with open_sink(store) as sink:
        sink.write(scored(poll(1, offset=100, log=NEW), [1.0]))
        with psycopg.connect(store, autocommit=True) as operator:
            operator.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        later_us = START_US + SECOND_US
        sink.write(scored(poll(2, offset=110, log=NEW), [2.0], first_us=later_us))
        assert sink.counted("samples") == 2


def test_a_second_process_on_the_same_partitions_is_counted_and_told_of_once(
    store: str, caplog
):
    with open_sink(store) as ours, open_sink(store) as theirs:
        ours.write(scored(poll(1, offset=10, log=NEW), [1.0]))
        theirs.write(scored(poll(1, offset=50, log=NEW), [1.0]))
        assert ours.counted("overtaken") == 0
        for number in (2, 3):
            ours.write(scored(poll(number, log=NEW), [1.0]))
        assert ours.counted("overtaken") == 2
        assert theirs.counted("overtaken") == 0
    told = [record.getMessage() for record in caplog.records]
    assert ["another process" in line for line in told] == [True]


def test_polls_that_end_below_what_was_stored_before_are_nobody_elses(store: str):
    with open_sink(store) as sink:
        sink.write(scored(poll(1, offset=100, log=NEW), [1.0]))
    with open_sink(store) as sink:
        early, new = poll(1, offset=50, log=NEW), poll(1, partition=1, log=NEW)
        both = type(early)(1, 1, early.positions + new.positions, START_US)
        sink.write(scored(both, [1.0, 2.0]))
        assert sink.counted("overtaken") == 0


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
