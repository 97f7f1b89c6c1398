"""The report: Markdown for people, JSON for programs, and a chart beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tests.benchmarks.figures import Findings, Goal, Table
from tests.benchmarks.statistics import number


@dataclass(frozen=True, slots=True)
class Report:
    """All that a run found; `about` describes machine and run."""

    about: Mapping[str, str]
    findings: Sequence[Findings]

    def write(self, folder: Path) -> list[Path]:
        """Writes the report into the folder; returns its files."""
        folder.mkdir(parents=True, exist_ok=True)
        markdown, data = folder / "benchmark.md", folder / "benchmark.json"
        markdown.write_text(self.markdown(), encoding="utf-8")
        data.write_bytes(msgspec.json.format(self.json(), indent=1))
        return [markdown, data]

    def markdown(self) -> str:
        """Goals first, then the tables of every part."""
        blocks = ["# Benchmark"]
        goals = [goal for part in self.findings for goal in part.goals]
        if goals:
            blocks += ["## Goals", goal_table(goals)]
        for part in self.findings:
            blocks.append(f"## {part.part.capitalize()}")
            if part.failure:
                blocks.append(f"Not measured: {part.failure}")
            for table in part.tables:
                blocks += [f"### {table.title}", figure_table(table)]
            blocks += part.remarks
        blocks += ["## Machine", pairs(self.about)]
        return "\n\n".join(blocks) + "\n"

    def json(self) -> bytes:
        """The same, with the figures of every round."""
        goals = [
            {
                "goal": goal.text,
                "measured": goal.measured,
                "wanted": goal.wanted,
                "at_least": goal.at_least,
                "reached": goal.reached,
            }
            for part in self.findings
            for goal in part.goals
        ]
        parts = {
            part.part: {
                "tables": {table.title: table.rounds for table in part.tables},
                "remarks": part.remarks,
                "failure": part.failure or None,
            }
            for part in self.findings
        }
        document = {"machine": self.about, "goals": goals, "parts": parts}
        return msgspec.json.encode(document)


def goal_table(goals: Iterable[Goal]) -> str:
    """A row a goal, with what was wanted and what was measured."""
    rows = [
        (
            goal.text,
            goal.demand,
            number(goal.measured),
            "reached" if goal.reached else "**missed**",
        )
        for goal in goals
    ]
    return grid(("goal", "wanted", "measured", ""), rows)


def figure_table(table: Table) -> str:
    """A row a case: medians, and the lowest and highest of the rounds."""
    rows = [
        (case, *(table.spread(case, name) or "" for name in table.quantities))
        for case in table.rounds
    ]
    return grid(("", *table.quantities), rows)


def pairs(about: Mapping[str, str]) -> str:
    """Names and what they stand for."""
    return "\n".join(f"- {name}: {text}" for name, text in about.items())


def grid(head: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)
