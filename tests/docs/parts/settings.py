"""Every setting with its default and meaning."""

from __future__ import annotations

from dataclasses import fields

from connectors.settings import Settings, variable
from tests.docs.parts.tables import table


def settings_table() -> str:
    """The settings in their order."""
    return table(
        ("setting", "default", "meaning"),
        (
            (
                f"`{variable(item.name)}`",
                _shown(item.metadata),
                item.metadata["meaning"],
            )
            for item in fields(Settings)
            if item.metadata
        ),
    )


def _shown(metadata: object) -> str:
    default = metadata["default"]  # type: ignore[index]
    return f"`{default}`" if default else ""
