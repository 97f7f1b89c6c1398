"""Alerting rules: valid, tested three ways each, and each with a runbook."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.end_to_end.flow_process import REPOSITORY

PROMETHEUS = REPOSITORY / "provisioning" / "prometheus"
RULES = sorted((PROMETHEUS / "rules").glob("*.yml"))
TESTS = sorted(Path(__file__).parent.glob("*.yml"))
RUNBOOKS = REPOSITORY / "provisioning" / "runbooks"
SECTIONS = ["## What it means", "## How to check", "## What to do"]


def groups() -> list[dict[str, Any]]:
    return [
        group
        for file in RULES
        for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]
    ]


ALERTS: dict[str, dict[str, Any]] = {
    rule["alert"]: rule
    for group in groups()
    for rule in group["rules"]
    if "alert" in rule
}
EXPRESSIONS = " ".join(rule["expr"] for group in groups() for rule in group["rules"])


def run(promtool: str, *arguments: str | Path) -> None:
    done = subprocess.run([promtool, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_takes_the_configuration(promtool: str):
    run(promtool, "check", "config", "--lint-fatal", PROMETHEUS / "prometheus.yml")


@pytest.mark.parametrize("file", TESTS, ids=lambda file: file.stem)
def test_alerts_fire_and_stay_quiet_as_they_should(promtool: str, file: Path):
    run(promtool, "test", "rules", file)


def names_of_tests() -> list[str]:
    return [
        test["name"]
        for file in TESTS
        for test in yaml.safe_load(file.read_text(encoding="utf-8"))["tests"]
    ]


@pytest.mark.parametrize("alert", ALERTS)
def test_each_alert_is_tested_to_fire_to_stay_quiet_and_without_its_metric(alert: str):
    names = [name for name in names_of_tests() if name.startswith(f"{alert} ")]
    assert any(re.match(r"\w+ fires ", name) for name in names)
    without = [re.match(r"\w+ stays quiet without (\w+)$", name) for name in names]
    metrics = [match[1] for match in without if match]
    assert metrics
    for metric in metrics:
        assert re.search(rf"\b{metric}\b", EXPRESSIONS)
    assert any("stays quiet" in name and "without" not in name for name in names)


def test_each_test_is_about_an_alert_that_exists():
    assert {name.split()[0] for name in names_of_tests()} == ALERTS.keys()


@pytest.mark.parametrize("alert", ALERTS)
def test_each_alert_says_how_bad_it_is_and_where_to_read_on(alert: str):
    rule = ALERTS[alert]
    assert rule["labels"].keys() == {"severity"}
    assert rule["labels"]["severity"] in {"critical", "warning"}
    assert rule["annotations"].keys() == {"summary", "description", "runbook"}
    runbook = rule["annotations"]["runbook"]
    assert runbook == f"provisioning/runbooks/{alert}.md"


def test_each_alert_has_a_runbook_and_each_runbook_an_alert():
    assert {file.stem for file in RUNBOOKS.glob("*.md")} == ALERTS.keys()


@pytest.mark.parametrize("alert", ALERTS)
def test_each_runbook_tells_what_it_means_how_to_check_and_what_to_do(alert: str):
    text = (RUNBOOKS / f"{alert}.md").read_text(encoding="utf-8")
    assert text.startswith(f"# {alert}\n")
    assert [line for line in text.splitlines() if line.startswith("## ")] == SECTIONS


def test_a_group_is_named_after_its_file():
    assert [group["name"] for group in groups()] == [file.stem for file in RULES]


def test_what_is_recorded_is_named_by_level_metric_and_operation_and_used():
    recorded = [
        rule["record"]
        for group in groups()
        for rule in group["rules"]
        if "alert" not in rule
    ]
    for name in recorded:
        assert re.fullmatch(r"[a-z_]+:[a-z_]+:[a-z0-9]+", name)
        assert name in EXPRESSIONS


def test_the_system_of_a_flow_is_read_off_its_host(promtool: str, tmp_path: Path):
    text = (PROMETHEUS / "prometheus.yml").read_text(encoding="utf-8")
    shared = text.replace("spacecraft:3030\n", "spacecraft-12:3030\n")
    assert shared != text
    file = tmp_path / "prometheus.yml"
    file.write_text(shared.replace("rules/*.yml", str(RULES[0])))
    command = [promtool, "check", "service-discovery", "--timeout=5s"]
    command += [str(file), "orbitwatch"]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    systems = {
        target["labels"]["instance"]: target["labels"]["system"]
        for target in json.loads(found)
    }
    assert systems["spacecraft-12:3030"] == "spacecraft"
    assert systems["rocket_launch:3030"] == "rocket_launch"
