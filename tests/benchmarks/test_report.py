"""The report says what was measured, what was wanted, and what is missing."""

import json
from pathlib import Path

import pytest

from tests.benchmarks import chart
from tests.benchmarks.figures import Findings, Goal, Table
from tests.benchmarks.report import Report

ROUNDS = {
    "flow": {"samples/s": [90_000.0, 100_000.0, 110_000.0], "MB": [200.0]},
    "COPY": {"samples/s": [300_000.0]},
}
FINDINGS = [
    Findings(
        "throughput",
        [Table("Speed", ROUNDS)],
        [
            Goal("share of the ceiling", 0.5, 0.6, at_least=True),
            Goal("memory, MB", 200.0, 300.0),
        ],
        ["Start-up is left out."],
    ),
    Findings("comparison", failure="pip found no index"),
]
REPORT = Report({"processor": "a fast one", "cores": "2"}, FINDINGS)


def test_goals_come_first_and_say_whether_they_were_reached():
    text = REPORT.markdown()
    assert text.index("## Goals") < text.index("## Throughput")
    assert "| share of the ceiling | at least 0.600 | 0.500 | **missed** |" in text
    assert "| memory, MB | at most 300 | 200 | reached |" in text


def test_a_table_has_medians_and_spread_and_leaves_out_what_was_not_measured():
    text = REPORT.markdown()
    assert "| flow | 100,000 (90,000-110,000) | 200 |" in text
    assert "| COPY | 300,000 |  |" in text


def test_a_part_that_failed_says_why():
    assert "## Comparison\n\nNot measured: pip found no index" in REPORT.markdown()


def test_machine_and_remarks_are_told():
    text = REPORT.markdown()
    assert "Start-up is left out." in text
    assert "- processor: a fast one\n- cores: 2" in text


def test_the_json_has_the_figures_of_every_round(tmp_path: Path):
    written = {file.name: file for file in REPORT.write(tmp_path / "new")}
    document = json.loads(written["benchmark.json"].read_text())
    assert document["machine"] == REPORT.about
    throughput = document["parts"]["throughput"]
    assert throughput["tables"] == {"Speed": ROUNDS}
    assert throughput["failure"] is None
    assert [goal["reached"] for goal in document["goals"]] == [False, True]
    assert written["benchmark.md"].read_text() == REPORT.markdown()


@pytest.mark.parametrize(
    ("goal", "reached"),
    [
        (Goal("", 1.0, 1.0), True),
        (Goal("", 1.1, 1.0), False),
        (Goal("", 1.0, 1.0, at_least=True), True),
        (Goal("", 0.9, 1.0, at_least=True), False),
    ],
)
def test_a_goal_is_reached_at_its_bound(goal: Goal, reached: bool):
    assert goal.reached is reached


def test_the_chart_is_a_picture(tmp_path: Path):
    chart.draw(FINDINGS, tmp_path / "chart.png")
    assert (tmp_path / "chart.png").read_bytes().startswith(b"\x89PNG")


def test_nothing_measured_is_nothing_drawn(tmp_path: Path):
    chart.draw(FINDINGS[1:], tmp_path / "chart.png")
    assert not (tmp_path / "chart.png").exists()
