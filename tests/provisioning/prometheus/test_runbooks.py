"""What runbooks have an operator type is there, with Docker Compose and without."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path, PurePosixPath

import psycopg
import pytest

from connectors import topics
from connectors.settings import Settings
from tests.end_to_end.flow_process import REPOSITORY, run_module
from tests.provisioning.compose_file import flows, services
from tests.provisioning.prometheus.test_rules import RUNBOOKS

SERVICES = services()
BLOCK = re.compile(r"^ *```sh\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


def commands() -> Iterator[list[str]]:
    """Every command of every runbook, as words."""
    for file in sorted(RUNBOOKS.glob("*.md")):
        text = file.read_text(encoding="utf-8").replace("\\\n", "")
        inline = re.findall(r"`((?:docker compose|systemctl|journalctl) [^`]*)`", text)
        for script in BLOCK.findall(text) + [
            each.replace("\n", " ") for each in inline
        ]:
            lines = shlex.shlex(script, posix=True, punctuation_chars="|&\n")
            lines.whitespace = " \t"
            lines.whitespace_split = True
            words = [each for each in lines if each.strip() or "\n" in each]
            for ends, command in groupby(words, lambda each: not each.strip("|&\n")):
                if not ends:
                    yield [*command]


def named(words: list[str]) -> str:
    return " ".join(words)[:80]


COMMANDS = list(commands())
COMPOSE = [words[2:] for words in COMMANDS if words[:2] == ["docker", "compose"]]
EXECUTED = [words[1:] for words in COMPOSE if words[0] == "exec"]
BARE = [words for words in COMMANDS if words[0] != "docker"]
UNITS = [words for words in BARE if words[0] in ("systemctl", "journalctl")]
MODULES = [
    words[2:]
    for words in (*(words[1:] for words in EXECUTED), *BARE)
    if words[:2] == ["python", "-m"]
]
SQL = [words[-1] for words in EXECUTED if words[1] == "psql"]
BARE_SQL = [words[-1] for words in BARE if words[0] == "psql"]
ADDRESSES = [
    address
    for words in COMMANDS
    for address in re.findall(r"http://localhost:\d+", " ".join(words))
]


def test_runbooks_have_commands_of_each_kind():
    assert EXECUTED
    assert MODULES
    assert SQL
    assert ADDRESSES
    assert UNITS
    assert BARE_SQL


@pytest.mark.parametrize(
    "file", sorted(RUNBOOKS.glob("*.md")), ids=lambda file: str(file.stem)
)
def test_what_is_checked_with_docker_compose_is_checked_without_it_too(file: Path):
    checks = file.read_text("utf-8").partition("## What to do")[0]
    if "docker " in checks:
        [without] = BLOCK.findall(checks.partition("Without Docker Compose:")[2])
        assert "docker" not in without


@pytest.mark.parametrize("words", UNITS, ids=named)
def test_a_unit_is_that_of_a_flow(words: list[str]):
    [unit] = [word for word in words if word.startswith("orbitwatch")]
    name, _, system = unit.partition("@")
    assert name == "orbitwatch"
    assert (REPOSITORY / "dataflows" / f"{system}.py").is_file()
    assert system in flows()


@pytest.mark.parametrize(
    "topic", [w[w.index("--topic") + 1] for w in BARE if "--topic" in w]
)
def test_a_topic_that_is_looked_at_is_one_of_ours(topic: str):
    assert topic in {one.name for one in topics.ALL}


@pytest.mark.parametrize(
    "metric", [words[-1] for words in BARE if words[-1].startswith("orbitwatch_")]
)
def test_a_metric_that_is_looked_for_is_documented(metric: str):
    page = (REPOSITORY / "docs" / "metrics.md").read_text("utf-8")
    assert metric.removesuffix("_sum") in page


@pytest.mark.parametrize("words", COMPOSE, ids=named)
def test_a_command_is_about_a_service_that_there_is(words: list[str]):
    does, *rest = re.sub(r"--tail \d+", "", " ".join(words[:5])).split()
    about = [word for word in rest if not word.startswith("-")]
    assert {*(about[:1] if does == "exec" else about)} <= SERVICES.keys()


@pytest.mark.parametrize("words", EXECUTED, ids=named)
def test_a_path_in_a_container_is_in_a_volume_of_it(words: list[str]):
    service, program, *arguments = words
    volumes = SERVICES[service].get("volumes", ())
    there = {volume.split(":")[1] for volume in volumes}
    # The arguments of programs of ours are no paths.
    for word in arguments if program != "python" else ():
        if word.startswith("/"):
            path = PurePosixPath(word)
            assert any(path.is_relative_to(folder) for folder in there)


@pytest.mark.parametrize("address", sorted(set(ADDRESSES)))
def test_an_address_is_one_that_is_published_or_a_flows_own(address: str):
    port = address.rpartition(":")[2]
    published = {port for one in SERVICES.values() for port in one.get("ports", ())}
    settings = Settings()
    of_a_flow = {str(settings.metrics_port), str(settings.health_port)}
    assert f"127.0.0.1:{port}:{port}" in published or port in of_a_flow


@pytest.mark.parametrize("words", MODULES, ids=named)
def test_a_program_of_ours_takes_its_arguments(words: list[str]):
    done = subprocess.run(
        [sys.executable, "-m", *words, "--help"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    for option in words:
        if option.startswith("--"):
            assert option in done.stdout


def test_the_database_answers_what_runbooks_ask(database: str):
    run_module("connectors.migrate", ORBITWATCH_DATABASE=database)
    with psycopg.connect(database) as connection:
        for query in (*SQL, *BARE_SQL):
            connection.execute(query.encode())
