"""Every dashboard can be drawn from what its queries find."""

from pathlib import Path

import pytest

from provisioning.grafana.dashboards import build_all
from tests.provisioning.grafana.filled import Filled, view
from tests.provisioning.grafana.pictures import PICTURES, picture_of, save
from tests.provisioning.grafana.questions import as_json, panels_of

BOARDS = {uid: as_json(board) for uid, board in build_all().items()}


@pytest.mark.slow
@pytest.mark.parametrize("uid", BOARDS)
def test_a_picture_has_every_panel_with_something_in_it(
    watched: Filled, uid: str, tmp_path: Path
):
    picture = picture_of(BOARDS[uid], watched, view())
    save(picture, tmp_path / "picture.png")
    written = {text.get_text() for text in picture.axes[0].texts}
    for panel in panels_of(BOARDS[uid]):
        assert panel["title"] in written
        if "rawSql" in panel["targets"][0]:
            assert panel["fieldConfig"]["defaults"]["noValue"] not in written


def test_there_is_a_picture_of_each_dashboard_and_none_else():
    assert {path.stem for path in PICTURES.iterdir()} == set(BOARDS)
