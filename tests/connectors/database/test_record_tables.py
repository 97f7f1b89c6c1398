"""Rows of single systems' tables are stored once, or in their latest revision."""

from dataclasses import replace

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import tuple_row

from connectors.messages.writes import Records
from tests.connectors.telemetry import also, open_sink, poll, scored

TABLES = """
    CREATE TABLE fix (craft text, at int, height float8, PRIMARY KEY (craft, at));
    CREATE TABLE visit (
        craft text, at int, revision int, state text, PRIMARY KEY (craft, at)
    );
"""
FIXES = Records("fix", ("craft", "at"), ("craft", "at", "height"), ())
VISITS = Records("visit", ("craft", "at"), ("craft", "at", "revision", "state"), ())


@pytest.fixture
def store(plain_store: str) -> str:
    with psycopg.connect(plain_store) as connection:
        connection.execute(TABLES)
    return plain_store


def write(store: str, *records: Records) -> None:
    """Each in a poll of its own, but in one batch."""
    with open_sink(store) as sink:
        sink.write(
            *(
                also(scored(poll(n), [1.0], first_us=n * 10**6), each)
                for n, each in enumerate(records, start=1)
            )
        )


def rows(store: str, table: str) -> list[tuple[object, ...]]:
    with psycopg.connect(store, row_factory=tuple_row) as connection:
        query = sql.SQL("SELECT * FROM {} ORDER BY 1, 2").format(sql.Identifier(table))
        return connection.execute(query).fetchall()


def fixes(*given: tuple[object, ...]) -> Records:
    return replace(FIXES, rows=given)


def visits(*given: tuple[object, ...]) -> Records:
    return replace(VISITS, rows=given)


def test_records_of_several_pieces_and_tables_come_in_one_transaction(store: str):
    write(
        store, fixes(("A", 1, 1.5)), visits(("A", 1, 1, "SEEN")), fixes(("B", 1, None))
    )
    assert rows(store, "fix") == [("A", 1, 1.5), ("B", 1, None)]
    assert rows(store, "visit") == [("A", 1, 1, "SEEN")]


def test_the_first_row_of_a_key_stays(store: str):
    write(store, fixes(("A", 1, 1.5), ("A", 1, 2.5)))
    with open_sink(store) as sink:
        late = also(scored(poll(9), [1.0], first_us=10**8), fixes(("A", 1, 3.5)))
        sink.write(late)
    assert rows(store, "fix") == [("A", 1, 1.5)]


def test_the_highest_revision_of_a_key_stays(store: str):
    write(
        store,
        visits(("A", 1, 1, "EXPECTED"), ("A", 1, 3, "OVER"), ("A", 1, 2, "IN VIEW")),
        visits(("B", 1, 1, "EXPECTED")),
    )
    assert rows(store, "visit") == [("A", 1, 3, "OVER"), ("B", 1, 1, "EXPECTED")]


def test_the_first_row_of_a_revision_stays(store: str):
    for number, state in enumerate(("SEEN", "GONE", "LOST"), start=1):
        with open_sink(store) as sink:
            piece = scored(poll(number), [1.0], first_us=number * 10**6)
            sink.write(also(piece, visits(("A", 1, 2, state))))
    assert rows(store, "visit") == [("A", 1, 2, "SEEN")]


def test_rows_that_somebody_deletes_do_not_come_back_with_the_next(store: str):
    with open_sink(store) as sink:
        for number in (1, 2, 3):
            with psycopg.connect(store) as other:
                other.execute("DELETE FROM fix")
            piece = scored(poll(number), [1.0], first_us=number * 10**6)
            sink.write(also(piece, fixes(("A", number, 1.5))))
    assert rows(store, "fix") == [("A", 3, 1.5)]
