"""The report as a picture: a panel a part and quantity, a bar a case."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tests.benchmarks.figures import Findings, Table

BAR_INCHES = 0.24
PANEL_INCHES = 1.1
WIDTH_INCHES = 12.0
LOGARITHMIC_FROM = 30.0


def draw(findings: Sequence[Findings], file: Path) -> None:
    """Draws two quantities a table; whiskers are the lowest and highest round."""
    tables = [
        (part.part, table) for part in findings for table in part.tables if table.rounds
    ]
    if not tables:
        return
    heights = [len(table.rounds) * BAR_INCHES + PANEL_INCHES for _, table in tables]
    figure = Figure(figsize=(WIDTH_INCHES, sum(heights)), layout="constrained")
    panels = figure.subplots(
        len(tables), 2, squeeze=False, gridspec_kw={"height_ratios": heights}
    )
    for (part, table), row in zip(tables, panels, strict=True):
        for panel, quantity in zip(row, table.quantities, strict=False):
            _bars(panel, table, quantity)
            panel.set_title(f"{part}: {quantity}", loc="left", fontsize=9)
        for unused in row[len(table.quantities) :]:
            unused.set_axis_off()
    figure.savefig(file, dpi=110)


def _bars(panel: Axes, table: Table, quantity: str) -> None:
    spreads = {case: table.spread(case, quantity) for case in table.rounds}
    found = {case: spread for case, spread in spreads.items() if spread}
    middles = [spread.median for spread in found.values()]
    below = [spread.median - spread.low for spread in found.values()]
    above = [spread.high - spread.median for spread in found.values()]
    panel.barh(list(found), middles, xerr=(below, above), color="#4878a8", capsize=2)
    panel.invert_yaxis()
    panel.tick_params(labelsize=7)
    if min(middles) > 0 and max(middles) > LOGARITHMIC_FROM * min(middles):
        panel.set_xscale("log")
