"""The code on pages works; how depends on its language, and none is left unchecked."""

import json
import re
import subprocess
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import psycopg
import pytest
import yaml

from connectors.files.orbital_elements import read_elements
from connectors.files.parameters import read_definitions, read_detector_set
from connectors.files.places import read_places
from connectors.messages.samples import ParameterName
from connectors.messages.wire import Packet
from connectors.parquet.storage import Storage
from connectors.settings import PREFIX, Settings
from dataflows.parameters.watched import Watched, check_definitions
from simulators.command_line import parser
from tests.connectors.parquet.archiving import START_US, batch, commit, writer
from tests.docs.pages import PAGES, Block, blocks, inline_code, name_of
from tests.docs.parts import GENERATED
from tests.docs.shell import Command, commands
from tests.docs.test_links import MAKEFILE, RECIPES
from tests.end_to_end.flow_process import run_module
from tests.provisioning.compose_file import services

BLOCKS = [
    block for page in PAGES for block in blocks(page) if block.part not in GENERATED
]
# Carried out as they stand, by tests of their own.
ELSEWHERE = {
    ("sh", "commands"): "test_first_steps.py",
    ("python", "send"): "test_first_steps.py",
    ("python", "detector"): "test_detector_example.py",
}
LANGUAGES = {"sh", "sql", "yaml", "json", "text"}
SERVICES = services()
PROVISIONING = Path(__file__).parents[2] / "provisioning"
MAKES_FOLDERS = {"mkdir", "cp"}


def of_language(language: str) -> list[Block]:
    found = [one for one in BLOCKS if one.language == language]
    return [one for one in found if (language, one.part) not in ELSEWHERE]


COMMANDS = [one for block in of_language("sh") for one in commands(block)]
# Within a sentence a program may be named without what it is asked.
COMMANDS += [
    one
    for page in PAGES
    for text in inline_code(page.read_text(encoding="utf-8"))
    if re.match(r"(?:\w+=\S+ )?(?:make|python -m \S+|docker compose) ", text)
    for one in commands(Block(name_of(page), 0, "sh", text))
]


def commands_of(*program: str) -> list[Command]:
    return [one for one in COMMANDS if one.words[: len(program)] == [*program]]


def words_of(*program: str) -> Any:
    """What follows a program, wherever a page has it run."""
    found = commands_of(*program)
    assert found
    return pytest.mark.parametrize(
        "words", [one.words[len(program) :] for one in found], ids=map(str, found)
    )


def one_each(language: str) -> Any:
    return pytest.mark.parametrize("block", of_language(language), ids=str)


def test_no_code_is_of_a_kind_that_nothing_checks():
    for block in BLOCKS:
        known = block.language in LANGUAGES
        assert known or (block.language, block.part) in ELSEWHERE, str(block)


def test_no_command_is_of_a_program_that_nothing_checks():
    checked = {"make", "python", "docker", "curl", "duckdb", "systemctl"}
    checked |= MAKES_FOLDERS
    for one in COMMANDS:
        assert not one.words or one.words[0] in checked, str(one)


def test_what_other_tests_carry_out_is_there():
    found = {(block.language, block.part) for block in BLOCKS}
    assert ELSEWHERE.keys() <= found
    here = Path(__file__).parent
    assert all((here / test).exists() for test in ELSEWHERE.values())


@pytest.mark.parametrize("command", [one for one in COMMANDS if one.variables], ids=str)
def test_every_variable_set_is_one(command: Command):
    for name, value in command.variables.items():
        if name.startswith(PREFIX):
            Settings.from_environment({name: value})
        else:
            assert f"$({name})" in MAKEFILE


@words_of("make")
def test_every_recipe_exists(words: Sequence[str]):
    recipe, *variables = words
    assert recipe in RECIPES
    for variable in variables:
        assert f"$({variable.partition('=')[0]})" in MAKEFILE


@words_of("python", "-m", "simulators")
def test_simulators_understand_what_is_asked_of_them(words: Sequence[str]):
    assert parser().parse_args(words).play


@pytest.mark.parametrize(
    "command",
    [one for one in commands_of("python") if one.words[2] != "simulators"],
    ids=str,
)
def test_programs_understand_what_is_asked_of_them(command: Command):
    _, _, module, *words = command.words
    known = import_module(_main_of(module))
    if hasattr(known, "parser"):
        assert known.parser().parse_args(words)
        return
    shown = run_module(module, "--help")
    flow, options = words[:1], words[1:]
    for name in flow:
        flows, colon, function = name.partition(":")
        assert colon
        assert callable(getattr(import_module(flows), function))
    for option in options[::2]:
        assert re.search(rf"^ *.*{option}\b", shown, re.MULTILINE), option


def _main_of(module: str) -> str:
    spec = find_spec(module)
    assert spec
    return f"{module}.__main__" if spec.submodule_search_locations else module


@words_of("docker", "compose")
def test_docker_compose_is_asked_about_services_that_there_are(words: Sequence[str]):
    does, *rest = words
    assert does in {"up", "restart"}
    named = [word for word in rest if not word.startswith("-")]
    assert set(named) <= SERVICES.keys()


@words_of("systemctl")
def test_every_unit_is_of_a_flow(words: Sequence[str]):
    unit, _, system = words[-1].partition("@")
    assert (PROVISIONING / f"systemd/{unit}@.service").exists()
    assert find_spec(f"dataflows.{system}")


@words_of("curl")
def test_every_address_is_one_that_a_flow_serves(words: Sequence[str]):
    address = re.fullmatch(r"http://localhost:(\d+)(/\w+)", words[-1])
    assert address
    settings = Settings()
    served = {
        str(settings.metrics_port): {"/metrics"},
        str(settings.health_port): {"/healthz", "/readyz"},
    }
    assert address[2] in served[address[1]]


@words_of("duckdb", "-c")
def test_duckdb_reads_the_archive_as_pages_say(words: Sequence[str], tmp_path: Path):
    archive = tmp_path / "archive"
    made = writer(Storage.at(str(archive)))
    made.write(batch(0, [START_US, START_US + 1]))
    commit(made)
    assert "'archive/" in words[0]
    with duckdb.connect() as reader:
        reader.execute(words[0].replace("'archive/", f"'{archive}/"))
        assert len(reader.fetchall()) == 2


def test_a_database_with_all_migrations_takes_every_statement(database: str):
    run_module("connectors.migrate", ORBITWATCH_DATABASE=database)
    statements = ";".join(block.code for block in of_language("sql")).split(";")
    assert len(statements) > 3
    with psycopg.connect(database) as connection:
        for statement in filter(str.strip, statements):
            connection.execute(statement.encode())
        # Roles belong to the whole server.
        connection.rollback()


@one_each("yaml")
def test_every_file_is_read(block: Block, tmp_path: Path, request):
    file = tmp_path / "example.yaml"
    file.write_text(block.code)
    keys = yaml.safe_load(block.code).keys()
    if keys <= {"places", "stations"}:
        assert read_places(file).stations
    elif keys == {"scrape_configs"}:
        promtool = request.getfixturevalue("promtool")
        check = [promtool, "check", "config", "--lint-fatal", str(file)]
        assert subprocess.run(check, capture_output=True).returncode == 0
    elif "parameters" in keys:
        definitions = read_definitions(tmp_path)
        check_definitions(definitions)
        assert [*definitions]
    else:
        assert keys == {"detectors"}
        definition = read_detector_set(file).of(ParameterName("A", "", "b"))
        assert Watched.afresh(definition)


@one_each("json")
def test_every_message_is_a_packet(block: Block):
    packet = msgspec.json.decode(block.code, type=Packet)
    # Nothing in it is passed over.
    assert json.loads(block.code).keys() <= set(Packet.__struct_fields__)
    assert packet.values


@one_each("text")
def test_every_text_is_a_file_of_orbital_elements(block: Block, tmp_path: Path):
    file = tmp_path / "satellites.tle"
    file.write_text(block.code)
    assert read_elements(file)
