"""Grafana itself reads the dashboards and the answers to their queries well."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest

from provisioning.grafana.dashboards import build_all
from provisioning.grafana.severity import COLOURS, OF_ANOMALIES
from tests.provisioning.grafana.drawing.table import LEAST_PX
from tests.provisioning.grafana.filled import Filled, view
from tests.provisioning.grafana.frames import Field, Frame, frames_of
from tests.provisioning.grafana.laptop import PADDING_PX, panel_width_px
from tests.provisioning.grafana.questions import Json, as_json, panels_of
from tests.provisioning.grafana.screen import GIVEN, Screen, Shown, shown
from tests.services.fixtures import skip_or_fail
from tests.services.process import UnavailableError

BOARDS = {uid: as_json(board) for uid, board in build_all().items()}
PANELS = [
    (uid, panel) for uid, board in sorted(BOARDS.items()) for panel in panels_of(board)
]
every_panel = pytest.mark.parametrize(
    "place",
    range(len(PANELS)),
    ids=[f"{uid}: {panel['title']}".replace(" ", "_") for uid, panel in PANELS],
)
OWN_UNIT = re.compile(r"(suffix|prefix|time):\S.*")
FORMAT = re.compile(r"\$\{[^{}]+:(\w+)\}")
EXPONENT = re.compile(r"\de[+-]?\d")
UNITS = {
    "altitude": "km",
    "ground speed": "km/s",
    "velocity": "m/s",
    "T+": "s",
    "met_s": "s",
    "standard deviation": "m/s",
    "from its elements": "km",
    "altitude error": "m",
    "age": "days",
}
# What Grafana colours values with that have no thresholds of their own.
GREEN, RED = "#73BF69", "#F2495C"


@pytest.fixture(scope="module")
def screen(grafana_libraries: Path, watched: Filled) -> Screen:
    """What all panels show."""
    with skip_or_fail():
        if watched.prometheus is None:
            raise UnavailableError("there is no `prometheus` (Debian's package)")
    with psycopg.connect(watched.database) as connection:
        connection.execute("SET ROLE orbitwatch_reader")
        answered = [
            (
                panel,
                frames_of(panel, view(), connection, watched),
            )
            for _, panel in PANELS
        ]
    return shown(grafana_libraries, answered, view())


def given(part: Any, key: str) -> Iterator[Any]:
    """All values of a key in a piece of JSON, also as the property of an override."""
    if isinstance(part, list):
        for one in part:
            yield from given(one, key)
    elif isinstance(part, dict):
        if part.get("id") == key and "value" in part:
            yield part["value"]
        for name, value in part.items():
            if name == key:
                yield value
            yield from given(value, key)


def test_grafana_knows_the_units(screen: Screen):
    units = {unit for _, panel in PANELS for unit in given(panel, "unit")}
    unknown = units - screen.known["units"]
    assert all(OWN_UNIT.fullmatch(unit) for unit in unknown)


def test_grafana_knows_the_reducers(screen: Screen):
    used = {
        one for _, panel in PANELS for some in given(panel, "calcs") for one in some
    }
    assert used
    assert used <= screen.known["reducers"]


def test_grafana_knows_the_colour_modes(screen: Screen):
    modes = {
        colour["mode"]
        for _, panel in PANELS
        for colour in given(panel["fieldConfig"], "color")
        if isinstance(colour, dict)
    }
    assert "fixed" in modes
    assert modes <= screen.known["colours"]


def test_grafana_knows_the_transformations_and_what_overrides_go_by(screen: Screen):
    for _, panel in PANELS:
        transformations = panel.get("transformations", [])
        assert {one["id"] for one in transformations} <= screen.known["transformations"]
        overrides = panel["fieldConfig"]["overrides"]
        assert {one["matcher"]["id"] for one in overrides} <= screen.known["matchers"]


def test_grafana_knows_the_formats_of_variables(screen: Screen):
    formats = set(FORMAT.findall(str(BOARDS)))
    assert formats
    assert formats <= screen.known["formats"]


@every_panel
def test_every_query_gives_something_to_show(screen: Screen, place: int):
    panel = screen.panels[place]
    assert panel.series
    assert all(column["values"] for column in panel.columns)


@every_panel
def test_every_override_is_for_a_column_that_is_there(screen: Screen, place: int):
    panel = screen.panels[place]
    rules = panel.panel["fieldConfig"]["overrides"]
    for rule, columns in zip(rules, panel.overrides, strict=True):
        # Not every severity need have occurred.
        assert columns or rule["matcher"]["options"] in OF_ANOMALIES


@every_panel
def test_a_cell_without_a_value_stays_empty(screen: Screen, place: int):
    for value, cell in screen.panels[place].cells:
        if value is None:
            assert cell["text"] == ""


@every_panel
def test_severities_are_shown_by_name_in_their_colours(screen: Screen, place: int):
    panel = screen.panels[place]
    for _, cell in panel.cells:
        if cell["text"] in COLOURS:
            assert cell["colour"] == COLOURS[cell["text"]]
    for column in panel.columns:
        if column["name"] in COLOURS:
            colours = {cell["colour"] for cell in column["cells"]}
            assert colours == {COLOURS[column["name"]]}
        is_one = panel.panel["type"] == "state-timeline" and column["type"] != "time"
        if is_one or column["name"] == "severity":
            texts = {
                cell["text"] for value, cell in shown_in(column) if value is not None
            }
            assert texts <= COLOURS.keys()


def shown_in(column: Json) -> Iterator[tuple[Any, Json]]:
    """The values of a column, with how they are shown."""
    return zip(column["values"], column["cells"], strict=True)


def test_nothing_is_told_of_a_parameter_before_and_after_its_anomalies(screen: Screen):
    title = "Anomalies by parameter"
    [timeline] = [one for one in screen.panels if one.panel["title"] == title]
    lines = [
        column["values"] for column in timeline.columns if column["type"] != "time"
    ]
    assert lines
    for line in lines:
        assert line[0] in OF_ANOMALIES
        assert line[-1] is None
        assert set(line) <= {None, *OF_ANOMALIES}


@every_panel
def test_a_table_fits_on_a_laptop(screen: Screen, place: int):
    panel = screen.panels[place]
    if panel.panel["type"] == "table":
        shown = [
            one["custom"] for one in panel.columns if not one["custom"].get("hidden")
        ]
        widths_px = [
            one.get("width") or one.get("minWidth") or LEAST_PX for one in shown
        ]
        assert sum(widths_px) <= panel_width_px(panel.panel) - 2 * PADDING_PX


@every_panel
def test_a_legend_names_each_line_once(screen: Screen, place: int):
    panel = screen.panels[place]
    if panel.panel["type"] in {"timeseries", "trend"}:
        over = panel.panel["options"].get("xField", "Time")
        names = [
            column["name"]
            for column in panel.columns
            if column["name"] not in {over, "Time"}
            and not (column["custom"].get("hideFrom") or {}).get("legend")
        ]
        assert names
        assert len(set(names)) == len(names)
        for name in names:
            assert not name.endswith((" low", " high"))


def test_a_band_ends_in_a_line_of_its_panel(screen: Screen):
    bands = 0
    for panel in screen.panels:
        names = [column["name"] for column in panel.columns]
        for column in panel.columns:
            if below := column["custom"].get("fillBelowTo"):
                bands += 1
                assert names.count(below) == 1
    assert bands


@every_panel
def test_numbers_are_easy_to_read(screen: Screen, place: int):
    panel = screen.panels[place]
    texts = [
        cell["text"]
        for column in panel.columns
        if column["type"] == "number"
        for value, cell in zip(column["values"], column["cells"], strict=True)
        if value is not None
    ]
    for text in [*texts, *(figure["text"] for figure in panel.figures)]:
        assert text
        assert "  " not in text
        # A megametre is 1000 km to nobody, and c/s are no samples.
        assert not text.endswith((" Mm", " c/s"))


@every_panel
def test_a_quantity_has_its_unit_wherever_it_is_shown(screen: Screen, place: int):
    for column in screen.panels[place].columns:
        unit = UNITS.get(column["name"])
        for value, cell in zip(column["values"], column["cells"], strict=True):
            assert unit is None or value is None or cell["text"].endswith(f" {unit}")


def test_what_a_drift_changed_can_be_read(screen: Screen):
    [drifts] = [one for one in screen.panels if one.panel["title"] == "Drifts"]
    cells = {one["name"]: one["cells"] for one in drifts.columns}
    for before, after in zip(cells["mean before"], cells["mean after"], strict=True):
        assert before["text"] != after["text"]


@every_panel
def test_large_figures_are_plain(screen: Screen, place: int):
    panel = screen.panels[place]
    if panel.panel["type"] == "stat":
        assert panel.figures
    for figure in panel.figures:
        assert figure["colour"] not in {GREEN, RED}
        assert not EXPONENT.search(figure["text"])


def test_a_panel_that_nothing_was_found_for_says_so(grafana_libraries: Path):
    # Without rows, Grafana's server sends no columns either.
    panels = [
        (panel, [Frame(target["refId"], []) for target in panel["targets"]])
        for _, panel in PANELS
    ]
    empty = shown(grafana_libraries, panels, view()).panels
    assert not [column for panel in empty for column in panel.columns]
    said = [(panel, figure["text"]) for panel in empty for figure in panel.figures]
    assert said
    for panel, text in said:
        assert text == panel.panel["fieldConfig"]["defaults"]["noValue"]


@every_panel
def test_thresholds_can_be_seen(screen: Screen, place: int):
    panel = screen.panels[place].panel
    defaults = panel["fieldConfig"]["defaults"]
    if "thresholds" in defaults and panel["type"] == "stat":
        assert defaults["color"]["mode"] == "thresholds"
    elif "thresholds" in defaults:
        assert defaults["custom"]["thresholdsStyle"]["mode"] != "off"


@every_panel
def test_lines_have_the_time_or_a_rising_number_to_be_drawn_over(
    screen: Screen, place: int
):
    panel = screen.panels[place]
    match panel.panel["type"]:
        case "timeseries" | "state-timeline" | "heatmap":
            for over, *drawn in panel.series:
                assert (over["type"], over["rising"]) == ("time", True)
                assert drawn
        case "trend":
            # Of several frames Grafana draws none.
            [columns] = panel.series
            wanted = panel.panel["options"]["xField"]
            [over] = [column for column in columns if column["name"] == wanted]
            assert (over["type"], over["rising"]) == ("number", True)
        case "barchart":
            [columns] = panel.series
            kinds = {column["name"]: column["type"] for column in columns}
            assert kinds[panel.panel["options"]["xField"]] == "string"


def test_the_axis_of_values_has_the_unit_of_the_parameter(screen: Screen):
    [values] = [one for one in screen.panels if one.panel["title"] == "Value"]
    labels = {column["custom"]["axisLabel"] for column in values.columns}
    assert labels == {view().variables["unit"]}


@every_panel
def test_layers_of_maps_find_their_places(screen: Screen, place: int):
    panel = screen.panels[place]
    layers = panel.panel["options"].get("layers", [])
    for layer, [frame] in zip(layers, panel.layers, strict=True):
        kinds = {column["name"]: column["type"] for column in panel.series[frame]}
        where = layer["location"]
        assert kinds[where["latitude"]] == kinds[where["longitude"]] == "number"
        named = layer["config"]["style"].get("text", {}).get("field")
        assert named is None or kinds[named] == "string"


def links_of(panel: Shown) -> Iterator[tuple[str, Json]]:
    """The links of each row, with the row's values by their columns."""
    for columns in panel.series:
        for column in columns:
            for row, links in enumerate(column["links"]):
                values = {one["name"]: one["values"][row] for one in columns}
                for link in links:
                    yield link, values


@every_panel
def test_links_lead_to_what_their_row_is_of(screen: Screen, place: int):
    for link, row in links_of(screen.panels[place]):
        check_link(link, row)


def check_link(link: str, row: Json) -> None:
    parts = urlsplit(link)
    uid = parts.path.removeprefix("/d/")
    taken = {variable["name"] for variable in BOARDS[uid]["templating"]["list"]}
    variables = parse_qs(parts.query, strict_parsing=True)
    assert (variables.pop("from"), variables.pop("to")) == (["now-6h"], ["now"])
    assert variables.pop("var-database") == [GIVEN["database"]]
    assert variables
    for name, value in variables.items():
        column = name.removeprefix("var-")
        assert column in taken
        assert value == [row[column.removeprefix("some_")]]


ODD = {"spacecraft": "R&D #1+2=3%", "parameter": '/R&D #1+2=3%/power/50 % "ü"'}


def test_links_lead_to_names_that_mean_something_in_addresses(grafana_libraries: Path):
    frame = Frame(
        "A", [Field(name=name, type="string", values=[ODD[name]]) for name in ODD]
    )
    linking = [(panel, [frame]) for _, panel in PANELS if "__data" in str(panel)]
    found = shown(grafana_libraries, linking, view())
    links = [one for panel in found.panels for one in links_of(panel)]
    assert len(links) == len(linking)
    for link, row in links:
        check_link(link, row)
