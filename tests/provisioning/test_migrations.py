"""The files of migrations: their numbers, whose they are, and that they stay."""

import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from connectors import topics
from connectors.database.migrations import Applied, Migration, read_migrations
from dataflows.vehicles import launcher, satellite
from dataflows.vehicles.followed import Table

SHARED = "shared"
SYSTEMS = [topic.name.removeprefix("telemetry.") for topic in topics.TELEMETRY]
NAME = re.compile(rf"\d{{4}}_({'|'.join([SHARED, *SYSTEMS])})_[a-z][a-z0-9_]*\.sql")
MIGRATIONS = read_migrations()
# What every flow with detectors stores in, whatever the system.
TABLES_OF_ALL = {
    *("severity", "parameter", "sample", "sample_minute", "anomaly", "drift_event"),
    *("expected_range", "parameter_limit", "stream_position"),
}
# As databases recorded the first ones, whose names were without a system then.
RECORDED = Path(__file__).with_name("recorded_migrations.txt")


def owner(migration: Migration) -> str:
    found = NAME.fullmatch(migration.name)
    return found[1] if found else ""


def code(migration: Migration) -> str:
    """The SQL without comments, and without texts, in which a table is just a word."""
    return re.sub(
        r"--.*|'[^']*'",
        lambda found: found[0] if re.fullmatch(r"'\w+'", found[0]) else "",
        migration.sql.decode(),
    )


def created(migration: Migration) -> set[str]:
    """The tables and views that a migration makes."""
    make = r"^CREATE (?:TABLE|VIEW|MATERIALIZED VIEW) (\w+)"
    return set(re.findall(make, code(migration), re.MULTILINE))


# A view that is made again may be another migration's.
OWNERS = {name: owner(each) for each in reversed(MIGRATIONS) for name in created(each)}


def systems_named(sql: str) -> set[str]:
    """Whose tables and views are mentioned."""
    return {OWNERS[word] for word in re.findall(r"\w+", sql) if word in OWNERS}


@pytest.mark.parametrize("migration", MIGRATIONS, ids=lambda each: each.name)
def test_a_migration_is_called_by_number_system_and_what_it_is_about(migration):
    assert NAME.fullmatch(migration.name), (
        f"NNNN_<{SHARED} or a system>_<what>.sql; systems are {', '.join(SYSTEMS)}"
    )


def test_migrations_are_numbered_without_a_gap():
    numbers = [migration.number for migration in MIGRATIONS]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("migration", MIGRATIONS, ids=lambda each: each.name)
def test_a_migration_about_the_tables_of_one_system_carries_its_stem(migration):
    named = systems_named(code(migration))
    # What names no table (roles) is everybody's.
    assert owner(migration) == (named.pop() if len(named) == 1 else SHARED)


def test_a_file_of_other_tables_is_noticed():
    assert systems_named("ALTER TABLE orbit_state ADD x int") == {"iss_tracking"}
    assert systems_named("SELECT FROM sample, launch_state") == {
        SHARED,
        "rocket_launch",
    }


def test_a_table_of_one_system_is_made_by_no_shared_migration():
    shared = {name.removesuffix("_named") for name in OWNERS if OWNERS[name] == SHARED}
    assert shared == TABLES_OF_ALL


def tables_of(module: ModuleType) -> Iterator[str]:
    return (each.name for each in vars(module).values() if isinstance(each, Table))


@pytest.mark.parametrize(
    ("module", "system"), [(launcher, "rocket_launch"), (satellite, "iss_tracking")]
)
def test_what_the_flow_of_a_system_stores_is_made_by_its_migrations(module, system):
    tables = list(tables_of(module))
    assert len(tables) > 3
    assert {OWNERS[name] for name in tables} == {system}


def test_what_databases_have_recorded_is_still_what_the_files_do():
    rows = [line.split() for line in RECORDED.read_text().splitlines()]
    recorded = {int(name[:4]): Applied(name, checksum) for checksum, name in rows}
    assert len(recorded) == 19
    changed = [
        each.name
        for each in MIGRATIONS
        if each.number in recorded and not recorded[each.number].is_of(each)
    ]
    assert changed == [], "restore the file, and put the change into a new migration"
