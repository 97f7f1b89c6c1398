"""The dashboards: each module here is one, which its `board()` makes."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules

from grafana_foundation_sdk.models.dashboard import Dashboard

from provisioning.grafana.board import Board


def build_all() -> Mapping[str, Dashboard]:
    """All dashboards by their uid, which is the name of their module."""
    boards: dict[str, Board] = {
        found.name: import_module(f"{__name__}.{found.name}").board()
        for found in iter_modules(__path__)
    }
    return {uid: board.build(uid) for uid, board in sorted(boards.items())}
