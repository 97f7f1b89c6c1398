"""`python -m tests.provisioning.grafana.pictures` draws the dashboards for the README.

They are drawn as Grafana would draw them, from the dashboards' JSON and what their own
queries find in a database that flows filled, and in a Prometheus that watched them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import psycopg
from matplotlib.figure import Figure
from PIL import Image

from provisioning.grafana.__main__ import GENERATED
from provisioning.grafana.dashboards import build_all
from tests.provisioning.grafana.drawing.canvas import POINTS_PER_INCH
from tests.provisioning.grafana.drawing.content import Content, Mark
from tests.provisioning.grafana.drawing.page import (
    WIDTH_PX,
    Heading,
    draw_panel,
    draw_row,
    empty_page,
)
from tests.provisioning.grafana.drawing.palette import in_few_colours
from tests.provisioning.grafana.drawing.transformations import transformed
from tests.provisioning.grafana.filled import Filled, filled, view
from tests.provisioning.grafana.macros import VARIABLE, View, expanded_sql
from tests.provisioning.grafana.questions import Json, as_json, panels_of
from tests.provisioning.grafana.results import answers
from tests.provisioning.grafana.telemetry import Times
from tests.services.postgres import Postgres, fresh_database

PICTURES = GENERATED.with_name("pictures")
PICTURE_PX = 1600
# Telemetry comes as it would for this long, after what flows take to start. Of that
# the last minutes are shown, when all rates are those of whole intervals.
STARTING, LIVE, SHOWN = (timedelta(seconds=seconds) for seconds in (60, 150, 120))
SHOWN_AS = "Last 2 minutes"
# So much of the flight is over when telemetry is live.
FLOWN = timedelta(seconds=100)
# Of what a variable may be.
HIDDEN = 2
CHOSEN = {"parameter": "/ORBITER-1/power/battery_voltage"}


def main() -> None:
    """Fills a database with telemetry of the last hours, and draws all dashboards."""
    times = _times_until(datetime.now(UTC) + STARTING + LIVE)
    with (
        tempfile.TemporaryDirectory() as folder,
        Postgres() as server,
        fresh_database(server.uri) as database,
        filled(database, Path(folder), times, is_live=True) as there,
    ):
        everything = view(times)
        chosen = {**everything.variables, **CHOSEN}
        for uid, board in build_all().items():
            seen = replace(everything, variables=chosen)
            picture = picture_of(as_json(board), there, seen)
            save(picture, PICTURES / f"{uid}.png")


def picture_of(board: Json, there: Filled, rows: View) -> Figure:
    """A whole dashboard, with a range of time for what comes from the database.

    What comes from Prometheus has its own, which is that of the page where most does.
    """
    metrics = _metrics_view(there, rows)
    asks_metrics = [_asks_metrics(panel) for panel in panels_of(board)]
    whole = metrics if 2 * sum(asks_metrics) > len(asks_metrics) else rows
    canvas = empty_page(board, _heading(board, whole))
    with psycopg.connect(there.database) as connection:
        marks = _marks(board, rows, connection)
        for panel in board["panels"]:
            if panel["type"] == "row":
                draw_row(canvas, _with_choices(panel, rows))
                continue
            shown = metrics if _asks_metrics(panel) else rows
            points = replace(shown, points=panel.get("maxDataPoints", 600))
            found = answers(panel, points, connection, there.prometheus)
            changed, kept = transformed(_with_choices(panel, rows), found)
            content = Content(changed, kept, shown.since, shown.until, marks)
            is_over_time = panel["type"] != "stat"
            own_range = is_over_time and shown is metrics is not whole
            draw_panel(canvas, content, SHOWN_AS if own_range else "")
    return canvas.figure


def save(picture: Figure, path: Path) -> None:
    """Writes a picture."""
    drawn = BytesIO()
    picture.savefig(drawn, dpi=POINTS_PER_INCH * PICTURE_PX / WIDTH_PX)
    in_few_colours(Image.open(drawn)).save(path, optimize=True)


def _times_until(end: datetime) -> Times:
    end = end.replace(microsecond=0)
    whole = Times(end)
    start = end - (whole.end - whole.start)
    return Times(start, end - start - LIVE - FLOWN)


def _metrics_view(there: Filled, rows: View) -> View:
    until = datetime.fromtimestamp(there.seen_s, UTC)
    return replace(rows, since=until - SHOWN, until=until)


def _asks_metrics(panel: Json) -> bool:
    return "expr" in panel["targets"][0]


def _heading(board: Json, seen: View) -> Heading:
    choices = {}
    visible = [
        one for one in board["templating"]["list"] if one.get("hide", 0) != HIDDEN
    ]
    for variable in visible:
        name = variable["name"]
        # The data sources are named like their variables.
        chosen = seen.variables.get(name, f"Orbitwatch {name}")
        choices[variable["label"]] = chosen if isinstance(chosen, str) else "All"
    others = [as_json(one)["title"] for one in build_all().values()]
    return Heading(board["title"], choices, others, seen.since, seen.until)


def _with_choices(part: Any, seen: View) -> Any:
    """A piece of JSON with what was chosen for the variables in its texts."""
    if isinstance(part, dict):
        return {name: _with_choices(one, seen) for name, one in part.items()}
    if isinstance(part, list):
        return [_with_choices(one, seen) for one in part]
    if not isinstance(part, str):
        return part
    return VARIABLE.sub(
        lambda name: str(seen.variables.get(name[1] or name[2], name[0])), part
    )


def _marks(board: Json, seen: View, connection: psycopg.Connection) -> Sequence[Mark]:
    marks = []
    for asked in board["annotations"].get("list", []):
        query = expanded_sql(asked["target"]["rawSql"], seen).encode()
        cursor = connection.execute(query)
        columns = [column.name for column in cursor.description or ()]
        for row in cursor:
            told = dict(zip(columns, row, strict=True))
            until = told.get("timeend") or told["time"]
            marks.append(Mark(told["time"], until, asked["iconColor"]))
    return marks


if __name__ == "__main__":
    main()
