"""docker-compose.yml: valid, locked down, and of one mind with all it starts."""

import re
import shlex
import subprocess
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from connectors import topics
from connectors.settings import ALL_INTERFACES, Settings, variable
from simulators.command_line import parser
from tests.end_to_end.flow_process import REPOSITORY
from tests.provisioning.compose_file import (
    FILE,
    configured,
    flows,
    make_env,
    services,
    simulators,
    variables,
)

PROVISIONING = REPOSITORY / "provisioning"
GRAFANA = PROVISIONING / "grafana" / "provisioning"
SERVICES = services()
ONE_SHOT = {"topics", "migrations", "elements"}
LASTING = [name for name in SERVICES if name not in ONE_SHOT]
OWN_IMAGE = [name for name, one in SERVICES.items() if "build" in one]
GIBIBYTE = 2**30


@pytest.fixture(scope="session")
def env_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An .env as `make env` writes it."""
    file = tmp_path_factory.mktemp("env") / ".env"
    assert make_env(file).returncode == 0
    return file


def test_docker_compose_takes_the_file(docker_compose: str, env_file: Path):
    done = configured(docker_compose, "--env-file", env_file, "config", "--quiet")
    assert done.returncode == 0, done.stderr


def test_without_passwords_docker_compose_refuses_and_says_what_to_do(
    docker_compose: str, tmp_path: Path
):
    empty = tmp_path / ".env"
    empty.touch()
    done = configured(docker_compose, "--env-file", empty, "config")
    assert done.returncode != 0
    assert "run make env" in done.stderr


def test_no_password_has_a_default():
    text = FILE.read_text("utf-8")
    passwords = re.findall(r"\$\{(?!ALERT_)\w*PASSWORD[^}]*\}", text)
    assert len(passwords) >= 4
    assert all(each.endswith("_PASSWORD:?run make env}") for each in passwords)
    for name, service in SERVICES.items():
        for key, value in service.get("environment", {}).items():
            if "PASSWORD" in key:
                assert str(value).startswith("${"), name


def test_make_env_sets_what_the_file_reads_and_nothing_else(env_file: Path):
    read = set(re.findall(r"(?<!\$)\$\{(\w+)", FILE.read_text("utf-8")))
    docker_composes_own = {"COMPOSE_PROFILES", "COMPOSE_PROJECT_NAME"}
    assert variables(env_file).keys() == read | docker_composes_own


def test_profiles_are_the_systems_that_have_simulators(env_file: Path):
    profiles = variables(env_file)["COMPOSE_PROFILES"].split(",")
    assert set(profiles) == simulators().keys()
    for system, service in simulators().items():
        assert service["profiles"] == [system]


@pytest.mark.parametrize("name", OWN_IMAGE)
def test_every_setting_of_ours_exists(name: str):
    known = {variable(item.name) for item in fields(Settings) if item.metadata}
    given = SERVICES[name].get("environment", {})
    assert {key for key in given if key.startswith("ORBITWATCH_")} <= known


def test_every_flow_has_a_service_and_is_scraped():
    there = {
        file.stem
        for file in (REPOSITORY / "dataflows").glob("*.py")
        if "\ndef flow() -> Dataflow:" in file.read_text("utf-8")
    }
    assert there == flows().keys()
    for name, service in flows().items():
        assert service["command"] in ([name], [f"dataflows.{name}:flow"])
    assert scraped("orbitwatch") == {
        f"{name}:{Settings().metrics_port}" for name in flows()
    }


def test_flows_listen_where_prometheus_and_bytewax_can():
    """Bytewax serves its own metrics, which an alert looks at, on this address only."""
    for service in flows().values():
        assert service["environment"]["ORBITWATCH_LISTEN"] == ALL_INTERFACES
        assert "ports" not in service


def scraped(job: str) -> set[str]:
    config = prometheus()
    [found] = [one for one in config["scrape_configs"] if one["job_name"] == job]
    return {target for one in found["static_configs"] for target in one["targets"]}


def prometheus() -> dict[str, Any]:
    file = PROVISIONING / "prometheus" / "prometheus.yml"
    config: dict[str, Any] = yaml.safe_load(file.read_text("utf-8"))
    return config


def test_prometheus_finds_alertmanager_where_it_listens():
    [managers] = prometheus()["alerting"]["alertmanagers"]
    [static] = managers["static_configs"]
    assert static["targets"] == ["alertmanager:9093"]
    assert scraped("alertmanager") == {"alertmanager:9093"}
    assert "127.0.0.1:9093:9093" in SERVICES["alertmanager"]["ports"]


@pytest.mark.parametrize("name", ["prometheus", "alertmanager"])
def test_links_in_messages_lead_to_where_operators_find_it(name: str):
    [port] = SERVICES[name]["ports"]
    address = f"http://localhost:{port.split(':')[1]}"
    assert f"--web.external-url={address}" in SERVICES[name]["command"]


def test_health_is_asked_for_on_the_port_where_it_is_served():
    for service in flows().values():
        assert f"localhost:{Settings().health_port}/readyz" in str(
            service["healthcheck"]
        )


def test_clients_speak_to_kafka_and_the_database_where_they_listen():
    listeners = SERVICES["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"]
    for name in OWN_IMAGE:
        given = SERVICES[name]["environment"]
        if "ORBITWATCH_KAFKA" in given:
            assert f"INSIDE://{given['ORBITWATCH_KAFKA']}," in listeners
        if "ORBITWATCH_DATABASE" in given:
            assert given["ORBITWATCH_DATABASE"].endswith("@timescale:5432/orbitwatch")


def test_kafka_takes_the_largest_message_of_any_topic():
    largest = max(topic.largest_message_bytes for topic in topics.ALL)
    assert SERVICES["kafka"]["environment"]["KAFKA_MESSAGE_MAX_BYTES"] > largest


@pytest.mark.parametrize("name", SERVICES)
def test_ports_are_published_on_this_machine_only(name: str):
    for port in SERVICES[name].get("ports", ()):
        assert re.fullmatch(r"127\.0\.0\.1:(\d+):\1", port)


@pytest.mark.parametrize("name", SERVICES)
def test_nothing_runs_with_more_rights_than_it_needs(name: str):
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    # Apache Kafka's image writes its configuration into itself.
    assert service.get("read_only") is (None if name == "kafka" else True)
    # Of the images, TimescaleDB's is the one that begins as root.
    assert service.get("user") == ("postgres" if name == "timescale" else None)


@pytest.mark.parametrize("name", SERVICES)
def test_images_are_pinned(name: str):
    assert re.fullmatch(r"[\w./-]+:v?\d+\.\d+\.\d+(-pg\d+)?", SERVICES[name]["image"])


@pytest.mark.parametrize("name", LASTING)
def test_what_lasts_is_started_again_and_tells_of_its_health(name: str):
    service = SERVICES[name]
    assert service["restart"] in {"unless-stopped", "on-failure"}
    assert "healthcheck" in service or name.endswith("_simulator")
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}


def test_memory_is_limited_to_four_gibibytes_in_all():
    units = {"M": 2**20, "G": 2**30}
    limits = [
        SERVICES[name]["deploy"]["resources"]["limits"]["memory"] for name in LASTING
    ]
    assert sum(int(each[:-1]) * units[each[-1]] for each in limits) <= 4 * GIBIBYTE


@pytest.mark.parametrize("name", SERVICES)
def test_services_wait_for_what_is_prepared_or_healthy(name: str):
    for other, how in SERVICES[name].get("depends_on", {}).items():
        done = "service_completed_successfully"
        assert how["condition"] == (done if other in ONE_SHOT else "service_healthy")
        assert other in ONE_SHOT or "healthcheck" in SERVICES[other]


def test_state_is_in_named_volumes_and_each_flow_has_its_own():
    named = yaml.safe_load(FILE.read_text("utf-8"))["volumes"].keys()
    used = [
        volume.split(":")[0]
        for service in SERVICES.values()
        for volume in service.get("volumes", ())
        if not volume.startswith("./")
    ]
    assert set(used) == named
    assert {name for name in used if used.count(name) > 1} == {"kernels"}
    for name, service in flows().items():
        own = "archive:/app/archive" if name == "archive" else f"{name}_state:/state"
        assert own in service["volumes"]


@pytest.mark.parametrize("name", SERVICES)
def test_what_is_mounted_from_the_project_is_there_and_cannot_be_changed(name: str):
    for volume in SERVICES[name].get("volumes", ()):
        if volume.startswith("./"):
            source, _, options = volume.split(":")
            assert options == "ro"
            if "grafana" in source and not GRAFANA.is_dir():
                pytest.skip("there are no dashboards here yet")
            assert (REPOSITORY / source).exists()


def test_grafana_gets_the_variables_its_data_sources_ask_for():
    if not GRAFANA.is_dir():
        pytest.skip("there are no dashboards here yet")
    text = "".join(file.read_text("utf-8") for file in GRAFANA.rglob("*.yaml"))
    asked = set(re.findall(r"\$\{(ORBITWATCH_\w+)\}", text))
    given = SERVICES["grafana"]["environment"]
    assert {key for key in given if key.startswith("ORBITWATCH_")} == asked
    interval = prometheus()["global"]["scrape_interval"]
    assert f"timeInterval: {interval}" in text


@pytest.mark.parametrize(
    ("profiles", "called"),
    [
        ("spacecraft,iss_tracking", "python -m simulators.present_elements {file}"),
        ("iss_tracking", "python -m simulators.present_elements {file}"),
        ("spacecraft", "cp provisioning/orbits/satellites.tle {file}"),
        ("", "cp provisioning/orbits/satellites.tle {file}"),
    ],
)
def test_elements_are_dated_anew_for_simulated_satellites_only(
    tmp_path: Path, profiles: str, called: str
):
    for program in ("python", "cp"):
        (tmp_path / program).write_text(f'#!/bin/sh\necho {program} "$@"\n')
        (tmp_path / program).chmod(0o755)
    service = SERVICES["elements"]
    command = [word.replace("$$", "$") for word in service["command"]]
    environment = {"PATH": f"{tmp_path}:/bin:/usr/bin", "COMPOSE_PROFILES": profiles}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.stdout.strip() == called.format(file=command[-1])
    assert "./provisioning/orbits:/app/provisioning/orbits:ro" in service["volumes"]


@pytest.mark.parametrize("name", ["iss_tracking", "iss_tracking_simulator"])
def test_satellites_are_simulated_and_predicted_by_the_same_elements(name: str):
    written = SERVICES["elements"]["command"][-1]
    assert SERVICES[name]["environment"]["ORBITWATCH_ELEMENTS"] == written
    assert SERVICES[name]["depends_on"].keys() > {"elements"}
    folder = f"kernels:{Path(written).parent}"
    assert folder in SERVICES[name]["volumes"]
    assert folder in SERVICES["elements"]["volumes"]


def test_places_can_be_changed_without_another_image():
    mounted = "./provisioning/places.yaml:/app/provisioning/places.yaml:ro"
    assert mounted in SERVICES["iss_tracking"]["volumes"]


@pytest.mark.parametrize("system", simulators())
def test_simulators_understand_their_arguments(system: str):
    known = parser()._subparsers._group_actions[0].choices  # type: ignore[union-attr]
    if system not in (known or ()):
        pytest.skip(f"there is no simulator of {system} here yet")
    [script] = simulators()[system]["command"][2:]
    now = script.replace('"$$(date -u +%Y-%m-%dT%H:%M:%SZ)"', "2026-01-01T00:00:00Z")
    words = shlex.split(now)
    assert words[:4] == ["exec", "python", "-m", "simulators"]
    parser().parse_args(words[4:])
