"""What only TimescaleDB does: compression, late samples, minutes, retention."""

from collections.abc import Iterator

import pytest

from connectors.database.connection import Connection, connect
from connectors.messages.times import moment
from tests.connectors.stored import count_samples
from tests.connectors.telemetry import SECOND_US, START_US, open_sink, poll, scored

DAY_US = 86_400 * SECOND_US
COMPRESS = "SELECT count(compress_chunk(chunk)) FROM show_chunks('sample') AS chunk"
RUN_JOB = "CALL run_job(%s)"


@pytest.fixture
def admin(timescale_store: str) -> Iterator[Connection]:
    with connect(timescale_store, "test") as connection:
        connection.autocommit = True
        yield connection


def run_policy(admin: Connection, procedure: str) -> None:
    query = "SELECT job_id FROM timescaledb_information.jobs WHERE proc_name = %s"
    found = admin.execute(query, (procedure,)).fetchall()
    assert found
    for job in found:
        admin.execute(RUN_JOB, job)


def minutes(admin: Connection) -> list[tuple[object, ...]]:
    query = "SELECT minute, samples, highest FROM sample_minute ORDER BY minute"
    return admin.execute(query).fetchall()


def test_late_and_repeated_samples_find_their_way_into_compressed_chunks(
    timescale_store: str, admin: Connection
):
    with open_sink(timescale_store) as sink:
        sink.write(scored(poll(1), [1.0] * 5_000))
        sink.write(scored(poll(2), [1.0], first_us=START_US - 30 * DAY_US))
        assert admin.execute(COMPRESS).fetchone() == (2,)
        late = [START_US + n * SECOND_US + 1 for n in range(5_000)]
        sink.write(scored(poll(3), [2.0] * 5_000, times_us=late))
        sink.write(scored(poll(4), [1.0] * 4_000 + [3.0] * 1_001))
    assert count_samples(admin) == 10_002
    assert sink.counted("samples") == 10_002
    assert sink.counted("repeated") == 5_000
    assert sink.counted("contradicted") == 1_000


def test_minutes_are_refreshed_for_late_samples_and_for_replays_of_old_telemetry(
    timescale_store: str, admin: Connection
):
    minute_us = START_US - START_US % (60 * SECOND_US)
    year_1_us = -62_135_596_800_000_000
    with open_sink(timescale_store) as sink:
        sink.write(scored(poll(1), [1.0], first_us=minute_us))
        run_policy(admin, "policy_refresh_continuous_aggregate")
        sink.write(scored(poll(2), [5.0], first_us=minute_us + SECOND_US))
        old_us = minute_us - 4_000 * DAY_US
        sink.write(scored(poll(3), [7.0], first_us=old_us))
        sink.write(scored(poll(4), [8.0], first_us=year_1_us))
    run_policy(admin, "policy_refresh_continuous_aggregate")
    assert minutes(admin) == [
        (moment(year_1_us), 1, 8.0),
        (moment(old_us), 1, 7.0),
        (moment(minute_us), 2, 5.0),
    ]


def test_a_sample_from_the_far_future_does_not_hide_the_minutes_of_today(
    timescale_store: str, admin: Connection
):
    with open_sink(timescale_store) as sink:
        year_9998_us = 253_370_764_800_000_000
        sink.write(scored(poll(1), [1.0], first_us=year_9998_us))
        run_policy(admin, "policy_refresh_continuous_aggregate")
        sink.write(scored(poll(2), [1.0]))
    run_policy(admin, "policy_refresh_continuous_aggregate")
    assert len(minutes(admin)) == 2


def test_old_telemetry_that_was_replayed_today_is_neither_compressed_nor_dropped(
    timescale_store: str, admin: Connection
):
    with open_sink(timescale_store) as sink:
        sink.write(scored(poll(1), [1.0], first_us=START_US - 4_000 * DAY_US))
    for procedure in ("policy_compression", "policy_retention"):
        run_policy(admin, procedure)
    assert count_samples(admin) == 1
    query = """
        SELECT is_compressed FROM timescaledb_information.chunks
        WHERE hypertable_name = 'sample'
    """
    assert admin.execute(query).fetchall() == [(False,)]
