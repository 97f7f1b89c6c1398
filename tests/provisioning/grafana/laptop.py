"""How large panels are on a laptop of 1440 pixels, with Grafana's menu beside them."""

from __future__ import annotations

from tests.provisioning.grafana.drawing.page import (
    COLUMNS,
    GAP_PX,
    PANEL_TITLE_PX,
    ROW_PX,
)
from tests.provisioning.grafana.questions import Json

# Without Grafana's menu, and the margins of its page.
PAGE_PX = 1440 - 300 - 2 * 16
# Of panels, around what they show.
PADDING_PX = 8


def panel_width_px(panel: Json) -> float:
    """The width of a panel, with its frame."""
    return float(panel["gridPos"]["w"] * (PAGE_PX + GAP_PX) / COLUMNS - GAP_PX)


def panel_height_px(panel: Json) -> float:
    """The height of a panel below its title."""
    return float(panel["gridPos"]["h"] * (ROW_PX + GAP_PX) - GAP_PX - PANEL_TITLE_PX)
