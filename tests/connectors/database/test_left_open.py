"""Anomalies that were left open are closed once it is sure that they do not go on."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import pytest

from connectors.database.connection import Connection
from connectors.database.left_open import FORGOTTEN, close
from connectors.database.sink import DatabaseSink
from connectors.errors import DeliveryFailed
from connectors.messages.findings import Anomaly
from connectors.messages.polls import Poll
from connectors.messages.times import moment
from tests.connectors.telemetry import (
    MINUTE_US,
    SECOND_US,
    START_US,
    Sink,
    anomaly,
    in_volts,
    name,
    open_sink,
    poll,
    process,
    scored,
    timely,
)

ROWS = """
    SELECT ended_at, revision, explanation ->> 'text' FROM anomaly ORDER BY id
"""
LATER_US = START_US + MINUTE_US
OPEN = (None, 1, "3.5 V is above 1.5 V")
CLOSED = (moment(START_US + SECOND_US), 2, f"{OPEN[2]} {FORGOTTEN}")


class Told:
    """A sink that keeps what it tells of, if it is not to be refused."""

    def __init__(self, store: str, refusal: Exception | None = None) -> None:
        self._refusal = refusal
        run = process(store)
        self.anomalies: list[Anomaly] = []
        sink = DatabaseSink(run, "spacecraft", in_volts, self._tell)
        self.sink = Sink(run, sink.build_part("database", "database", None))

    def _tell(self, closed: Sequence[Anomaly]) -> None:
        if self._refusal:
            raise self._refusal
        self.anomalies += closed

    def write(self, *pieces) -> None:
        with self.sink:
            self.sink.write(*pieces)


@pytest.fixture
def left(store: str) -> str:
    """A database with an anomaly that goes on at the last of two samples."""
    with open_sink(store) as sink:
        sink.write(scored(poll(1), [1.0, 3.5], anomalies=(anomaly(1),)))
    return store


def test_what_does_not_go_on_when_its_parameter_is_heard_is_closed_once(
    left: str, reader: Connection, caplog
):
    told = Told(left)
    told.write(scored(poll(2), [1.0], first_us=LATER_US))
    assert reader.execute(ROWS).fetchall() == [CLOSED]
    [closed] = told.anomalies
    assert (closed.id, closed.name) == (anomaly(1).id, name())
    change = closed.change
    assert (change.kind, change.revision) == ("closed", 2)
    assert change.started_us == START_US
    assert change.ended_us == START_US + SECOND_US
    why = replace(anomaly(1).change.explanation, text=CLOSED[2])
    assert change.explanation == why
    counted = told.sink.run.metrics.anomalies._told.labels("closed", "WARNING")
    assert counted._value.get() == 1
    assert "/ORBITER/power/voltage: an anomaly was left open" in caplog.text
    again = Told(left)
    again.write(scored(poll(3), [1.0], first_us=LATER_US + SECOND_US))
    assert again.anomalies == []
    assert reader.execute(ROWS).fetchall() == [CLOSED]


def test_what_is_forgotten_ends_with_the_last_sample_that_was_stored(
    left: str, reader: Connection
):
    """A poll may begin with samples that were stored, if it was cut otherwise then."""
    told = Told(left)
    told.write(scored(poll(2, offset=12), [1.0, 3.5, 1.0]))
    assert reader.execute(ROWS).fetchall() == [CLOSED]


def test_what_is_known_of_a_closed_anomaly_need_not_be_all_there_is(
    left: str, reader: Connection
):
    stored = '{"text": "odd", "contributions": {"limits": 1.5, "page_hinkley": null}}'
    reader.execute("UPDATE anomaly SET explanation = %s", (stored,))
    told = Told(left)
    told.write(scored(poll(2), [1.0], first_us=LATER_US))
    [why] = [closed.change.explanation for closed in told.anomalies]
    assert (why.text, why.observed) == (f"odd {FORGOTTEN}", None)
    assert why.contributions == {"limits": 1.5}


def test_what_goes_on_or_is_not_heard_stays_open(left: str, reader: Connection):
    told = Told(left)
    open_since_us = {name(): START_US}
    told.write(
        scored(poll(2), [3.5], first_us=LATER_US, open_since_us=open_since_us),
        scored(poll(3), [1.0], parameter="another", first_us=LATER_US),
    )
    Told(left).write(timely())
    assert told.anomalies == []
    assert reader.execute(ROWS).fetchall() == [OPEN]


def test_an_anomaly_that_begins_after_the_one_left_open_stays(
    left: str, reader: Connection
):
    begun = anomaly(1, number=2, started_us=LATER_US)
    Told(left).write(scored(poll(2), [9.0], first_us=LATER_US, anomalies=(begun,)))
    assert reader.execute(ROWS).fetchall() == [CLOSED, OPEN]


def test_what_ends_just_when_it_is_heard_again_ends_as_it_should(
    left: str, reader: Connection
):
    ended = anomaly(2, kind="closed", ended_us=LATER_US)
    told = Told(left)
    told.write(scored(poll(2), [1.0], first_us=LATER_US, anomalies=(ended,)))
    assert told.anomalies == []
    assert reader.execute(ROWS).fetchall() == [(moment(LATER_US), 2, OPEN[2])]


def test_polls_of_before_a_restart_say_nothing_of_what_is_open_now(
    store: str, reader: Connection
):
    """The anomaly began after the snapshot that the flow goes on from."""

    def at(number: int, first: int, second: int) -> Poll:
        polls = (poll(number, offset=first), poll(number, offset=second, partition=1))
        return replace(polls[0], positions=tuple(one.positions[0] for one in polls))

    begun = (anomaly(1),)
    with open_sink(store) as sink:
        sink.write(scored(at(1, 10, 5), [1.0]))
        sink.write(scored(at(2, 20, 5), [3.5], first_us=LATER_US, anomalies=begun))
    told = Told(store)
    # In the second partition it goes further than what was stored, in the first not.
    told.sink.write(scored(at(1, 10, 7), [1.0]))
    assert reader.execute(ROWS).fetchall() == [OPEN]
    told.write(scored(at(2, 21, 8), [3.5], first_us=LATER_US, anomalies=begun))
    assert reader.execute(ROWS).fetchall() == [OPEN]
    assert told.anomalies == []


def test_what_began_later_than_what_is_heard_is_not_closed_yet(
    left: str, reader: Connection
):
    """With several workers, polls are stored before those that lack pieces."""
    earlier_us = START_US - MINUTE_US
    with open_sink(left) as sink:
        sink.write(scored(poll(2), [1.0, 1.0], first_us=earlier_us))
        assert reader.execute(ROWS).fetchall() == [OPEN]
        sink.write(scored(poll(3), [1.0], first_us=LATER_US))
    assert reader.execute(ROWS).fetchall() == [CLOSED]


def test_a_parameter_is_looked_at_when_it_is_first_heard_and_not_again(
    left: str, reader: Connection
):
    told = Told(left)
    told.sink.write(scored(poll(2), [1.0], first_us=LATER_US))
    assert reader.execute(ROWS).fetchall() == [CLOSED]
    # What somebody else has open from now on is none of what was forgotten.
    reader.execute("UPDATE anomaly SET ended_at = NULL")
    told.write(scored(poll(3), [1.0], first_us=LATER_US + SECOND_US))
    assert reader.execute(ROWS).fetchall() == [(None, *CLOSED[1:])]
    assert len(told.anomalies) == 1


def test_of_what_is_heard_at_once_the_newest_sample_says_what_is_past(
    left: str, reader: Connection
):
    earlier = scored(poll(3), [1.0], first_us=START_US - MINUTE_US)
    with open_sink(left) as sink:
        sink.write(scored(poll(2), [1.0], first_us=LATER_US), earlier)
    assert reader.execute(ROWS).fetchall() == [CLOSED]


@pytest.mark.parametrize(("before_us", "row"), [(1, OPEN), (0, CLOSED)])
def test_what_was_heard_up_to_its_start_and_does_not_begin_is_past(
    left: str, reader: Connection, before_us: int, row: tuple[object, ...]
):
    with open_sink(left) as sink:
        sink.write(scored(poll(2), [1.0], first_us=START_US - before_us))
    assert reader.execute(ROWS).fetchall() == [row]


def test_nothing_is_closed_that_could_not_be_told(left: str, reader: Connection):
    told = Told(left, DeliveryFailed("telemetry.anomalies", "no broker", ""))
    with pytest.raises(DeliveryFailed):
        told.write(scored(poll(2), [1.0], first_us=LATER_US))
    assert reader.execute(ROWS).fetchall() == [OPEN]
    assert reader.execute("SELECT count(*) FROM sample").fetchone() == (2,)
    Told(left).write(scored(poll(2), [1.0], first_us=LATER_US))
    assert reader.execute(ROWS).fetchall() == [CLOSED]


def test_what_is_found_again_with_fewer_revisions_is_closed_when_it_ends(
    store: str, reader: Connection
):
    with open_sink(store) as sink:
        for n in (1, 2, 3):
            at_us = START_US + n * SECOND_US
            begun = (anomaly(n),)
            sink.write(scored(poll(n), [3.5], first_us=at_us, anomalies=begun))
    last_us = START_US + 4 * SECOND_US
    open_us = {name(): START_US}
    ended = anomaly(2, kind="closed", ended_us=last_us)
    told = Told(store)
    goes_on = scored(poll(4), [3.5], first_us=last_us, open_since_us=open_us)
    told.sink.write(goes_on)
    assert reader.execute(ROWS).fetchall() == [(None, 3, OPEN[2])]
    told.write(scored(poll(5), [1.0], first_us=LATER_US, anomalies=(ended,)))
    [closed] = told.anomalies
    assert (closed.change.revision, closed.change.ended_us) == (4, last_us)
    assert reader.execute(ROWS).fetchall() == [(moment(last_us), 4, CLOSED[2])]


def silence(started_us: int) -> Anomaly:
    why = replace(anomaly(1).change.explanation, detector="staleness")
    return anomaly(1, started_us=started_us, explanation=why)


def test_a_forgotten_silence_is_closed_by_samples_of_long_ago(
    store: str, reader: Connection
):
    """It is told of by the clock; their times may be those of a recording."""
    now_us = START_US + 3 * 365 * 24 * 60 * MINUTE_US
    with open_sink(store) as sink:
        sink.write(scored(poll(1), [1.0]))
        sink.write(timely(silence(now_us)))
    told = Told(store)
    told.write(scored(poll(2), [1.0], first_us=LATER_US))
    [closed] = told.anomalies
    assert (closed.change.started_us, closed.change.ended_us) == (now_us, now_us)
    assert reader.execute(ROWS).fetchall()[0][0] == moment(now_us)


def test_a_silence_that_begins_after_the_first_samples_stays_open(
    store: str, reader: Connection
):
    with open_sink(store) as sink:
        sink.write(scored(poll(1), [1.0]), timely(silence(START_US)))
        assert reader.execute(ROWS).fetchall() == [OPEN]


@pytest.mark.usefixtures("left")
def test_what_somebody_else_has_closed_meanwhile_stays_as_it_is(reader: Connection):
    ids = [UUID(anomaly(1).id)]
    [closed] = close(reader, ids, "By hand.")
    assert closed.change.kind == "closed"
    before = reader.execute(ROWS).fetchall()
    assert close(reader, ids, "Once more.") == []
    assert reader.execute(ROWS).fetchall() == before


def test_what_was_closed_by_hand_is_open_again_when_it_gets_worse(
    left: str, reader: Connection
):
    with open_sink(left) as sink:
        sink.write(scored(poll(2), [3.5], first_us=LATER_US, anomalies=(anomaly(1),)))
        with reader.transaction():
            close(reader, [UUID(anomaly(1).id)], "By hand.")
        again = scored(poll(3), [3.5], first_us=LATER_US, anomalies=(anomaly(1),))
        sink.write(again)
        closed = (moment(LATER_US), 2, f"{OPEN[2]} By hand.")
        assert reader.execute(ROWS).fetchall() == [closed]
        worse = (anomaly(2, peak_score=6.0),)
        sink.write(scored(poll(4), [9.5], first_us=LATER_US, anomalies=worse))
    assert reader.execute(ROWS).fetchall() == [(None, 2, OPEN[2])]
