"""`python -m tests.provisioning.grafana.pictures` draws the dashboards for the README.

Each panel stands where it stands in Grafana, and shows what its own queries find in a
database that a flow filled. They are pictures of the data, not of Grafana.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import psycopg
from matplotlib.figure import Figure

from provisioning.grafana.__main__ import GENERATED
from provisioning.grafana.dashboards import build_all
from tests.provisioning.grafana.drawing import INK, PAPER, draw
from tests.provisioning.grafana.filled import Filled, filled, view
from tests.provisioning.grafana.other_systems import fill_the_rest
from tests.provisioning.grafana.questions import Json, as_json, panels_of
from tests.provisioning.grafana.results import answers
from tests.services.postgres import Postgres, fresh_database

PICTURES = GENERATED.with_name("pictures")
WIDTH_INCHES, ROW_INCHES, DOTS_PER_INCH = 11, 0.27, 80
# Around a panel's drawing, for its title and axes, as shares of the whole width.
LEFT, RIGHT = 0.035, 0.008


def main() -> None:
    """Fills a database, and draws all dashboards."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Postgres() as server,
        fresh_database(server.uri) as database,
        filled(database, Path(folder), portions=40) as there,
    ):
        fill_the_rest(database, Path(folder))
        for uid, board in build_all().items():
            picture = picture_of(as_json(board), there)
            picture.savefig(
                PICTURES / f"{uid}.png", dpi=DOTS_PER_INCH, facecolor="black"
            )


def picture_of(board: Json, there: Filled) -> Figure:
    """All panels of a dashboard."""
    lowest = max(one["gridPos"]["y"] + one["gridPos"]["h"] for one in board["panels"])
    height = lowest * ROW_INCHES
    mpl.rcParams.update({"text.color": INK, "axes.labelcolor": INK})
    figure = Figure(figsize=(WIDTH_INCHES, height))
    with psycopg.connect(there.database) as connection:
        for panel in panels_of(board):
            axes = figure.add_axes(_box(panel["gridPos"], lowest), facecolor=PAPER)
            points = replace(view(), points=panel.get("maxDataPoints", 600))
            found = answers(panel, points, connection, there.prometheus, there.seen_s)
            if any(rows.rows for rows in found):
                draw(axes, panel, found)
    return figure


def _box(at: Mapping[str, int], lowest: int) -> tuple[float, float, float, float]:
    """Where a panel is in the picture: left, bottom, width, height, as shares."""
    margin = 0.9 / lowest
    left, width = at["x"] / 24 + LEFT, at["w"] / 24 - LEFT - RIGHT
    bottom = 1 - (at["y"] + at["h"]) / lowest + margin
    return left, bottom, width, at["h"] / lowest - 2 * margin


if __name__ == "__main__":
    main()
