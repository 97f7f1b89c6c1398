"""Pictures are boxes that do not overlap, with arrows from one to another."""

from itertools import combinations
from xml.etree import ElementTree

import pytest

from tests.docs.drawing import Box, Picture
from tests.docs.pages import ROOT
from tests.docs.pictures import PICTURES, WAY

SVG = "{http://www.w3.org/2000/svg}"


def boxes(svg: str) -> list[tuple[float, float, float, float]]:
    """Left, top, right and bottom of each box."""
    found = []
    for one in ElementTree.fromstring(svg).iter(f"{SVG}rect"):  # noqa: S314
        if one.get("class"):
            x, y, w, h = (
                float(one.attrib[key]) for key in ("x", "y", "width", "height")
            )
            found.append((x, y, x + w, y + h))
    return found


@pytest.mark.parametrize("name", PICTURES)
def test_no_box_is_over_another_or_leaves_the_picture(name: str):
    picture = PICTURES[name]()
    svg = picture.svg()
    found = boxes(svg)
    assert len(found) == len(picture.boxes)
    root = ElementTree.fromstring(svg)  # noqa: S314
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    for left, top, right, bottom in found:
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height
    for one, other in combinations(found, 2):
        apart = one[2] < other[0] or other[2] < one[0]
        assert apart or one[3] < other[1] or other[3] < one[1]


@pytest.mark.parametrize("name", PICTURES)
def test_every_arrow_goes_down(name: str):
    picture = PICTURES[name]()
    assert picture.arrows
    picture.svg()
    for source, target, _ in picture.arrows:
        assert picture._places[source][1] < picture._places[target][1]


def test_what_is_written_is_escaped():
    svg = Picture("a & b", {"a": Box("<a>", ("x & y",))}, ()).svg()
    texts = [one.text for one in ElementTree.fromstring(svg).iter(f"{SVG}text")]  # noqa: S314
    assert texts == ["<a>", "x & y"]


def test_the_way_of_a_sample_leads_through_folders_that_there_are():
    for box in WAY.boxes.values():
        if not box.outside:
            assert all((ROOT / folder).is_dir() for folder in box.title.split(", "))
