"""Values as large as a double can be are stored, and nothing that reads them fails."""

from pathlib import Path

import pytest
from psycopg.errors import NumericValueOutOfRange

from connectors.database.connection import Connection, connect
from connectors.database.migrations import MIGRATIONS
from connectors.migrate import migrate
from tests.connectors.telemetry import (
    MINUTE_US,
    SECOND_US,
    START_US,
    name,
    open_sink,
    poll,
    scored,
)

FIRST_US = START_US - START_US % MINUTE_US
LARGE = {
    "two whose sum overflows": [1.7e308, 1.7e308],
    "one whose square overflows": [1.0, 1e155],
    "two that cancel out": [-1.7e308, 1.7e308],
    "one alone": [1e300],
    "many just too large": [1e150] * 20,
}
MEANS = """
    SELECT parameter, mean FROM sample_minute_named ORDER BY parameter, minute
"""
REFRESH = "CALL refresh_continuous_aggregate('sample_minute', NULL, NULL)"


@pytest.mark.parametrize("case", LARGE)
def test_a_minute_with_a_value_that_overflows_has_no_mean_and_all_others_do(
    store: str, reader: Connection, case: str
):
    with open_sink(store) as sink:
        sink.write(scored(poll(1), LARGE[case], first_us=FIRST_US))
        later_us = FIRST_US + MINUTE_US
        sink.write(scored(poll(2), [1.0, 2.0, 6.0], first_us=later_us))
        sink.write(scored(poll(3), [4.0, 8.0], first_us=FIRST_US, parameter="w"))
    expected = [("voltage", None), ("voltage", 3.0), ("w", 6.0)]
    assert reader.execute(MEANS).fetchall() == expected
    refresh(reader)
    assert reader.execute(MEANS).fetchall() == expected
    query = (
        "SELECT lowest, highest FROM sample_minute_named"
        " ORDER BY parameter, minute LIMIT 1"
    )
    assert reader.execute(query).fetchone() == (min(LARGE[case]), max(LARGE[case]))


def test_means_of_what_is_large_but_does_not_overflow_are_there(
    store: str, reader: Connection
):
    values = [-9e149, 9e149, 9e149, None]
    times_us = [FIRST_US + n * SECOND_US for n in range(len(values))]
    given = [float("nan") if value is None else value for value in values]
    with open_sink(store) as sink:
        sink.write(scored(poll(1), given, times_us=times_us))
    [(parameter, mean)] = reader.execute(MEANS).fetchall()
    assert (parameter, mean) == (name().parameter, pytest.approx(3e149))


def refresh(connection: Connection) -> None:
    """Stores the minutes, where they are stored."""
    kind = "SELECT pg_get_viewdef('sample_minute'::regclass) ~ '_timescaledb'"
    if connection.execute(kind).fetchone() == (True,):
        connection.execute(REFRESH)


def test_a_database_that_holds_such_values_already_can_be_read_once_it_is_migrated(
    timescale_database: str, tmp_path: Path
):
    for file in MIGRATIONS.glob("*.sql"):
        if file.name < "0021":
            (tmp_path / file.name).symlink_to(file)
    list(migrate(timescale_database, tmp_path))
    with open_sink(timescale_database) as sink:
        sink.write(scored(poll(1), [1.7e308, 1.7e308], first_us=FIRST_US))
    with connect(timescale_database, "test") as connection:
        connection.autocommit = True
        with pytest.raises(NumericValueOutOfRange):
            connection.execute(MEANS)
        list(migrate(timescale_database))
        assert connection.execute(MEANS).fetchall() == [("voltage", None)]
        connection.execute(REFRESH)
