"""Every dashboard of Grafana in a line."""

from __future__ import annotations

import json

from provisioning.grafana.__main__ import GENERATED as JSON
from tests.docs.parts.tables import table


def dashboards() -> str:
    """The dashboards by title."""
    boards = [json.loads(file.read_text(encoding="utf-8")) for file in JSON.iterdir()]
    rows = sorted((board["title"], board["description"]) for board in boards)
    return table(("dashboard", "what it shows"), rows)
