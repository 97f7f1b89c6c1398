"""Rules that every dashboard keeps, in the JSON that Grafana reads."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from provisioning.grafana.__main__ import GENERATED, documents, write
from provisioning.grafana.board import TAG
from provisioning.grafana.dashboards import build_all
from provisioning.grafana.severity import COLOURS
from tests.provisioning.grafana.laptop import panel_height_px, panel_width_px
from tests.provisioning.grafana.questions import Json, as_json, panels_of

BOARDS = {uid: as_json(board) for uid, board in build_all().items()}
GRAFANA = GENERATED.parent / "provisioning"
ALERTS = GENERATED.parents[1] / "prometheus/rules/iss_tracking.yml"
USED = re.compile(r"\$\{?([a-z]\w*)")
LINK = re.compile(r"/d/(\w+)\?")
GIVEN = re.compile(r"var-(\w+)=")
FIELD = re.compile(r"\$\{__data\.fields\.(\w+)(?::\w+)?\}")
PANELS = [
    pytest.param(panel, id=f"{uid}: {panel['title']}".replace(" ", "_"))
    for uid, board in BOARDS.items()
    for panel in panels_of(board)
]
every_board = pytest.mark.parametrize("uid", BOARDS)


def texts(part: Any) -> Iterator[str]:
    """All texts in a piece of JSON."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, dict):
        for value in part.values():
            yield from texts(value)
    elif isinstance(part, list):
        for value in part:
            yield from texts(value)


def variables_of(board: Json) -> set[str]:
    return {variable["name"] for variable in board["templating"]["list"]}


def test_making_the_dashboards_anew_changes_nothing():
    there = {path.name: path.read_text() for path in GENERATED.glob("*.json")}
    assert there == documents(), "run `make dashboards`"


def test_a_dashboard_that_is_no_more_is_removed(tmp_path: Path):
    (tmp_path / "old.json").write_text("{}")
    write(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == set(documents())


@every_board
def test_a_dashboard_says_what_it_is(uid: str):
    board = BOARDS[uid]
    assert board["uid"] == uid
    assert len(uid) <= 40
    assert board["title"]
    assert board["description"].endswith(".")
    assert board["timezone"] == "utc"


def test_titles_are_unique():
    titles = [board["title"] for board in BOARDS.values()]
    assert len(set(titles)) == len(titles)


@every_board
def test_a_dashboard_leads_to_the_others_with_its_time_and_variables(uid: str):
    board = BOARDS[uid]
    assert TAG in board["tags"]
    [link] = board["links"]
    assert (link["type"], link["tags"]) == ("dashboards", [TAG])
    assert link["keepTime"]
    assert link["includeVars"]


@every_board
def test_every_variable_is_used_and_every_use_declared(uid: str):
    board = BOARDS[uid]
    parts = [board["panels"], board["annotations"].get("list", [])]
    parts += [
        [variable["query"], variable.get("datasource")]
        for variable in board["templating"]["list"]
    ]
    used = {name for text in texts(parts) for name in USED.findall(text)}
    assert used == variables_of(board)


@every_board
def test_links_lead_to_dashboards_that_take_the_variables_they_give(uid: str):
    for text in texts(BOARDS[uid]["panels"]):
        for target in LINK.findall(text):
            assert target in BOARDS
            assert set(GIVEN.findall(text)) <= variables_of(BOARDS[target])


@every_board
def test_links_use_columns_that_are_there(uid: str):
    for panel in panels_of(BOARDS[uid]):
        queries = " ".join(target.get("rawSql", "") for target in panel["targets"])
        for text in texts(panel["fieldConfig"]):
            for column in FIELD.findall(text):
                assert re.search(rf"\b{column}\b", queries)


@every_board
def test_no_data_source_is_written_down(uid: str):
    board = BOARDS[uid]
    asked = [*panels_of(board), *board["annotations"].get("list", [])]
    asked += [target for panel in panels_of(board) for target in panel["targets"]]
    asked += [one for one in board["templating"]["list"] if one["type"] == "query"]
    assert {one["datasource"]["uid"] for one in asked} <= {"${database}", "${metrics}"}


@every_board
def test_panels_neither_overlap_nor_leave_the_screen(uid: str):
    taken: set[tuple[int, int]] = set()
    for panel in BOARDS[uid]["panels"]:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert at["x"] + at["w"] <= 24
        assert not cells & taken
        taken |= cells
    numbers = [panel["id"] for panel in BOARDS[uid]["panels"]]
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize("panel", PANELS)
def test_a_panel_says_what_it_shows(panel: Json):
    assert panel["title"][0].isupper()
    assert panel["description"].endswith(".")
    shown = panel["fieldConfig"]["defaults"]
    assert shown["unit"]
    assert shown["noValue"].endswith((".", "?"))
    assert panel["targets"]
    references = [target["refId"] for target in panel["targets"]]
    assert len(set(references)) == len(references)


@pytest.mark.parametrize("panel", PANELS)
def test_what_is_counted_has_no_decimals(panel: Json):
    shown = panel["fieldConfig"]["defaults"]
    drawn_as = shown.get("custom", {}).get("drawStyle")
    is_of_messages = panel["title"] == "Lag by partition"
    if panel["type"] == "barchart" or drawn_as == "bars" or is_of_messages:
        assert shown["decimals"] == 0


def test_the_map_shows_the_earth_once():
    [earth] = [
        panel
        for board in BOARDS.values()
        for panel in panels_of(board)
        if panel["type"] == "geomap"
    ]
    # As wide as it is high, and 256 pixels at zoom 0.
    earth_px = 256 * 2 ** earth["options"]["view"]["zoom"]
    assert 1 <= panel_width_px(earth) / earth_px < 1.5
    # Beyond 82 degrees, a sixth of the map, no satellite comes and nobody lives.
    assert panel_height_px(earth) >= earth_px * 5 / 6
    named = [one["config"]["style"].get("textConfig") for one in layers_of(earth)]
    sides = [one["textAlign"] for one in named if one]
    assert len(set(sides)) == len(sides) == 2


def layers_of(earth: Json) -> list[Json]:
    found: list[Json] = earth["options"]["layers"]
    return found


def test_orbital_elements_are_old_on_the_dashboard_when_the_alert_says_so():
    [age] = [
        panel
        for panel in panels_of(BOARDS["iss_tracking"])
        if panel["title"] == "Age of orbital elements"
    ]
    groups = yaml.safe_load(ALERTS.read_text())["groups"]
    [alert] = [
        rule["expr"]
        for group in groups
        for rule in group["rules"]
        if rule.get("alert") == "OrbitalElementsOld"
    ]
    [(metric, days)] = re.findall(r"(\w+)\{[^}]*\}\s*\) > (\d+) \* 86400", alert)
    [target] = age["targets"]
    assert metric in target["expr"]
    assert "/ 86400" in target["expr"]
    _, old = age["fieldConfig"]["defaults"]["thresholds"]["steps"]
    assert old == {"value": float(days), "color": COLOURS["WARNING"]}


@pytest.mark.parametrize("panel", PANELS)
def test_severities_have_their_colours_wherever_they_are_named(panel: Json):
    found = shown_colours(panel["fieldConfig"])
    for override in panel["fieldConfig"].get("overrides", []):
        if override["matcher"]["options"] in COLOURS:
            [colour] = override["properties"]
            found[override["matcher"]["options"]] = colour["value"]["fixedColor"]
    assert found.items() <= COLOURS.items()


def shown_colours(part: Any) -> dict[str, str]:
    """The colours of all texts that values are mapped to."""
    if isinstance(part, list):
        part = dict(enumerate(part))
    if not isinstance(part, dict):
        return {}
    found = {}
    if part.get("text") in COLOURS:
        found[part["text"]] = part["color"]
    for value in part.values():
        found |= shown_colours(value)
    return found


def test_data_sources_are_those_that_dashboards_choose_from():
    [file] = (GRAFANA / "datasources").iterdir()
    sources = yaml.safe_load(file.read_text())["datasources"]
    kinds = {
        variable["query"]
        for board in BOARDS.values()
        for variable in board["templating"]["list"]
        if variable["type"] == "datasource"
    }
    assert {source["type"] for source in sources} == kinds
    written_down = [text for text in texts(sources) if "password" in text.lower()]
    assert written_down == ["${ORBITWATCH_READER_PASSWORD}"]


def test_a_provider_loads_the_dashboards_from_one_folder():
    [file] = (GRAFANA / "dashboards").iterdir()
    [provider] = yaml.safe_load(file.read_text())["providers"]
    assert provider["type"] == "file"
    assert provider["options"]["path"].startswith("/var/lib/grafana/")


def test_generated_files_are_for_the_grafana_that_their_library_knows():
    for text in documents().values():
        assert json.loads(text)["schemaVersion"] >= 36
