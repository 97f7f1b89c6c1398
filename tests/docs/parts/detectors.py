"""The detectors: what each does, how long it learns, and its settings."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any

from connectors.messages.findings import Severity
from dataflows.detectors.limits import Limits
from dataflows.detectors.registry import BY_DEFAULT, DETECTORS, DRIFT_DETECTORS
from dataflows.verdicts.build import OTHERS
from dataflows.verdicts.staleness import Staleness
from tests.docs.parts.tables import table

# Given as `soft` and `hard`, not among the settings.
EDGES = ("soft_low", "soft_high", "hard_low", "hard_high")
LEARNS: Mapping[str, Callable[[Any], int]] = {
    "record_envelope": lambda it: it.blind_samples,
    "arx_residual": lambda it: it.blind_samples,
    "rolling_z_score": lambda it: it.warm_up_samples,
    "weighted_z_score": lambda it: it.warm_up_samples,
    "rolling_median": lambda it: it.warm_up_samples,
    "peaks_over_threshold": lambda it: it.depth_samples + it.calibration_samples,
    # One window for the scale, one for the reference, one for the usual scores.
    "half_space_trees": lambda it: 3 * it.window_samples,
    "stuck_value": lambda it: it.warm_up_samples,
}
"""How many samples a detector takes before it can find anything, by its settings."""


def detectors_table() -> str:
    """Every detector in a line."""
    kinds: list[Any] = [
        Limits,
        *DETECTORS.values(),
        *DRIFT_DETECTORS.values(),
        Staleness,
    ]
    return table(
        ("detector", "what it does", "learns for"),
        ((_name(kind), _summary(kind), _learning(kind)) for kind in kinds),
    )


def _name(kind: Any) -> str:
    return f"`{kind.name}`{' (by default)' if kind.name in BY_DEFAULT else ''}"


def _learning(kind: Any) -> str:
    if kind.name in DRIFT_DETECTORS:
        return "tells of drifts only"
    learns = LEARNS.get(kind.name)
    return f"{learns(kind())} samples" if learns else "nothing"


def detector_settings() -> str:
    """Every detector with its settings, their defaults and meaning."""
    kinds: list[Any] = [*DETECTORS.values(), *DRIFT_DETECTORS.values(), *OTHERS]
    return "\n\n".join(map(section, sorted(kinds, key=lambda kind: str(kind.name))))


def severities() -> str:
    """The severities, from the least to the worst."""
    return " < ".join(f"`{one.name}`" for one in Severity) + "\n"


def section(kind: Any) -> str:
    """A detector's text and its settings."""
    defaults = inspect.signature(kind).parameters
    meanings = _arguments_of(kind)
    rows = (
        (f"`{key}`", _shown(defaults[key].default), meanings[key])
        for key in kind.rules
        if key not in EDGES
    )
    heads = ("setting", "default", "meaning")
    return f"## {kind.name}\n\n{_prose(kind)}\n\n{table(heads, rows)}"


def _prose(kind: type) -> str:
    """What a class's docstring says before its arguments."""
    return (inspect.getdoc(kind) or "").partition("\n\nArgs:")[0].strip()


def _summary(kind: type) -> str:
    return " ".join(_prose(kind).partition("\n\n")[0].split())


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
