"""Which of the server's errors a flow waits out, by their SQLSTATE."""

import psycopg
import pytest
from psycopg import errors

from connectors.database.connection import connect, is_passing
from tests.connectors.stored import count_samples
from tests.connectors.telemetry import open_sink, poll, scored

PASSES = {
    "08006": "the connection failed",
    "08P01": "a pooler has no connection to give",
    "25006": "a standby has not taken over yet",
    "25P03": "idle_in_transaction_session_timeout",
    "25P04": "transaction_timeout",
    "40001": "the transaction could not be serialized",
    "40P01": "a deadlock",
    "53100": "the disk is full",
    "53200": "out of memory",
    "53300": "too many connections",
    "55P03": "lock_timeout",
    "57014": "cancelled, by somebody or by statement_timeout",
    "57P01": "an administrator shuts it down",
    "57P02": "another process of it crashed",
    "57P03": "it starts, or recovers",
    "57P05": "idle_session_timeout",
    "58030": "the disk cannot be read or written",
    "72000": "the snapshot is too old",
}
STAYS = {
    "22003": "a number is out of range",
    "22P05": "the encoding of the database lacks a character",
    "23514": "a check constraint",
    "42501": "no right to it",
    "42703": "there is no such column",
    "42P01": "there is no such table",
    "XX001": "data are damaged",
}


@pytest.mark.parametrize("state", PASSES, ids=PASSES.values())
def test_it_is_tried_again(state: str):
    assert is_passing(errors.lookup(state)())


@pytest.mark.parametrize("state", STAYS, ids=STAYS.values())
def test_it_is_not_tried_again(state: str):
    assert not is_passing(errors.lookup(state)())


@pytest.mark.parametrize("setting", ["transaction_timeout", "statement_timeout"])
def test_a_server_that_ends_what_takes_long_is_waited_out(
    plain_store: str, setting: str
):
    name = psycopg.conninfo.conninfo_to_dict(plain_store)["dbname"]
    slow = """
        CREATE SEQUENCE attempt;
        CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF nextval('attempt') <= 2 THEN PERFORM pg_sleep(1); END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER slow BEFORE INSERT ON sample
        FOR EACH ROW EXECUTE FUNCTION slow()
    """
    with connect(plain_store, "test") as admin:
        known = "SELECT 1 FROM pg_settings WHERE name = %s"
        if admin.execute(known, (setting,)).fetchone() is None:
            pytest.skip(f"this server knows no {setting}")
        admin.execute(slow)
        alter = psycopg.sql.SQL("ALTER DATABASE {} SET {} = '300ms'")
        parts = map(psycopg.sql.Identifier, (str(name), setting))
        admin.execute(alter.format(*parts))
    with open_sink(plain_store) as sink:
        sink.write(scored(poll(1), [1.0]))
    assert sink.counted("retries") == 2
    with connect(plain_store, "test") as reader:
        assert count_samples(reader) == 1
