"""The parts of README.md that follow from the code; `make readme` rewrites them."""

import inspect
import re
from dataclasses import fields
from pathlib import Path

from bytewax.testing import TestingSink, TestingSource
from bytewax.visualize import to_mermaid
from prometheus_client import CollectorRegistry

from connectors.metrics import FlowMetrics
from connectors.parameters import Definitions
from connectors.settings import Settings, variable
from dataflows import spacecraft
from dataflows.detectors.build import DETECTORS
from dataflows.detectors.episodes import Episodes

README = Path(__file__).parents[1] / "README.md"


def diagram() -> str:
    """The `spacecraft` flow as a Mermaid diagram."""
    flow = spacecraft.build(
        TestingSource([]),
        TestingSink([]),
        TestingSink([]),
        TestingSink([]),
        Definitions(),
        FlowMetrics(CollectorRegistry()),
    )
    return f"```mermaid\n{to_mermaid(flow).strip()}\n```"


def settings_table() -> str:
    """Every setting with its default and meaning."""
    rows = ["| setting | default | meaning |", "|---|---|---|"]
    for item in fields(Settings):
        if item.metadata:
            default, meaning = item.metadata["default"], item.metadata["meaning"]
            shown = f"`{default}`" if default else ""
            rows.append(f"| `{variable(item.name)}` | {shown} | {meaning} |")
    return "\n".join(rows)


def detectors_table() -> str:
    """Every detector's settings, with defaults and meaning."""
    rows = ["| detector | setting | default | meaning |", "|---|---|---|---|"]
    for kind in (*DETECTORS.values(), Episodes):
        defaults = inspect.signature(kind).parameters
        meanings = _arguments_of(kind)
        for setting in kind.rules:
            default = _shown(defaults[setting].default)
            row = (f"`{kind.name}`", f"`{setting}`", default, meanings[setting])
            rows.append(f"| {' | '.join(row)} |")
    return "\n".join(rows)


def _shown(default: object) -> str:
    if default is None:
        return "null"
    return str(default).lower() if isinstance(default, bool) else str(default)


def _arguments_of(kind: type) -> dict[str, str]:
    """What a class's docstring says of its arguments."""
    text = inspect.getdoc(kind) or ""
    section = re.split(r"\n\n", text.partition("Args:\n")[2])[0]
    found = re.findall(r"^    (\w+): (.*(?:\n {6,}.*)*)", section, re.M)
    return {name: " ".join(meaning.split()).rstrip(".") for name, meaning in found}


GENERATED = {
    "diagram": diagram,
    "detectors": detectors_table,
    "settings": settings_table,
}


def part(name: str, text: str) -> str:
    """What stands between two markers."""
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
    return text.partition(begin)[2].partition(end)[0]


def rewritten(text: str) -> str:
    """The README with its generated parts made anew."""
    for name, generate in GENERATED.items():
        begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
        before, _, rest = text.partition(begin)
        text = f"{before}{begin}{generate()}\n{end}{rest.partition(end)[2]}"
    return text


if __name__ == "__main__":
    README.write_text(rewritten(README.read_text()))
