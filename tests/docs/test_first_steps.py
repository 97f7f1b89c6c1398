"""The README's first steps, carried out: from nothing to a packet in the database."""

import re
import subprocess
import sys

import psycopg

from tests.connectors.fit_database import check_database
from tests.docs.pages import README, ROOT, blocks
from tests.services.ports import free_port
from tests.services.waiting import HANG_S, wait_until

CODE = {block.part: block.code for block in blocks(README) if block.part}


def test_the_commands_and_a_dozen_lines_of_python_lead_to_stored_samples(
    own_kafka, database, tmp_path
):
    commands = CODE["commands"]
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
    log = tmp_path / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            ["bash", "-c", script], cwd=ROOT, stdout=out, stderr=out
        )
    try:
        wait_until(lambda: "reading telemetry" in log.read_text(), "the flow's start")
        send = CODE["send"].replace("localhost:9092", own_kafka.bootstrap)
        assert send != CODE["send"]
        subprocess.run([sys.executable, "-c", send], check=True, timeout=HANG_S)
        samples, anomalies = filter(str.strip, CODE["query"].split(";"))
        with psycopg.connect(database, autocommit=True) as reader:
            wait_until(
                lambda: len(reader.execute(samples.encode()).fetchall()) == 2,
                "two samples",
            )
            (_, name, value, *_), _ = sorted(reader.execute(samples.encode()))
            assert (name, value) == ("/SAT-7/battery_voltage", 30.1)
            assert reader.execute(anomalies.encode()).fetchall() == []
        check_database(database)
    finally:
        process.terminate()
        assert process.wait(HANG_S) == 0, log.read_text()
