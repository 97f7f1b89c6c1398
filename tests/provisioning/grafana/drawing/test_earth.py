"""The map is the web's."""

import pytest

from tests.provisioning.grafana.drawing.earth import FARTHEST_DEG, mercator


def test_the_equator_is_the_middle_and_the_map_a_square():
    assert mercator(0) == 0
    assert mercator(FARTHEST_DEG) == pytest.approx(180, abs=0.1)
    assert mercator(90) == mercator(FARTHEST_DEG)


def test_the_south_mirrors_the_north():
    assert mercator(-51.6) == pytest.approx(-mercator(51.6))
