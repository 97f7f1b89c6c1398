"""Colours and letters of Grafana's dark theme."""

from __future__ import annotations

from functools import lru_cache

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath

PAGE, PANEL, BORDER, GRID = "#111217", "#181B1F", "#2E3036", "#26292E"
TEXT, FAINT, LINK, FIELD = "#CCCCDC", "#8D8E9A", "#6E9FFF", "#22252B"
FONT = "DejaVu Sans"
SMALL, NORMAL, LARGE = 11.0, 12.0, 15.0
"""Sizes of letters, in pixels of the page."""

NAMED = {
    "green": "#73BF69",
    "red": "#F2495C",
    "yellow": "#FADE2A",
    "orange": "#FF9830",
    "blue": "#5794F2",
    "purple": "#B877D9",
    "dark-green": "#37872D",
    "light-blue": "#8AB8FF",
    "semi-dark-orange": "#FF780A",
    "semi-dark-yellow": "#F2CC0C",
    "text": TEXT,
}
PALETTE = (
    "green", "semi-dark-yellow", "light-blue", "semi-dark-orange", "red", "blue",
    "purple", "#705DA0", "dark-green", "yellow", "#447EBC", "#C15C17",
)  # fmt: skip
"""Grafana's classic palette: series without a colour of their own, in order."""


def colour(name: str) -> str:
    """A colour as digits, from Grafana's name of it."""
    return NAMED.get(name, name)


def colour_in_turn(number: int) -> str:
    """The colour of a series that has none of its own."""
    return colour(PALETTE[number % len(PALETTE)])


def readable_on(background: str) -> str:
    """Black or white, whichever can be read."""
    red, green, blue = (int(background[at : at + 2], 16) for at in (1, 3, 5))
    return "#111217" if 0.3 * red + 0.6 * green + 0.1 * blue > 120 else "#FFFFFF"


@lru_cache(10_000)
def width_px(text: str, size: float = NORMAL, bold: bool = False) -> float:
    """How wide a text is."""
    letters = FontProperties(
        family=FONT, size=size, weight="bold" if bold else "normal"
    )
    width: float = TextToPath().get_text_width_height_descent(text, letters, False)[0]
    return width


def shortened(
    text: str, room_px: float, size: float = NORMAL, bold: bool = False
) -> str:
    """A text cut to the room that it has."""
    if width_px(text, size, bold) <= room_px:
        return text
    while text and width_px(text + "…", size, bold) > room_px:
        text = text[:-1]
    return text.rstrip() + "…" if text else ""
