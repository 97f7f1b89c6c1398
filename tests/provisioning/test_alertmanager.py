"""Alertmanager's configuration, completed from the environment by `start.sh`."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.end_to_end.flow_process import REPOSITORY
from tests.provisioning.prometheus.test_rules import ALERTS
from tests.services.ports import free_port
from tests.services.prometheus import Alertmanager
from tests.services.waiting import wait_until

START = REPOSITORY / "provisioning" / "alertmanager" / "start.sh"
AWKWARD = 'it\'s "$HOME" `id` \\ : # {{ x }} %s'
WEBHOOK = {"ALERT_WEBHOOK_URL": "http://pager.example/hook?key=it's"}
MAIL = {
    "ALERT_MAIL_TO": "operators@example.org",
    "ALERT_MAIL_FROM": "orbitwatch@example.org",
    "ALERT_MAIL_SMARTHOST": "mail.example.org:587",
}
LOGIN = {"ALERT_MAIL_USERNAME": "orbitwatch", "ALERT_MAIL_PASSWORD": AWKWARD}
SLACK = {
    "ALERT_SLACK_URL": "https://hooks.slack.com/services/x",
    "ALERT_SLACK_CHANNEL": "#operators",
}


def start(**environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", START, "--print"],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
    )


def rendered(**environment: str) -> str:
    done = start(**environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("environment", "kinds"),
    [
        ({}, set()),
        (WEBHOOK, {"webhook"}),
        (MAIL, {"email"}),
        ({**MAIL, **LOGIN}, {"email"}),
        (SLACK, {"slack"}),
        ({**WEBHOOK, **MAIL, **LOGIN, **SLACK}, {"webhook", "email", "slack"}),
    ],
    ids=lambda value: "+".join(sorted(value)) if isinstance(value, set) else "",
)
def test_each_receiver_of_the_environment_gets_into_the_configuration(
    amtool: str, tmp_path: Path, environment: dict[str, str], kinds: set[str]
):
    file = tmp_path / "alertmanager.yml"
    file.write_text(rendered(**environment))
    checked = subprocess.run(
        [amtool, "check-config", file], capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    [receiver] = yaml.safe_load(file.read_text())["receivers"]
    assert receiver.keys() == {"name"} | {f"{kind}_configs" for kind in kinds}


def test_values_arrive_as_they_were_set_whatever_is_in_them():
    [receiver] = yaml.safe_load(rendered(**WEBHOOK, **MAIL, **LOGIN))["receivers"]
    [webhook], [mail] = receiver["webhook_configs"], receiver["email_configs"]
    assert webhook["url"] == WEBHOOK["ALERT_WEBHOOK_URL"]
    assert mail["auth_password"] == AWKWARD


@pytest.mark.parametrize(
    ("environment", "missing"),
    [
        ({**MAIL, "ALERT_MAIL_FROM": ""}, "ALERT_MAIL_TO needs ALERT_MAIL_FROM"),
        ({**MAIL, "ALERT_MAIL_SMARTHOST": ""}, "needs ALERT_MAIL_SMARTHOST"),
        ({**MAIL, "ALERT_MAIL_USERNAME": "u"}, "needs ALERT_MAIL_PASSWORD"),
        ({**SLACK, "ALERT_SLACK_CHANNEL": ""}, "needs ALERT_SLACK_CHANNEL"),
        ({"ALERT_WEBHOOK_URL": "http://a\n- b"}, "ALERT_WEBHOOK_URL has more than one"),
    ],
)
def test_half_a_receiver_is_refused(environment: dict[str, str], missing: str):
    done = start(**environment)
    assert done.returncode == 1
    assert done.stdout == ""
    assert missing in done.stderr


def test_alerts_that_reach_nobody_are_told_of():
    assert "no receiver is set" in start().stderr
    assert start(**WEBHOOK).stderr == ""


def test_slack_tells_all_that_a_message_is_about_and_what_has_ended(
    amtool: str, tmp_path: Path
):
    labels = {"system": "spacecraft", "severity": "warning"}
    alerts = [
        {
            "status": status,
            "labels": {"alertname": name, **labels},
            "annotations": ALERTS[name]["annotations"],
        }
        for status, name in [("firing", "NoTelemetry"), ("resolved", "AnomalyStorm")]
    ]
    told = {"groupLabels": labels, "commonLabels": labels, "commonAnnotations": {}}
    (tmp_path / "data").write_text(json.dumps({**told, "alerts": alerts}))
    (tmp_path / "none.tmpl").touch()
    [receiver] = yaml.safe_load(rendered(**SLACK))["receivers"]
    [slack] = receiver["slack_configs"]

    def said(template: str) -> str:
        command = [amtool, "template", "render", f"--template.text={template}"]
        command += [f"--template.glob={tmp_path}/*.tmpl"]
        command += [f"--template.data={tmp_path}/data"]
        return subprocess.run(command, capture_output=True, text=True).stdout

    assert said(slack["title"]).strip() == "spacecraft: 1 firing, 1 resolved"
    first, second = said(slack["text"]).strip().splitlines()
    assert first.startswith("[firing, warning] The flow ")
    assert first.endswith("(provisioning/runbooks/NoTelemetry.md)")
    assert second.startswith("[resolved, warning] Anomalies come in numbers")


def test_inhibitions_name_alerts_that_exist():
    configuration: dict[str, Any] = yaml.safe_load(rendered())
    named = set()
    for rule in configuration["inhibit_rules"]:
        for matcher in rule["source_matchers"] + rule["target_matchers"]:
            names = matcher.split("=", 1)[1].strip("~ ").strip('"')
            named |= set(names.split("|"))
    assert named <= ALERTS.keys()


def test_no_vehicle_is_told_lost_while_its_flow_waits_for_the_database(
    alertmanager_program: str,
):
    def alert(name: str, system: str) -> dict[str, str]:
        severity = ALERTS[name]["labels"]["severity"]
        return {"alertname": name, "system": system, "severity": severity}

    told = [
        alert("DatabaseWritesFailing", "rocket_launch"),
        alert("RocketLaunchTelemetryLost", "rocket_launch"),
        alert("NoTelemetry", "spacecraft"),
    ]
    states = {
        "DatabaseWritesFailing": "active",
        "RocketLaunchTelemetryLost": "suppressed",
        "NoTelemetry": "active",
    }
    nobody = "http://127.0.0.1:9/"
    with Alertmanager(alertmanager_program, free_port(), nobody) as manager:
        manager.tell(*told)
        wait_until(lambda: manager.states() == states, f"{states}")


@pytest.mark.parametrize("severity", ["critical", "warning"])
def test_every_severity_reaches_the_operators(
    amtool: str, tmp_path: Path, severity: str
):
    file = tmp_path / "alertmanager.yml"
    file.write_text(rendered(**WEBHOOK))
    labels = [f"severity={severity}", "system=spacecraft"]
    command = [amtool, "config", "routes", "test", f"--config.file={file}", *labels]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout.split() == ["operators"]
