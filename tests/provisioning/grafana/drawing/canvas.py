"""A page in pixels, from its upper left corner, as a browser counts them."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Rectangle

from tests.provisioning.grafana.drawing.theme import FONT, NORMAL, PAGE, TEXT

# A point is a pixel of the page.
POINTS_PER_INCH = 72


@dataclass(frozen=True, slots=True)
class Box:
    """A part of the page."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.top + self.height

    @property
    def middle(self) -> tuple[float, float]:
        """Its middle."""
        return self.left + self.width / 2, self.top + self.height / 2

    def inside(
        self, left: float, top: float, right: float | None = None, bottom: float = 0
    ) -> Box:
        """What is left of it within margins; that on the right is as on the left."""
        width = self.width - left - (left if right is None else right)
        return Box(self.left + left, self.top + top, width, self.height - top - bottom)


class Canvas:
    """What everything is drawn on."""

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        size = width / POINTS_PER_INCH, height / POINTS_PER_INCH
        self.figure = Figure(figsize=size, facecolor=PAGE)
        self._page = self.axes(Box(0, 0, width, height))
        self._page.set_axis_off()
        self._page.set(xlim=(0, width), ylim=(height, 0), zorder=-1)

    @property
    def texts(self) -> list[str]:
        """What was written, but at axes."""
        return [text.get_text() for text in self._page.texts]

    def axes(self, box: Box) -> Axes:
        """Axes that fill a part of the page."""
        return self.figure.add_axes(
            (
                box.left / self.width,
                1 - box.bottom / self.height,
                box.width / self.width,
                box.height / self.height,
            ),
            facecolor="none",
        )

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float = NORMAL,
        colour: str = TEXT,
        align: str = "left",
        bold: bool = False,
        upwards: bool = False,
    ) -> None:
        """A line of text with its middle at `y`; `align` says which part is at `x`."""
        self._page.text(
            x,
            y,
            text,
            size=size,
            color=colour,
            ha=align,
            va="center" if upwards else "center_baseline",
            weight="bold" if bold else "normal",
            rotation=90 if upwards else 0,
            family=FONT,
            parse_math=False,
        )

    def block(self, box: Box, colour: str, alpha: float = 1) -> None:
        """A filled rectangle."""
        at = box.left, box.top
        self._page.add_patch(
            Rectangle(at, box.width, box.height, facecolor=colour, alpha=alpha, lw=0)
        )

    def frame(self, box: Box, colour: str, edge: str, radius: float = 2) -> None:
        """A filled rectangle with round corners and an edge."""
        inner = box.inside(radius, radius, bottom=radius)
        style = f"round,pad={radius},rounding_size={radius}"
        at = inner.left, inner.top
        self._page.add_patch(
            FancyBboxPatch(
                at,
                inner.width,
                inner.height,
                boxstyle=style,
                facecolor=colour,
                edgecolor=edge,
                lw=1,
            )
        )

    def line(
        self, x: tuple[float, float], y: tuple[float, float], colour: str, wide: float
    ) -> None:
        """A line from one point to another."""
        self._page.plot(x, y, color=colour, lw=wide, solid_capstyle="butt")
