"""The ids of parameters are asked for once, and remembered with what was committed."""

from connectors.database.connection import connect
from connectors.database.parameter_ids import ParameterIds
from tests.connectors.telemetry import name

NAMES = [name("voltage"), name("current")]


def ids() -> ParameterIds:
    return ParameterIds("spacecraft", lambda of: f"unit of {of.parameter}", most=100)


def test_what_was_committed_is_not_asked_for_again(store: str):
    known = ids()
    with connect(store, "test") as connection:
        found = known.look_up(connection, NAMES)
        assert known.new == {*NAMES}
        known.keep()
    # The connection is closed: nothing can be asked.
    assert known.look_up(connection, NAMES) == found
    assert known.new == set()


def test_what_was_rolled_back_is_asked_for_again(store: str):
    known = ids()
    with connect(store, "test") as connection:
        known.look_up(connection, NAMES)
        connection.rollback()
        known.look_up(connection, NAMES[:1])
        assert known.new == {NAMES[0]}


def test_the_unit_is_told_by_whoever_knows_it(store: str):
    with connect(store, "test") as connection:
        ids().look_up(connection, NAMES)
        rows = connection.execute("SELECT name, unit FROM parameter ORDER BY name")
        assert rows.fetchall() == [
            ("current", "unit of current"),
            ("voltage", "unit of voltage"),
        ]
