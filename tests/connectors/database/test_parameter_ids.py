"""What is known of names counts once it is committed, and is not kept without end."""

from collections.abc import Iterator
from itertools import count

import pytest

from connectors.database.connection import Connection, connect
from connectors.database.parameter_ids import LOOK_S, ParameterIds
from tests.connectors.telemetry import name


@pytest.fixture
def connection(plain_store: str) -> Iterator[Connection]:
    with connect(plain_store, "test") as made:
        yield made


def look_up(ids: ParameterIds, connection: Connection, *parameters: str) -> list[int]:
    names = [name(parameter) for parameter in parameters]
    return ids.look_up(connection, names)


def known(most: int = 100, look_s: float = LOOK_S) -> ParameterIds:
    """They look for deleted rows each time, unless less time passes between."""
    clock_s = count(0.0, look_s).__next__
    return ParameterIds(
        "spacecraft", lambda of: f"unit of {of.parameter}", most, clock_s
    )


def committed(
    ids: ParameterIds, connection: Connection, *parameters: str
) -> tuple[list[int], set[str]]:
    """The ids of the parameters, and which of them the database was asked for."""
    found = look_up(ids, connection, *parameters)
    asked = {each.parameter for each in ids.new}
    connection.commit()
    ids.keep()
    assert not ids.new
    return found, asked


def test_the_database_is_asked_once_for_a_name(connection: Connection):
    ids = known()
    found, asked = committed(ids, connection, "a", "b")
    assert asked == {"a", "b"}
    again, asked = committed(ids, connection, "c", "b", "a")
    assert asked == {"c"}
    assert again[1:] == found[::-1]
    assert [ids.id_of(name(parameter)) for parameter in "cba"] == again


def test_what_a_transaction_added_that_was_rolled_back_is_not_known(
    connection: Connection,
):
    ids = known()
    committed(ids, connection, "a")
    look_up(ids, connection, "b")
    connection.rollback()
    # The next transaction may be of others, and then counts for these alone.
    assert committed(ids, connection, "a")[1] == set()
    found, asked = committed(ids, connection, "b")
    assert asked == {"b"}
    query = "SELECT id FROM parameter WHERE name = 'b'"
    assert connection.execute(query).fetchall() == [(found[0],)]


def test_when_more_names_are_known_than_can_be_meant_they_are_asked_for_again(
    connection: Connection,
):
    ids = known(2)
    found, _ = committed(ids, connection, "a", "b")
    assert committed(ids, connection, "c")[1] == {"c"}
    assert committed(ids, connection, "a", "b", "c")[1] == set()
    # Now that three are known, they are forgotten with the next commit.
    assert committed(ids, connection, "a", "b") == (found, {"a", "b"})


def test_the_unit_is_told_by_whoever_knows_it(connection: Connection):
    committed(known(), connection, "a", "b")
    rows = connection.execute("SELECT name, unit FROM parameter ORDER BY name")
    assert rows.fetchall() == [("a", "unit of a"), ("b", "unit of b")]


def delete(connection: Connection, *parameters: str) -> None:
    query = "DELETE FROM parameter WHERE name = ANY(%s)"
    connection.execute(query, ([*parameters],))
    connection.commit()


def test_rows_deleted_under_it_are_made_again_with_their_ids(
    connection: Connection, caplog: pytest.LogCaptureFixture
):
    ids = known()
    found, _ = committed(ids, connection, "a", "b", "c")
    delete(connection, "a", "c")
    again, asked = committed(ids, connection, "a", "b", "c")
    assert again == found
    assert asked == {"a", "c"}
    rows = connection.execute("SELECT id, name, unit, system FROM parameter ORDER BY 1")
    assert rows.fetchall() == [
        (number, name, f"unit of {name}", "spacecraft")
        for number, name in zip(found, "abc", strict=True)
    ]
    [line] = caplog.messages
    assert "deleted" in line
    assert committed(ids, connection, "a")[1] == set()


def test_a_deleted_row_that_somebody_made_first_is_taken_as_it_is(
    connection: Connection,
):
    ids, others = known(), known()
    [before], _ = committed(ids, connection, "a")
    delete(connection, "a")
    [theirs], _ = committed(others, connection, "a")
    assert theirs != before
    assert committed(ids, connection, "a")[0] == [theirs]


def test_new_parameters_get_ids_of_their_own_after_rows_were_made_again(
    connection: Connection,
):
    ids = known()
    found, _ = committed(ids, connection, "a", "b")
    delete(connection, "a", "b")
    again, _ = committed(ids, connection, "c", "b", "a")
    assert again[1:] == found[::-1]
    assert again[0] not in found


def test_what_restores_a_row_and_is_rolled_back_does_so_again(connection: Connection):
    ids = known()
    found, _ = committed(ids, connection, "a")
    delete(connection, "a")
    look_up(ids, connection, "a")
    connection.rollback()
    assert committed(ids, connection, "a")[0] == found
    assert connection.execute("SELECT count(*) FROM parameter").fetchone() == (1,)


def test_a_truncated_table_is_filled_again(connection: Connection):
    ids = known()
    found, _ = committed(ids, connection, "a", "b")
    connection.execute("TRUNCATE parameter CASCADE")
    connection.commit()
    assert committed(ids, connection, "a", "b")[0] == found


def test_deleted_rows_are_looked_for_now_and_then(connection: Connection):
    """Of all parameters that samples came of since, also while others come."""
    ids = known(look_s=LOOK_S / 10)
    [a, b], _ = committed(ids, connection, "a", "b")
    delete(connection, "a", "b")
    rows = "SELECT id, name FROM parameter ORDER BY name"
    assert committed(ids, connection, "a")[0] == [a]
    assert connection.execute(rows).fetchall() == []
    for _ in range(10):
        committed(ids, connection, "c")
    assert connection.execute(rows).fetchall()[0] == (a, "a")
    # Nobody misses b before a sample of it comes.
    for _ in range(10):
        [again], _ = committed(ids, connection, "b")
        assert again == b
    assert connection.execute(rows).fetchall()[:2] == [(a, "a"), (b, "b")]


def test_who_doubts_that_rows_are_there_has_them_looked_for(connection: Connection):
    ids = known(look_s=0.0)
    found, _ = committed(ids, connection, "a")
    committed(ids, connection, "a")
    delete(connection, "a")
    assert committed(ids, connection, "a")[1] == set()
    ids.doubt()
    assert committed(ids, connection, "a") == (found, {"a"})
