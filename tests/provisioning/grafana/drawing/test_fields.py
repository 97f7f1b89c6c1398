"""A column is shown as the dashboard says of it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from provisioning.grafana.severity import COLOURS
from tests.provisioning.grafana.drawing.fields import field_of

LEVEL = {"type": "value", "options": {"3": {"text": "DISTRESS", "color": "#E2661A"}}}


def panel(*overrides: Any, **defaults: Any) -> dict[str, Any]:
    return {"fieldConfig": {"defaults": defaults, "overrides": list(overrides)}}


def override(matcher: str, options: str, **settings: Any) -> dict[str, Any]:
    properties = [{"id": name, "value": value} for name, value in settings.items()]
    return {"matcher": {"id": matcher, "options": options}, "properties": properties}


@pytest.mark.parametrize(
    ("matcher", "options"),
    [("byName", "altitude"), ("byRegexp", "/^alt/"), ("byFrameRefID", "B")],
)
def test_an_override_is_for_the_fields_that_it_names(matcher: str, options: str):
    made = panel(override(matcher, options, unit="lengthkm"), unit="none")
    assert field_of(made, "altitude", "B").shown(424.0) == "424 km"
    assert field_of(made, "velocity", "A").shown(424.0) == "424"


def test_a_matcher_that_is_not_known_is_an_error():
    with pytest.raises(ValueError, match="byValue"):
        field_of(panel(override("byValue", "x")), "altitude")


def test_a_value_is_shown_as_the_text_and_in_the_colour_that_it_is_mapped_to():
    field = field_of(panel(mappings=[LEVEL]), "severity")
    for level in (3, 3.0, "3"):
        assert field.shown(level) == "DISTRESS"
        assert field.colour(level) == COLOURS["DISTRESS"]
    assert field.shown(4) == "4"


def test_nothing_is_shown_as_nothing():
    assert field_of(panel(unit="s"), "ended").shown(None) == ""


def test_a_number_that_is_a_text_has_all_its_digits():
    field = field_of(panel(unit="string"), "mean before")
    assert [field.shown(value) for value in (27.9648, 28.0)] == ["27.9648", "28"]


def test_a_time_is_shown_as_one_whatever_the_unit():
    time = datetime(2026, 6, 27, 4, 5, tzinfo=UTC)
    assert field_of(panel(unit="s"), "ended").shown(time) == "2026-06-27 04:05:00"


def test_a_colour_goes_by_thresholds():
    steps = [{"value": None, "color": "green"}, {"value": 1.0, "color": "#F4B400"}]
    field = field_of(panel(thresholds={"steps": steps}), "score")
    assert [field.colour(score) for score in (0.9, 1.0)] == ["#73BF69", "#F4B400"]


def test_without_thresholds_there_are_those_of_grafana():
    field = field_of(panel(), "altitude")
    assert [field.colour(value) for value in (79, 80)] == ["#73BF69", "#F2495C"]


def test_a_series_has_the_title_that_its_label_gives():
    field = field_of(panel(displayName="${__field.labels.parameter}"), "/A/b/c")
    assert field.title == "/A/b/c"
