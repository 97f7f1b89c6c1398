"""A database that would fail a flow some day is refused at once, with what to do."""

from collections.abc import Iterator
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from connectors.database.connection import connect
from connectors.database.migrations import missing
from connectors.errors import DatabaseUnavailable
from connectors.migrate import migrate
from tests.connectors.fit_database import check_database
from tests.connectors.stored import count_samples
from tests.connectors.telemetry import open_sink, poll, scored
from tests.services.postgres import Postgres


@pytest.fixture(params=["LATIN1", "SQL_ASCII"])
def other_encoding(request: pytest.FixtureRequest, own_postgres: Postgres) -> str:
    make = sql.SQL("CREATE DATABASE old ENCODING {} LOCALE 'C' TEMPLATE template0")
    with psycopg.connect(own_postgres.uri, autocommit=True) as admin:
        admin.execute(make.format(sql.Literal(str(request.param))))
    return urlsplit(own_postgres.uri)._replace(path="/old").geturl()


def test_an_encoding_that_lacks_characters_is_refused_with_what_to_do(
    other_encoding: str,
):
    for act in (
        lambda: list(migrate(other_encoding)),
        lambda: check_database(other_encoding),
    ):
        with pytest.raises(DatabaseUnavailable, match=r"encoding of old .*'UTF8'"):
            act()


@pytest.fixture
def login(plain_store: str) -> Iterator[str]:
    """The name of a role that may log in, and nothing else."""
    name = f"flow_{uuid4().hex[:8]}"
    with psycopg.connect(plain_store, autocommit=True) as admin:
        role = sql.Identifier(name)
        admin.execute(sql.SQL("CREATE ROLE {} LOGIN").format(role))
        yield name
        admin.execute(sql.SQL("DROP OWNED BY {}").format(role))
        admin.execute(sql.SQL("DROP ROLE {}").format(role))


def execute(uri: str, statement: str) -> None:
    with psycopg.connect(uri, autocommit=True) as admin:
        admin.execute(statement.encode())


def name_of(uri: str) -> str:
    return urlsplit(uri).path.removeprefix("/")


def test_a_flow_may_make_temporary_tables_where_nobody_else_may(
    plain_store: str, login: str
):
    execute(plain_store, f"GRANT orbitwatch_writer TO {login}")
    execute(plain_store, f"REVOKE TEMP ON DATABASE {name_of(plain_store)} FROM PUBLIC")
    uri = plain_store.replace("postgres@", f"{login}@")
    check_database(uri)
    with open_sink(uri) as sink:
        sink.write(scored(poll(1), [1.0]))
        sink.write(scored(poll(2, offset=30), [1.0, 2.0]))
        assert sink.counted("repeated") == 1
    with connect(plain_store, "test") as reader:
        assert count_samples(reader) == 2


def test_a_user_without_that_right_is_told_how_to_get_it(plain_store: str, login: str):
    name = name_of(plain_store)
    execute(plain_store, f"GRANT orbitwatch_writer TO {login}")
    execute(plain_store, f"REVOKE TEMP ON DATABASE {name} FROM PUBLIC")
    execute(plain_store, f"REVOKE TEMP ON DATABASE {name} FROM orbitwatch_writer")
    uri = plain_store.replace("postgres@", f"{login}@")
    with pytest.raises(DatabaseUnavailable, match=f"GRANT TEMP ON DATABASE {name} TO"):
        check_database(uri)
    # As a restored database has it, too: such rights are in no dump.
    list(migrate(plain_store))
    check_database(uri)


def test_a_user_who_may_not_store_is_told_which_role_may(plain_store: str, login: str):
    uri = plain_store.replace("postgres@", f"{login}@")
    with connect(plain_store, "test") as admin:
        admin.execute(f"GRANT SELECT ON schema_migration TO {login}".encode())
    expected = rf"sample \(INSERT, SELECT, UPDATE\).*GRANT orbitwatch_writer TO {login}"
    with pytest.raises(DatabaseUnavailable, match=expected):
        check_database(uri)
    execute(plain_store, f"GRANT orbitwatch_writer TO {login}")
    check_database(uri)


@pytest.fixture(params=["database", "timescale_database"])
def own_schema(request: pytest.FixtureRequest) -> str:
    """An address whose search path has a schema of one's own, and that alone."""
    uri = str(request.getfixturevalue(request.param))
    execute(uri, "CREATE SCHEMA app")
    if request.param == "timescale_database":
        execute(uri, "CREATE EXTENSION timescaledb")
    return f"{uri}&options=-c%20search_path%3Dapp"


def test_tables_may_be_in_a_schema_of_ones_own_with_rights_for_both_roles(
    own_schema: str,
):
    list(migrate(own_schema))
    assert missing(own_schema) == []
    check_database(own_schema)
    as_writer = own_schema.replace("app", "app%20-c%20role%3Dorbitwatch_writer")
    check_database(as_writer)
    with open_sink(as_writer) as sink:
        sink.write(scored(poll(1), [1.0]))
        sink.write(scored(poll(2, offset=30), [1.0, 2.0]))
    as_reader = own_schema.replace("app", "app%20-c%20role%3Dorbitwatch_reader")
    with connect(as_reader, "test") as reader:
        named = "SELECT count(*) FROM app.sample_named"
        assert reader.execute(named).fetchone() == (2,)
        in_public = "SELECT to_regclass('public.sample')"
        assert reader.execute(in_public).fetchone() == (None,)


def test_a_schema_that_is_not_there_is_told(database: str):
    uri = f"{database}&options=-c%20search_path%3Dnowhere"
    for act in (lambda: list(migrate(uri)), lambda: check_database(uri)):
        with pytest.raises(
            DatabaseUnavailable, match=r"search_path=nowhere .*CREATE S"
        ):
            act()
