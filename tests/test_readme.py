"""README.md says what is so."""

import re
import shlex
import subprocess
import sys
from importlib import import_module

import msgspec
import psycopg
import pytest

from connectors.database.migrations import check_database
from connectors.files.parameters import read_definitions
from connectors.messages.wire import Packet
from dataflows.parameters.watched import check_definitions
from simulators.command_line import parser
from tests.end_to_end.conftest import Stage
from tests.end_to_end.flow_process import REPOSITORY
from tests.readme import PARAMETERS_README, README, part, rewritten
from tests.services.ports import free_port
from tests.services.waiting import HANG_S, wait_until

TEXT = README.read_text()


def fenced(name: str) -> str:
    """The code in the block of that name."""
    code = re.search(r"```\w+\n(.*?)```", part(name, TEXT), re.S)
    assert code is not None
    return code[1]


@pytest.mark.parametrize("path", [README, PARAMETERS_README], ids=str)
def test_the_generated_parts_are_up_to_date(path):
    assert rewritten(path.read_text()) == path.read_text(), "run `make readme`"


def test_the_packet_is_one():
    packet = msgspec.json.decode(fenced("packet"), type=Packet)
    assert packet.key == "ORBITER-1/power"
    assert packet.values["heater_current"] is None


def test_the_parameter_file_is_right(tmp_path):
    (tmp_path / "sat.yaml").write_text(fenced("parameters"))
    definitions = read_definitions(tmp_path)
    check_definitions(definitions)
    assert len(list(definitions)) == 2


def test_every_recipe_named_exists():
    makefile = (REPOSITORY / "Makefile").read_text()
    for recipe in re.findall(r"(?:`|^)make ([a-z-]+)", TEXT, re.M):
        assert re.search(rf"^{recipe}:", makefile, re.M), recipe


def test_every_path_named_exists():
    for path in re.findall(r"`((?:connectors|dataflows|provisioning)/[\w./]*)`", TEXT):
        assert (REPOSITORY / path).exists(), path


def test_simulators_understand_what_is_asked_of_them():
    commands = re.findall(r"^python -m simulators (.*)$", TEXT, re.M)
    assert len(commands) > 3
    for command in commands:
        assert parser().parse_args(shlex.split(command, comments=True)).play


def test_every_flow_named_can_be_run():
    for name in set(re.findall(r"dataflows\.(\w+):flow", TEXT)):
        assert callable(import_module(f"dataflows.{name}").flow)


def test_the_commands_lead_to_a_stored_packet(own_kafka, database, tmp_path):
    commands = fenced("commands")
    commands = re.sub("^make install\n", "", commands)
    commands = re.sub("^export PATH=.*\n", "", commands, flags=re.M)
    commands = re.sub("(?<=KAFKA=).*", own_kafka.bootstrap, commands)
    commands = re.sub("(?<=DATABASE=).*", f"'{database}'", commands)
    commands = commands.replace("state", str(tmp_path / "state"))
    commands = commands.replace("python -m", f"{sys.executable} -m")
    ports = f"export ORBITWATCH_METRICS_PORT={free_port()}\n"
    ports += f"export ORBITWATCH_HEALTH_PORT={free_port()}\n"
    *preparation, flow = commands.strip().splitlines()
    # Who starts again may well do all of it again.
    twice = [*preparation, *preparation]
    script = "\n".join(["set -eu", ports, *twice, f"exec {flow}"])
    stage = Stage(own_kafka.bootstrap, database, tmp_path)
    log = tmp_path / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            ["bash", "-c", script], cwd=REPOSITORY, stdout=out, stderr=out
        )
    try:
        wait_until(lambda: "reading telemetry" in log.read_text(), "the flow's start")
        stage.produce(fenced("packet").encode())
        with psycopg.connect(database, autocommit=True) as reader:
            count = "SELECT count(*) FROM sample_named"
            wait_until(lambda: reader.execute(count).fetchone() == (3,), "3 samples")
            assert reader.execute(fenced("query")).fetchall() == []
        check_database(database)
    finally:
        process.terminate()
        assert process.wait(HANG_S) == 0, log.read_text()
