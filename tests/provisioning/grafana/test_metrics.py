"""Every PromQL query finds something in a Prometheus that scraped a flow at work."""

import math
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from provisioning.grafana.dashboards import build_all
from tests.provisioning.grafana.filled import Filled, view
from tests.provisioning.grafana.macros import expanded_promql
from tests.provisioning.grafana.prometheus import missing_prometheus
from tests.provisioning.grafana.questions import Question, metric_questions
from tests.services.fixtures import skip_or_fail

QUESTIONS = metric_questions(build_all())


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
def test_a_query_finds_figures(watched: Filled, question: Question):
    with skip_or_fail():
        prometheus = watched.prometheus or missing_prometheus()
    now = datetime.fromtimestamp(watched.seen_s, UTC)
    seen = view(since=now - timedelta(minutes=5), until=now)
    expression = expanded_promql(question.text, seen)
    values = [
        float(one["value"][1]) for one in prometheus.series(expression, watched.seen_s)
    ]
    assert values
    assert all(map(math.isfinite, values))


def test_what_the_archive_has_to_read_is_no_lag_of_flows(promtool: str, tmp_path: Path):
    lag = "orbitwatch_telemetry_offset_lag_messages"
    place = 'topic="telemetry.spacecraft", partition="0"'
    partition, archive = (
        question.text for question in QUESTIONS if lag in question.text
    )
    test = {
        "interval": "15s",
        "input_series": [
            {"series": f'{lag}{{system="spacecraft", {place}}}', "values": "3"},
            {"series": f'{lag}{{system="archive", {place}}}', "values": "5000"},
        ],
        "promql_expr_test": [
            {
                "expr": partition,
                "eval_time": "0s",
                "exp_samples": [{"labels": f"{{{place}}}", "value": 3}],
            },
            {
                "expr": archive,
                "eval_time": "0s",
                "exp_samples": [{"labels": '{system="archive"}', "value": 5000}],
            },
        ],
    }
    file = tmp_path / "test.yml"
    file.write_text(yaml.safe_dump({"tests": [test]}))
    command = [promtool, "test", "rules", str(file)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
