"""Pictures of boxes and arrows as SVG, laid out from top to bottom.

They need no program to be shown, on a page or by itself, and ask nothing of the net.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

LETTER, LINE, PADDING = 7.4, 18, 12
ACROSS, DOWN, MARGIN = 28, 44, 14
STYLE = (
    "text{font:13px ui-sans-serif,system-ui,sans-serif;fill:#1c2733}"
    ".small{font-size:11px;fill:#51606e}"
    "rect.box{fill:#eef3f8;stroke:#5b7a99;stroke-width:1.2}"
    "rect.outside{fill:#fff;stroke-dasharray:5 4}"
    "path{fill:none;stroke:#5b7a99;stroke-width:1.4;marker-end:url(#tip)}"
    "path.tip{fill:#5b7a99;stroke:none;marker-end:none}"
)


@dataclass(frozen=True, slots=True)
class Box:
    """A box: its title, and smaller lines below it; dashed if it is not ours."""

    title: str
    lines: Sequence[str] = ()
    outside: bool = False

    @property
    def width(self) -> float:
        """As wide as its longest line."""
        widths = [len(self.title), *(0.86 * len(line) for line in self.lines)]
        return LETTER * max(widths) + 2 * PADDING

    @property
    def height(self) -> float:
        """As high as its lines."""
        return LINE * (1 + len(self.lines)) + PADDING


@dataclass(frozen=True, slots=True)
class Picture:
    """Boxes by their names, and arrows between them, each with what goes along it."""

    title: str
    boxes: Mapping[str, Box]
    arrows: Sequence[tuple[str, str, str]]
    _places: dict[str, tuple[float, float]] = field(default_factory=dict)

    def svg(self) -> str:
        """The picture."""
        rows = self._rows()
        width = max(self._width(row) for row in rows) + 2 * MARGIN
        height = self._place(rows, width)
        parts = [*map(self._arrow, self.arrows), *map(self._box, self.boxes)]
        return (
            '<svg xmlns="http://www.w3.org/2000/svg" role="img" '
            f'viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}">\n'
            f"<title>{escape(self.title)}</title>\n<style>{STYLE}</style>\n"
            '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" '
            'markerWidth="8" markerHeight="8" orient="auto">'
            '<path class="tip" d="M0 0 8 4 0 8z"/></marker></defs>\n'
            f'<rect width="{width:.0f}" height="{height:.0f}" fill="#fff"/>\n'
            + "\n".join(parts)
            + "\n</svg>\n"
        )

    def _rows(self) -> list[list[str]]:
        """The names, each a row below all that lead to it."""
        row_of: dict[str, int] = {}
        for name in self.boxes:
            self._sink(name, row_of)
        rows: list[list[str]] = [[] for _ in range(max(row_of.values()) + 1)]
        for name, row in row_of.items():
            rows[row].append(name)
        for names in rows[1:]:
            names.sort(key=lambda name: self._from(name, rows))
        return rows

    def _sink(self, name: str, row_of: dict[str, int]) -> int:
        if name not in row_of:
            before = [source for source, target, _ in self.arrows if target == name]
            rows = [self._sink(source, row_of) for source in before]
            row_of[name] = 1 + max(rows, default=-1)
        return row_of[name]

    def _from(self, name: str, rows: list[list[str]]) -> float:
        """How far to the right that stands which leads to it."""
        shares = [
            (row.index(source) + 0.5) / len(row)
            for source, target, _ in self.arrows
            if target == name
            for row in rows
            if source in row
        ]
        return sum(shares) / len(shares)

    def _width(self, row: Sequence[str]) -> float:
        return sum(self.boxes[name].width for name in row) + ACROSS * (len(row) - 1)

    def _place(self, rows: Sequence[Sequence[str]], width: float) -> float:
        """Finds the places of all boxes, and the height of the whole."""
        y = float(MARGIN)
        for row in rows:
            x = (width - self._width(row)) / 2
            for name in row:
                self._places[name] = x, y
                x += self.boxes[name].width + ACROSS
            y += max(self.boxes[name].height for name in row) + DOWN
        return y - DOWN + MARGIN

    def _box(self, name: str) -> str:
        box, (x, y) = self.boxes[name], self._places[name]
        middle = x + box.width / 2
        kind = "box outside" if box.outside else "box"
        texts = [
            f'<text class="{"small" if row else "title"}" text-anchor="middle" '
            f'x="{middle:.1f}" y="{y + LINE * (1 + row):.1f}">{escape(line)}</text>'
            for row, line in enumerate([box.title, *box.lines])
        ]
        return (
            f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" rx="5" '
            f'width="{box.width:.1f}" height="{box.height:.1f}"/>' + "".join(texts)
        )

    def _arrow(self, arrow: tuple[str, str, str]) -> str:
        source, target, what = arrow
        (x1, y1), (x2, y2) = self._places[source], self._places[target]
        x1 += self.boxes[source].width / 2
        y1 += self.boxes[source].height
        x2 += self.boxes[target].width / 2
        bend = (y2 - y1) / 2
        line = (
            f'<path d="M{x1:.1f} {y1:.1f}C{x1:.1f} {y1 + bend:.1f} '
            f'{x2:.1f} {y2 - bend:.1f} {x2:.1f} {y2:.1f}"/>'
        )
        if not what:
            return line
        x, y = (x1 + x2) / 2 + 6, (y1 + y2) / 2 + 4
        return (
            f'{line}<text class="small" x="{x:.1f}" y="{y:.1f}">{escape(what)}</text>'
        )
