"""From a fault in the telemetry to the message that operators get."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from signal import SIGKILL

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from connectors.embedded.programs import programs
from connectors.settings import ALL_INTERFACES
from tests.end_to_end.conftest import Stage, adopted_stage
from tests.end_to_end.flow_process import REPOSITORY, Flow, run_module
from tests.provisioning.compose_file import flows as flows_of_compose
from tests.provisioning.compose_file import simulators
from tests.provisioning.prometheus.test_rules import groups
from tests.services.kafka import Kafka
from tests.services.ports import free_port
from tests.services.postgres import Postgres
from tests.services.prometheus import Alertmanager, Prometheus
from tests.services.waiting import HANG_S, wait_until
from tests.services.webhook import Webhook

pytestmark = pytest.mark.slow

SYSTEMS = [
    system
    for system in flows_of_compose()
    if (REPOSITORY / "dataflows" / f"{system}.py").exists()
]


@contextmanager
def simulator(stage: Stage, system: str) -> Iterator[None]:
    """Plays a system as docker-compose.yml does."""
    [script] = simulators()[system]["command"][2:]
    now = subprocess.run(
        ["date", "-u", "+%Y-%m-%dT%H:%M:%SZ"], capture_output=True, text=True
    ).stdout.strip()
    words = shlex.split(re.sub(r'"\$\$\(date.*?\)"', now, script))
    command = [sys.executable, *words[2:]]
    environment = {**os.environ, "ORBITWATCH_KAFKA": stage.kafka}
    with subprocess.Popen(
        command,
        cwd=REPOSITORY,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            yield
        finally:
            process.terminate()


def make_roles(postgres: Postgres, folder: Path) -> None:
    """Makes the login roles as the database's container does at its first start."""
    psql = programs(folder) / "psql"
    script = REPOSITORY / "provisioning" / "docker" / "create_roles.sh"
    host = re.search(r"host=([^&]+)", postgres.uri)
    assert host
    environment = {
        "PATH": f"{psql.parent}:{os.environ['PATH']}",
        "PGHOST": host[1].replace("%2F", "/"),
        "POSTGRES_USER": "postgres",
        "POSTGRES_DB": "postgres",
        "DATABASE_FLOW_PASSWORD": "flow's",
        "DATABASE_READER_PASSWORD": "reader's",
    }
    done = subprocess.run(
        ["sh", script], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def composed(
    own_kafka: Kafka, own_postgres: Postgres, tmp_path: Path
) -> Iterator[Stage]:
    """A stage with the roles of docker-compose.yml: flows are no superusers on it."""
    make_roles(own_postgres, tmp_path)
    with adopted_stage(own_kafka.bootstrap, own_postgres.uri, tmp_path) as stage:
        stage.database = as_role(own_postgres, "flow", "flow%27s")
        yield stage


def as_role(postgres: Postgres, role: str, password: str) -> str:
    """The address of the database for a login role."""
    return postgres.uri.replace("postgres@", f"{role}:{password}@", 1)


def test_flows_may_write_and_dashboards_only_read(
    own_postgres: Postgres, tmp_path: Path
):
    make_roles(own_postgres, tmp_path)
    run_module("connectors.migrate", ORBITWATCH_DATABASE=own_postgres.uri)
    write = "INSERT INTO parameter (spacecraft, name, system) VALUES ('S', 'p', 's')"
    with psycopg.connect(as_role(own_postgres, "flow", "flow%27s")) as flow:
        flow.execute(write)
        flow.commit()
        with pytest.raises(InsufficientPrivilege):
            flow.execute("DROP TABLE parameter")
    with psycopg.connect(as_role(own_postgres, "grafana", "reader%27s")) as grafana:
        found = grafana.execute("SELECT qualified_name FROM parameter").fetchall()
        assert found == [("/S/p",)]
        with pytest.raises(InsufficientPrivilege):
            grafana.execute(write)


def started(flow: Flow) -> Flow:
    flow.start()
    flow.wait_ready()
    return flow


def test_a_fault_a_lost_database_and_a_killed_flow_reach_the_operators(
    composed: Stage,
    own_postgres: Postgres,
    prometheus_program: str,
    alertmanager_program: str,
):
    # It is to be killed while it still waits for the database.
    patient = {"ORBITWATCH_RETRY_SECONDS": "86400"}
    flow = started(composed.flow(settings=patient))
    with (
        Webhook() as operators,
        Alertmanager(alertmanager_program, free_port(), operators.url) as manager,
        Prometheus(
            prometheus_program,
            free_port(),
            {"spacecraft": flow.metrics_port},
            manager.address,
        ),
    ):
        truth = play_faults(composed)
        severe = operators.wait_for("SevereAnomalyOpen")
        assert severe["labels"] == {
            "alertname": "SevereAnomalyOpen",
            "severity": "critical",
            "system": "spacecraft",
        }
        assert severe["annotations"]["runbook"].endswith("/SevereAnomalyOpen.md")
        assert len(truth.read_text().splitlines()) > 1
        own_postgres.stop()
        composed.produce(
            b'{"spacecraft":"S","generation_time":"2026-01-01T00:00:00Z",'
            b'"values":{"a":1}}'
        )
        failing = operators.wait_for("DatabaseWritesFailing")
        assert failing["labels"]["instance"] == f"127.0.0.1:{flow.metrics_port}"
        flow.end(SIGKILL)
        assert operators.wait_for("FlowDown")["labels"]["system"] == "spacecraft"


def play_faults(stage: Stage) -> Path:
    """Has the simulator inject faults; returns what it says it injected."""
    truth = stage.folder / "truth.csv"
    command = "spacecraft --mode anomaly --warm-up 100 --fault-gap 200 --samples 3000"
    done = subprocess.run(
        [sys.executable, "-m", "simulators", *command.split(), "--truth", truth],
        cwd=REPOSITORY,
        env={**os.environ, "ORBITWATCH_KAFKA": stage.kafka},
        capture_output=True,
        text=True,
        timeout=HANG_S,
    )
    assert done.returncode == 0, done.stderr
    return truth


def without_thresholds(expression: str) -> str:
    """The expression as it is when all is well: what it compares, without comparing."""
    compared = re.sub(r" (?:[<>]=?|==) [\d.]+", "", expression.replace("\n", " "))
    return re.sub(" offset [26]h", "", compared.replace("unless", "and"))


EXPRESSIONS = [
    (rule["expr"], group["name"]) for group in groups() for rule in group["rules"]
]


def test_each_expression_finds_what_it_asks_for_in_what_real_flows_tell(
    composed: Stage, prometheus_program: str
):
    # As in docker-compose.yml: Bytewax tells of itself on all interfaces only.
    listen = {"ORBITWATCH_LISTEN": ALL_INTERFACES}
    archive = {"ORBITWATCH_ARCHIVE": str(composed.folder / "parquet")}
    flows = {
        system: started(
            composed.flow(
                system,
                module=f"dataflows.{system}",
                settings=listen | (archive if system == "archive" else {}),
            )
        )
        for system in SYSTEMS
    }
    composed.produce(b"rubbish")
    ports = {system: flow.metrics_port for system, flow in flows.items()}
    asked = [
        without_thresholds(expression)
        for expression, group in EXPRESSIONS
        # The group of a system asks of that system only.
        if group in {"pipeline", "anomalies", *SYSTEMS}
    ]
    assert len(asked) > 10
    with (
        Prometheus(prometheus_program, free_port(), ports) as prometheus,
        ExitStack() as playing,
    ):
        for system in simulators().keys() & {*SYSTEMS}:
            playing.enter_context(simulator(composed, system))
        for expression in asked:
            wait_until(found(prometheus, expression), expression)


def found(prometheus: Prometheus, expression: str) -> Callable[[], bool]:
    return lambda: bool(prometheus.query(expression))
