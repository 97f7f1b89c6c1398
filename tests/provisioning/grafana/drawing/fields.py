"""What a dashboard says of one column or series: unit, colour, texts, overrides."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.provisioning.grafana.drawing import theme, units
from tests.provisioning.grafana.questions import Json

# What Grafana takes where a panel of a kind that goes by thresholds has none.
DEFAULT_STEPS = ({"value": None, "color": "green"}, {"value": 80, "color": "red"})


@dataclass(frozen=True, slots=True)
class Field:
    """A column or series, with what was set for it.

    Settings are named as overrides name them: `unit`, `custom.lineWidth`.
    """

    name: str
    settings: Mapping[str, Any]

    @property
    def title(self) -> str:
        """What it is called on the screen."""
        title = str(self.settings.get("displayName") or self.name)
        # Labels: the only one is that which names the series.
        return re.sub(r"\$\{__field\.\w+(\.\w+)?\}", self.name, title)

    @property
    def unit(self) -> str:
        """Grafana's identifier of the unit."""
        return str(self.settings.get("unit", "none"))

    def custom(self, name: str, default: Any = None) -> Any:
        """A setting of the panel's own kind."""
        return self.settings.get(f"custom.{name}", default)

    def shown(self, value: Any) -> str:
        """A value as text."""
        if (mapped := self._mapped(value)) is not None and mapped.get("text"):
            return str(mapped["text"])
        if value is None:
            return ""
        if isinstance(value, datetime):
            return units.shown_time(value, self.unit)
        if is_number(value) and self.unit == "string":
            return f"{float(value):.15g}"
        if is_number(value):
            return units.shown(float(value), self.unit, self.settings.get("decimals"))
        return str(value)

    def mapped_colour(self, value: Any) -> str | None:
        """The colour that this very value was given."""
        mapped = self._mapped(value) or {}
        return theme.colour(mapped["color"]) if mapped.get("color") else None

    def fixed_colour(self) -> str | None:
        """The colour that all its values were given."""
        setting = self.settings.get("color", {})
        fixed = setting.get("fixedColor") if setting.get("mode") == "fixed" else None
        return theme.colour(fixed) if fixed else None

    def colour(self, value: Any) -> str:
        """The colour of a value where there is one for any."""
        found = self.mapped_colour(value) or self.fixed_colour()
        return found or self._by_threshold(value)

    def threshold_steps(self) -> list[tuple[float, str]]:
        """From which value on there is which colour."""
        steps = self.settings.get("thresholds", {}).get("steps", DEFAULT_STEPS)
        lowest = float("-inf")
        return [
            (
                lowest if step.get("value") is None else float(step["value"]),
                theme.colour(step["color"]),
            )
            for step in steps
        ]

    def _by_threshold(self, value: Any) -> str:
        number = float(value) if is_number(value) else float("-inf")
        return [colour for since, colour in self.threshold_steps() if number >= since][
            -1
        ]

    def _mapped(self, value: Any) -> Json | None:
        key = f"{float(value):g}" if is_number(value) else str(value)
        for mapping in self.settings.get("mappings", ()):
            if mapping["type"] == "value" and key in mapping["options"]:
                found: Json = mapping["options"][key]
                return found
        return None


def field_of(panel: Json, name: str, reference: str = "A") -> Field:
    """A field with the panel's settings, and the overrides that are meant for it."""
    settings = _flat(panel["fieldConfig"]["defaults"])
    for override in panel["fieldConfig"].get("overrides", []):
        if _is_meant(override["matcher"], name, reference):
            settings |= {one["id"]: one.get("value") for one in override["properties"]}
    return Field(name, settings)


def is_number(value: Any) -> bool:
    """Whether a value is a number, of whatever type."""
    return not isinstance(value, str | bool) and hasattr(value, "__float__")


def _flat(defaults: Json) -> dict[str, Any]:
    custom = defaults.get("custom", {})
    return {**defaults, **{f"custom.{name}": one for name, one in custom.items()}}


def _is_meant(matcher: Json, name: str, reference: str) -> bool:
    wanted = matcher["options"]
    match matcher["id"]:
        case "byName":
            return bool(wanted == name)
        case "byRegexp":
            return re.search(wanted.strip("/"), name) is not None
        case "byFrameRefID":
            return bool(wanted == reference)
    raise ValueError(f"{matcher['id']} is no matcher that is known here")
