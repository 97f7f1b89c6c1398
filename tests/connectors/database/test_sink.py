"""The database sink against PostgreSQL, with and without TimescaleDB."""

import math
import random
from datetime import timedelta

import pytest
from prometheus_client import CollectorRegistry

from connectors.database.connection import Connection, connect
from connectors.database.positions import read_positions
from connectors.database.sink import DatabaseSink
from connectors.errors import DatabaseUnavailable, SchemaOutdated
from connectors.messages.findings import Drift, ExpectedRange
from connectors.messages.polls import Position, ToStore
from connectors.messages.times import moment
from connectors.messages.writes import Findings
from connectors.metrics import FlowMetrics
from connectors.process.flow_process import FlowProcess
from connectors.settings import Settings
from tests.connectors.fit_database import check_database
from tests.connectors.stored import StoredSample, count_samples, samples_of
from tests.connectors.telemetry import (
    MINUTE_US,
    SECOND_US,
    START_US,
    Sink,
    also,
    anomaly,
    in_volts,
    name,
    open_sink,
    poll,
    scored,
    timely,
)

NULL = math.nan


def values_of(reader: Connection, parameter: str = "voltage") -> list[float | None]:
    return [sample.value for sample in samples_of(reader, name(parameter))]


def test_a_poll_is_stored_with_its_position(store: str, reader: Connection):
    with open_sink(store) as sink:
        sink.write(scored(poll(1), [1.5, NULL], scores=[NULL, 0.25]))
    assert samples_of(reader, name()) == [
        StoredSample(moment(START_US), 1.5, None, 0),
        StoredSample(moment(START_US + SECOND_US), None, 0.25, 0),
    ]
    assert read_positions(reader, "spacecraft") == [
        Position("telemetry.spacecraft", 0, 10, START_US + 1)
    ]
    assert sink.counted("samples") == count_samples(reader) == 2
    assert sink.run.metrics.database.latency._sum.get() > 0


def test_nothing_is_stored_of_a_poll_that_is_not_whole(store: str, reader: Connection):
    with open_sink(store) as sink:
        sink.write(scored(poll(1, pieces=2), [1.5]))
    assert count_samples(reader) == 0
    assert read_positions(reader, "spacecraft") == []


def test_a_lost_piece_stops_the_flow_at_the_end_of_the_epoch(
    store: str, reader: Connection
):
    with open_sink(store) as sink:
        sink.write(scored(poll(1), [1.5]), scored(poll(2, pieces=2), [1.5]))
        with pytest.raises(RuntimeError, match="poll 2 has 1 of 2 pieces"):
            sink.partition.snapshot()
    assert count_samples(reader) == 1


def test_pieces_in_any_order_are_stored_like_those_in_order(
    store: str, reader: Connection
):
    parameters = [f"p{number}" for number in range(20)]
    pieces = [
        scored(
            poll(number, len(parameters)),
            [number, number],
            parameter=parameter,
            first_us=START_US + number * 2 * SECOND_US,
        )
        for number in range(1, 11)
        for parameter in parameters
    ]
    random.Random(1).shuffle(pieces)
    with open_sink(store) as sink:
        while pieces:
            sink.write(*[pieces.pop() for _ in range(min(7, len(pieces)))])
        sink.partition.snapshot()
    assert count_samples(reader) == 10 * 20 * 2
    for parameter in parameters:
        assert values_of(reader, parameter) == [n for n in range(1, 11) for _ in "ab"]
    assert [p.next_offset for p in read_positions(reader, "spacecraft")] == [100]


def test_a_repeated_sample_keeps_its_first_value_and_is_counted(
    store: str, reader: Connection
):
    with open_sink(store) as sink:
        sink.write(scored(poll(1), [1.0, 2.0, NULL, NULL, 5.0]))
        sink.write(scored(poll(2), [1.0, 9.0, 9.0, NULL, NULL, 6.0]))
        sink.write(scored(poll(3), [7.0], first_us=START_US + 6 * SECOND_US))
    assert values_of(reader) == [1.0, 2.0, None, None, 5.0, 6.0, 7.0]
    assert sink.counted("samples") == 7
    assert sink.counted("repeated") == 5
    assert sink.counted("contradicted") == 3


NOTE_STATEMENTS = """
    CREATE TABLE noted (at serial, statement text);
    CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO noted (statement) SELECT substring(current_query() from '[A-Z]+');
        RETURN NULL;
    END $$;
    CREATE TRIGGER note AFTER INSERT ON sample
    FOR EACH STATEMENT EXECUTE FUNCTION note()
"""


def test_samples_are_merged_after_one_that_repeats_until_none_does(plain_store: str):
    """To copy them is faster; it fails if one repeats, and is done once more then."""
    with connect(plain_store, "test") as admin:
        admin.execute(NOTE_STATEMENTS)
    with open_sink(plain_store) as sink:
        for number, first in enumerate((0, 0, 1, 2, 3), start=1):
            first_us = START_US + first * SECOND_US
            sink.write(scored(poll(number), [1.0], first_us=first_us))
    with connect(plain_store, "test") as reader:
        noted = reader.execute("SELECT statement FROM noted ORDER BY at").fetchall()
    assert [row[0] for row in noted] == ["COPY", "INSERT", "INSERT", "COPY", "COPY"]


def test_samples_that_somebody_deletes_do_not_come_back_with_the_next(
    plain_store: str,
):
    with (
        open_sink(plain_store) as sink,
        connect(plain_store, "test") as other,
    ):
        for number in range(1, 5):
            with other.transaction():
                other.execute("DELETE FROM sample")
            # One repeats in each, so that they are merged.
            first_us = START_US + number * MINUTE_US
            times_us = [first_us, first_us, first_us + SECOND_US]
            sink.write(scored(poll(number), [1.0, 1.0, 2.0], times_us=times_us))
        assert count_samples(other) == 2
    assert sink.counted("repeated") == 4


def test_of_repeats_within_a_batch_the_earliest_stays(store: str, reader: Connection):
    with open_sink(store) as sink:
        times_us = [START_US + 5, START_US, START_US, START_US + 5, START_US]
        sink.write(scored(poll(1), [5.0, 1.0, 2.0, 5.0, NULL], times_us=times_us))
    assert values_of(reader) == [1.0, 5.0]
    assert sink.counted("samples") == 2
    assert sink.counted("repeated") == 3
    assert sink.counted("contradicted") == 2


def test_ten_thousand_parameters_in_a_poll(store: str, reader: Connection):
    count = 10_000
    with open_sink(store) as sink:
        at = poll(1, pieces=count)
        sink.write(*[scored(at, [n], parameter=f"p{n}") for n in range(count)])
    assert count_samples(reader) == count
    assert values_of(reader, "p4711") == [4711]


def test_a_flood_of_invented_names_is_stored_and_forgotten(
    plain_store: str,
):
    settings = Settings(database=plain_store, most_parameters=10)
    run = FlowProcess(settings, FlowMetrics(CollectorRegistry()))
    with Sink(
        run, DatabaseSink(run, "test", in_volts).build_part("d", "database", None)
    ) as sink:
        for number in range(1, 11):
            names = [f"p{number}-{n}" for n in range(8)]
            pieces = [scored(poll(number, 8), [1.0], parameter=name) for name in names]
            sink.write(*pieces)
        session = sink.partition._writer._session
        assert session is not None
        assert len(session._parameters._known) < 30
    with connect(plain_store, "test") as reader:
        assert count_samples(reader) == 80


def test_a_changed_unit_is_taken_over(store: str, reader: Connection):
    for number, unit in enumerate(("V", "mV"), start=1):
        with open_sink(store, unit=unit) as sink:
            sink.write(scored(poll(number), [1.0], first_us=number))
    query = "SELECT qualified_name, unit, system FROM parameter"
    assert reader.execute(query).fetchall() == [
        ("/ORBITER/power/voltage", "mV", "spacecraft")
    ]


def test_the_highest_revision_of_an_anomaly_stays(store: str, reader: Connection):
    def revisions() -> list[tuple[int, int]]:
        query = "SELECT revision, samples FROM anomaly ORDER BY id"
        return [(row[0], row[1]) for row in reader.execute(query)]

    with open_sink(store) as sink:
        changes = (anomaly(1), anomaly(3), anomaly(2), anomaly(1, number=2))
        sink.write(scored(poll(1), [1.0], anomalies=changes))
        assert revisions() == [(3, 3), (1, 1)]
        again = (anomaly(2), anomaly(3, samples=99))
        sink.write(scored(poll(2), [1.0], anomalies=again))
        assert revisions() == [(3, 3), (1, 1)]
        sink.write(scored(poll(3), [1.0], anomalies=(anomaly(4),)))
        assert revisions() == [(4, 4), (1, 1)]


def test_a_drift_is_stored_once(store: str, reader: Connection):
    drift = Drift("adwin", START_US, 28.0, 30.5, "rose to 30.5")
    with open_sink(store) as sink:
        for number in (1, 2):
            found = Findings(drifts=[(name(), drift)])
            sink.write(also(scored(poll(number), [1.0]), found))
    query = "SELECT qualified_name, detector, mean_before, mean_after, text"
    assert reader.execute(f"{query} FROM drift_event_named").fetchall() == [
        ("/ORBITER/power/voltage", "adwin", 28.0, 30.5, "rose to 30.5")
    ]


def test_what_is_expected_is_stored_once_with_null_for_an_end_that_is_not_known(
    store: str, reader: Connection
):
    told = (
        (name(), ExpectedRange(START_US, 27.0, 29.5)),
        (name(), ExpectedRange(START_US + MINUTE_US, float("nan"), 30.0)),
    )
    with open_sink(store) as sink:
        for number in (1, 2):
            piece = scored(poll(number), [1.0])
            sink.write(also(piece, Findings(expected=told)))
    query = "SELECT qualified_name, since, lower, upper FROM expected_range_named"
    assert reader.execute(f"{query} ORDER BY since").fetchall() == [
        ("/ORBITER/power/voltage", moment(START_US), 27.0, 29.5),
        ("/ORBITER/power/voltage", moment(START_US + MINUTE_US), None, 30.0),
    ]


def test_what_a_timer_brought_about_is_stored_without_a_poll(
    store: str, reader: Connection
):
    with open_sink(store) as sink:
        sink.write(timely(anomaly(1)))
    assert reader.execute("SELECT revision FROM anomaly").fetchall() == [(1,)]
    assert reader.execute("SELECT count(*) FROM sample").fetchone() == (0,)
    assert read_positions(reader, "spacecraft") == []


def test_findings_of_a_parameter_that_has_no_samples_are_stored(
    store: str, reader: Connection
):
    drift = Drift("adwin", START_US, 28.0, 30.5, "rose to 30.5")
    told = ExpectedRange(START_US, 27.0, 29.5)
    with open_sink(store) as sink:
        drifts = Findings(drifts=[(name("drifting"), drift)])
        sink.write(ToStore(None, [drifts]))
        sink.write(ToStore(None, [Findings(expected=[(name("expected"), told)])]))
    found = reader.execute("SELECT qualified_name FROM drift_event_named").fetchall()
    assert found == [("/ORBITER/power/drifting",)]
    found = reader.execute("SELECT qualified_name FROM expected_range_named").fetchall()
    assert found == [("/ORBITER/power/expected",)]


def test_the_minutes_say_the_same_with_and_without_timescale(
    store: str, reader: Connection
):
    with open_sink(store) as sink:
        values = [2.0, 4.0, NULL, 8.0]
        minute_us = START_US - START_US % MINUTE_US
        times_us = [minute_us + 20 * SECOND_US * n for n in range(4)]
        scores = [0.1, NULL, 0.7, 0.2]
        sink.write(scored(poll(1), values, times_us=times_us, scores=scores))
    query = "SELECT * FROM sample_minute ORDER BY minute"
    start = moment(minute_us)
    assert reader.execute(query).fetchall() == [
        (1, start, 3, 2.0, 4.0, 3.0, 4.0, 0.7, 0),
        (1, start + timedelta(minutes=1), 1, 8.0, 8.0, 8.0, 8.0, 0.2, 0),
    ]
    named = "SELECT qualified_name, mean, severity FROM sample_minute_named ORDER BY 2"
    assert reader.execute(named).fetchone() == (
        "/ORBITER/power/voltage",
        3.0,
        "IN_LIMITS",
    )


def test_a_database_that_lacks_migrations_is_refused(database: str):
    with pytest.raises(
        SchemaOutdated, match=r"0001_shared_tables.*connectors\.migrate"
    ):
        check_database(database)


def test_a_database_with_the_schema_is_accepted(store: str):
    check_database(store)


def test_a_transaction_that_fails_is_counted_at_once():
    address = "postgresql://127.0.0.1:1/orbitwatch"
    settings = Settings(database=address, retry_seconds=0)
    run = FlowProcess(settings, FlowMetrics(CollectorRegistry()))
    with pytest.raises(DatabaseUnavailable):
        DatabaseSink(run, "test", in_volts).build_part("database", "database", None)
    assert run.metrics.database.failures._value.get() == 1


def test_samples_of_a_parameter_whose_row_is_deleted_meanwhile_are_seen(
    store: str, reader: Connection
):
    """Also those that were stored just before that was noticed, and what repeats."""
    open_since = anomaly(1, name=name())
    with open_sink(store) as sink:
        sink.write(scored(poll(1), [1.0, 2.0]))
        reader.execute("DELETE FROM parameter")
        later_us = START_US + 5 * SECOND_US
        again = scored(poll(2), [2.0, 3.0], first_us=START_US + SECOND_US)
        sink.write(again)
        reader.execute("DELETE FROM parameter")
        told = scored(poll(3), [9.0], first_us=later_us, anomalies=(open_since,))
        ranged = ExpectedRange(later_us, 0.0, 5.0)
        sink.write(also(told, Findings(expected=[(name(), ranged)])))
    count = "SELECT count(*) FROM {}_named"
    assert values_of(reader) == [1.0, 2.0, 3.0, 9.0]
    for table, rows in (("sample", 4), ("anomaly", 1), ("expected_range", 1)):
        assert reader.execute(count.format(table).encode()).fetchone() == (rows,)
