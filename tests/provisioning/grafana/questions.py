"""The queries in dashboards, as Grafana finds them in the JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Question:
    """A query, and where it stands."""

    dashboard: str
    place: str
    text: str

    def __str__(self) -> str:
        return f"{self.dashboard}: {self.place}".replace(" ", "_")


def as_json(board: Dashboard) -> Json:
    """What Grafana reads."""
    read: Json = json.loads(json.dumps(board, cls=JSONEncoder))
    return read


def panels_of(board: Json) -> list[Json]:
    """All panels but the rows."""
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def sql_questions(boards: Mapping[str, Dashboard]) -> list[Question]:
    """All SQL: of panels, of variables, of annotations."""
    return [
        question
        for uid, board in boards.items()
        for question in _sql_of(uid, as_json(board))
    ]


def metric_questions(boards: Mapping[str, Dashboard]) -> list[Question]:
    """All PromQL."""
    return [
        Question(uid, f"{panel['title']} {target['refId']}", target["expr"])
        for uid, board in boards.items()
        for panel in panels_of(as_json(board))
        for target in panel["targets"]
        if "expr" in target
    ]


def _sql_of(uid: str, board: Json) -> Iterator[Question]:
    for panel in panels_of(board):
        for target in panel["targets"]:
            if "rawSql" in target:
                place = f"{panel['title']} {target['refId']}"
                yield Question(uid, place, target["rawSql"])
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            yield Question(uid, f"variable {variable['name']}", variable["query"])
    for marks in board["annotations"].get("list", []):
        yield Question(uid, f"marks {marks['name']}", marks["target"]["rawSql"])
