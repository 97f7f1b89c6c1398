"""`python -m provisioning.grafana` writes the dashboards' JSON anew."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from provisioning.grafana.dashboards import build_all

GENERATED = Path(__file__).with_name("generated")


def documents() -> Mapping[str, str]:
    """What has to be in the folder `generated`, by the names of the files."""
    return {
        f"{uid}.json": json.dumps(board, cls=JSONEncoder, indent=2, sort_keys=True)
        + "\n"
        for uid, board in build_all().items()
    }


def write(folder: Path = GENERATED) -> None:
    """Writes all dashboards, and removes those that are no more."""
    made = documents()
    for old in folder.glob("*.json"):
        if old.name not in made:
            old.unlink()
    for name, text in made.items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
