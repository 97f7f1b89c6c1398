"""Every PromQL query finds something in a Prometheus that scraped a flow at work."""

import math
from datetime import UTC, datetime, timedelta

import pytest

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
