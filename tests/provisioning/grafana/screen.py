"""What Grafana shows of dashboards, by its own code: screen.cjs, which Node runs."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.provisioning.grafana.frames import Frame
from tests.provisioning.grafana.macros import View
from tests.provisioning.grafana.questions import Json

SCRIPT = Path(__file__).with_name("screen.cjs")
# Of what Grafana puts into links by itself.
GIVEN = {
    "database": "orbitwatch_database",
    "metrics": "orbitwatch_metrics",
    "__url_time_range": "from=now-6h&to=now",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """What a panel shows, as screen.cjs tells it; a frame is a list of columns."""

    panel: Json
    series: Sequence[Sequence[Json]]
    overrides: Sequence[Sequence[str]]
    layers: Sequence[Sequence[int]]
    figures: Sequence[Json]

    @property
    def columns(self) -> list[Json]:
        """The columns of all frames."""
        return [column for frame in self.series for column in frame]

    @property
    def cells(self) -> list[tuple[Any, Json]]:
        """All values, each with how it is shown."""
        return [
            (value, cell)
            for column in self.columns
            for value, cell in zip(column["values"], column["cells"], strict=True)
        ]


@dataclass(frozen=True, slots=True)
class Screen:
    """Panels, and the names that Grafana knows of units, reducers and so on."""

    panels: Sequence[Shown]
    known: Mapping[str, frozenset[str]]


def shown(
    libraries: Path, panels: Sequence[tuple[Json, Sequence[Frame]]], view: View
) -> Screen:
    """What Grafana makes of panels and of the frames that answer their queries."""
    chosen = {
        name: value if isinstance(value, str) else value[0]
        for name, value in view.variables.items()
    }
    given = {
        "panels": [
            {"panel": panel, "frames": [asdict(frame) for frame in frames]}
            for panel, frames in panels
        ],
        "values": chosen | GIVEN,
    }
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "screen.cjs"
        # One file of what Node loads in other ways in other versions.
        bundle = libraries / "esbuild/bin/esbuild"
        options = ["--bundle", "--platform=node", f"--outfile={script}"]
        _run_node([bundle, SCRIPT, *options], {"NODE_PATH": str(libraries)})
        told = json.loads(_run_node([script], {}, json.dumps(given)))
    return Screen(
        [
            Shown(panel=panel, **found)
            for (panel, _), found in zip(panels, told["panels"], strict=True)
        ],
        {kind: frozenset(names) for kind, names in told["known"].items()},
    )


def _run_node(
    command: Sequence[Path | str], settings: Mapping[str, str], given: str = ""
) -> str:
    done = subprocess.run(
        ["node", *command],
        input=given,
        env={"PATH": os.environ["PATH"], **settings},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
