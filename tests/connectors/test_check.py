"""What flows need is looked at in seconds, and what is wrong comes with what to do."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from connectors import check
from connectors.errors import ClockOff, KafkaUnavailable, NoCompileCache
from connectors.prerequisites import Prerequisite
from connectors.settings import Settings
from connectors.topics import create_missing
from tests.services.ports import free_port
from tests.services.waiting import HANG_S

ROOT = Path(check.__file__).parents[1]


@dataclass(frozen=True)
class Said:
    code: int
    lines: dict[str, tuple[str, str]]

    def __getitem__(self, name: str) -> tuple[str, str]:
        """How something is, and what is said of it."""
        return self.lines[name]


Check = Callable[..., Said]


@pytest.fixture
def checked(kafka: str, plain_store: str) -> Check:
    """Runs the command where all is well but for what is given."""
    create_missing(Settings(kafka=kafka))

    def run(*arguments: str, **settings: str) -> Said:
        given = {
            "ORBITWATCH_KAFKA": kafka,
            "ORBITWATCH_DATABASE": plain_store,
            "ORBITWATCH_METRICS_PORT": str(free_port()),
            "ORBITWATCH_HEALTH_PORT": str(free_port()),
            **settings,
        }
        done = subprocess.run(
            [sys.executable, "-m", "connectors.check", *arguments],
            env={**os.environ, **given},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=HANG_S,
        )
        assert done.stderr == ""
        lines = {}
        for line in done.stdout.splitlines():
            how, rest = line.split(maxsplit=1)
            name, _, text = rest.partition(": ")
            lines[name] = how, text
        return Said(done.returncode, lines)

    return run


def test_all_is_well_in_a_line_each(checked: Check, tmp_path: Path):
    state = tmp_path / "state"
    state.mkdir()
    make = [sys.executable, "-m", "bytewax.recovery", str(state), "1"]
    subprocess.run(make, check=True)
    said = checked("-r", str(state))
    assert said.code == 0, said
    assert list(said.lines) == [
        "settings",
        "ports",
        "state folder",
        "Kafka",
        "database",
        "migrations",
        "rights",
        "clock",
        "compile cache",
    ]
    assert {how for how, _ in said.lines.values()} == {"ok"}
    assert "telemetry.spacecraft (8 of 8 partitions)" in said["Kafka"][1]
    assert said["database"][1].startswith("PostgreSQL ")


def test_what_is_behind_something_wrong_is_skipped_and_the_rest_is_told(checked: Check):
    said = checked(ORBITWATCH_DATABASE="postgresql://flow:hush@127.0.0.1:1/x")
    assert said.code == 1
    how, text = said["database"]
    assert how == "WRONG"
    assert text.startswith("ORBITWATCH_DATABASE=")
    assert "hush" not in text
    for name in ("migrations", "rights", "clock"):
        assert said[name][0] == "-"
    assert said["Kafka"][0] == said["compile cache"][0] == "ok"


def test_a_database_without_the_schema_is_told_with_the_command(
    checked: Check, plain_store: str
):
    with psycopg.connect(plain_store) as admin:
        admin.execute("DELETE FROM schema_migration WHERE name LIKE '0014%'")
    said = checked()
    assert said.code == 1
    assert said["database"][0] == "ok"
    assert said["migrations"][0] == "WRONG"
    assert "python -m connectors.migrate" in said["migrations"][1]


def test_a_broker_that_is_not_there_and_a_taken_port_are_told_together(checked: Check):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        said = checked(ORBITWATCH_KAFKA="127.0.0.1:1", ORBITWATCH_HEALTH_PORT=port)
    assert said.code == 1
    assert said["Kafka"][0] == said["ports"][0] == "WRONG"
    assert "ORBITWATCH_HEALTH_PORT: cannot listen on port" in said["ports"][1]


def test_a_partition_that_a_topic_lacks_is_told(checked: Check):
    said = checked("spacecraft", ORBITWATCH_PARTITIONS="6-9")
    assert "ORBITWATCH_PARTITIONS: telemetry.spacecraft has" in said["Kafka"][1]


@pytest.mark.parametrize(
    ("make", "advice"),
    [
        (str, "there is no folder"),
        (lambda folder: folder.mkdir(), "python -m bytewax.recovery FOLDER 1"),
        (lambda folder: folder.write_text(""), "there is no folder"),
    ],
)
def test_a_state_folder_that_is_not_ready_is_told(
    checked: Check, tmp_path: Path, make: Callable[[Path], object], advice: str
):
    make(tmp_path / "state")
    said = checked("-r", str(tmp_path / "state"))
    assert said.code == 1
    assert said["state folder"][0] == "WRONG"
    assert advice in said["state folder"][1]


def test_the_archive_needs_a_place_to_write_and_no_database(
    checked: Check, tmp_path: Path
):
    place = tmp_path / "archive"
    said = checked("archive", ORBITWATCH_ARCHIVE=str(place))
    assert said.code == 0
    assert "database" not in said.lines
    assert [*place.rglob("check-*")] == []
    no_folder = tmp_path / "file"
    no_folder.touch()
    said = checked("archive", ORBITWATCH_ARCHIVE=str(no_folder / "archive"))
    assert said.code == 1
    assert said["archive"][0] == "WRONG"


@pytest.mark.parametrize(
    ("arguments", "settings", "problem"),
    [
        (["nowhere"], {}, "'nowhere' is not one of spacecraft"),
        ([], {"ORBITWATCH_KAFAK": "x:1"}, "ORBITWATCH_KAFAK: no such setting"),
        ([], {"ORBITWATCH_HEALTH_PORT": "3030"}, "a port of its own"),
    ],
)
def test_wrong_arguments_and_settings_are_one_line_and_another_exit_code(
    arguments: list[str], settings: dict[str, str], problem: str
):
    done = subprocess.run(
        [sys.executable, "-m", "connectors.check", *arguments],
        env={**os.environ, **settings},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=HANG_S,
    )
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert problem in line


def raising(error: Exception) -> Callable[[], str]:
    def look() -> str:
        raise error

    return look


def test_what_a_flow_can_do_without_is_a_note_and_hides_nothing():
    all_needed = [
        Prerequisite("cache", raising(NoCompileCache()), is_vital=False),
        Prerequisite("clock", raising(ClockOff(-40.0)), is_vital=False),
        Prerequisite("Kafka", raising(KafkaUnavailable("k:1", "away"))),
        Prerequisite("topics", lambda: "all", after="Kafka"),
        Prerequisite("more", lambda: "all", after="topics"),
        Prerequisite("rest", lambda: "fine"),
    ]
    found = [(how, name) for how, name, _ in check.looked_at(all_needed)]
    assert found == [
        ("note", "cache"),
        ("note", "clock"),
        ("WRONG", "Kafka"),
        ("-", "topics"),
        ("-", "more"),
        ("ok", "rest"),
    ]


def test_the_name_of_the_database_is_that_of_the_address(checked: Check, store: str):
    name = urlsplit(store).path
    said = checked(ORBITWATCH_DATABASE=store.replace(name, name.upper()))
    assert "does not exist" in said["database"][1]
