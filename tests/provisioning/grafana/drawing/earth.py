"""Maps of the Earth, in the web's Mercator projection."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import asinh, degrees, radians, tan
from typing import Any

import numpy as np
from countryinfo import CountryInfo
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from numpy.typing import NDArray

from tests.provisioning.grafana.drawing.canvas import Box, Canvas
from tests.provisioning.grafana.drawing.content import Content
from tests.provisioning.grafana.drawing.theme import SMALL, colour
from tests.provisioning.grafana.questions import Json
from tests.provisioning.grafana.results import Rows

SEA, LAND, BORDERS = "#0E1116", "#26282D", "#3A3D44"
# What the web's maps show of the poles.
FARTHEST_DEG = 85.05
# Of Grafana's symbols, those that are no circles.
SHAPES = {"triangle": "^", "square": "s", "cross": "P", "x-mark": "X", "star": "*"}
# At zoom 0 the whole Earth is this wide.
TILE_PX, TURN_DEG = 256, 360.0


def draw_earth(canvas: Canvas, box: Box, content: Content) -> None:
    """The part of the Earth that the panel starts with, and its layers."""
    view = content.panel["options"]["view"]
    across = TURN_DEG * box.width / (TILE_PX * 2 ** view["zoom"])
    up = across * box.height / box.width
    middle = view.get("lon", 0), mercator(view.get("lat", 0))
    axes = canvas.axes(box)
    axes.set(
        xlim=(middle[0] - across / 2, middle[0] + across / 2),
        ylim=(middle[1] - up / 2, middle[1] + up / 2),
        facecolor=SEA,
        xticks=[],
        yticks=[],
    )
    for spine in axes.spines.values():
        spine.set_visible(False)
    for turn in _turns(axes):
        shapes = [shape + np.array([turn, 0]) for shape in _land()]
        axes.add_collection(
            PolyCollection(shapes, facecolor=LAND, edgecolor=BORDERS, lw=0.4)
        )
        for layer in content.panel["options"].get("layers", []):
            _draw_layer(axes, layer, content.found, turn)


def mercator(latitude_deg: float) -> float:
    """How far north a latitude is drawn, in degrees of longitude."""
    kept = max(min(latitude_deg, FARTHEST_DEG), -FARTHEST_DEG)
    return degrees(asinh(tan(radians(kept))))


def _turns(axes: Axes) -> Iterator[float]:
    """Longitudes to add, as a map that is wide shows the same places again."""
    low, high = axes.get_xlim()
    most = int(max(-low, high) // TURN_DEG + 1)
    yield from (turn * TURN_DEG for turn in range(-most, most + 1))


def _land() -> Iterator[NDArray[np.float64]]:
    """Outlines of countries."""
    for country in CountryInfo.all().values():
        for feature in country.get("geoJSON", {}).get("features", []):
            shape = feature["geometry"]
            parts = shape["coordinates"]
            for part in parts if shape["type"] == "MultiPolygon" else [parts]:
                yield np.array([(x, mercator(y)) for x, y, *_ in part[0]])


def _draw_layer(axes: Axes, layer: Json, found: Sequence[Rows], turn: float) -> None:
    wanted = layer.get("filterData", {}).get("options")
    for rows in found:
        if wanted in {None, rows.reference}:
            where = layer.get("location", {})
            longitudes = rows.column(where.get("longitude", "longitude"))
            latitudes = rows.column(where.get("latitude", "latitude"))
            xs = [float(one) + turn for one in longitudes]
            ys = [mercator(float(one)) for one in latitudes]
            style = layer.get("config", {}).get("style", {})
            _draw_markers(axes, style, xs, ys)
            _draw_texts(axes, style, rows, xs, ys)


def _draw_markers(
    axes: Axes, style: Json, xs: Sequence[float], ys: Sequence[float]
) -> None:
    symbol = style.get("symbol", {}).get("fixed", "")
    shape = next((one for name, one in SHAPES.items() if name in symbol), "o")
    # Grafana's size is a radius.
    axes.plot(
        xs,
        ys,
        shape,
        ms=2 * style.get("size", {}).get("fixed", 5),
        color=_colour(style),
        alpha=style.get("opacity", 0.4),
        mew=0,
    )


def _draw_texts(
    axes: Axes, style: Json, rows: Rows, xs: Sequence[float], ys: Sequence[float]
) -> None:
    text = style.get("text", {})
    texts: Sequence[Any] = [text["fixed"]] * len(xs) if text.get("fixed") else []
    if text.get("field"):
        texts = rows.column(text["field"])
    settings = style.get("textConfig", {})
    offset = settings.get("offsetX", 0), -settings.get("offsetY", 0)
    for x, y, one in zip(xs, ys, texts, strict=False):
        axes.annotate(
            str(one),
            (x, y),
            offset,
            textcoords="offset points",
            color=_colour(style),
            size=settings.get("fontSize", SMALL),
            ha=settings.get("textAlign", "center"),
            va="center",
            annotation_clip=True,
            parse_math=False,
        )


def _colour(style: Json) -> str:
    return colour(style.get("color", {}).get("fixed", "dark-green"))
