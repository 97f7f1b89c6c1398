"""A file of accepted scores, such as `provisioning/scores.yaml`, read and written.

channels: 41                          # how much was recorded that the figures are of
labels: 52
figures:
  recall: {accepted: 0.8, tolerance: 0.02}
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import takewhile
from pathlib import Path

import msgspec

from connectors.errors import SettingsError, one_line
from connectors.files.plain_yaml import read_yaml


class AcceptedFigure(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A figure, and by how much it may get worse."""

    accepted: float
    tolerance: float


class AcceptedScores(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The figures that were accepted, and of how much of what they are."""

    recorded: Mapping[str, int]
    figures: Mapping[str, AcceptedFigure]


def read_scores(file: Path) -> AcceptedScores:
    """What was accepted; raises SettingsError for anything not as described above."""
    try:
        content = msgspec.convert(read_yaml(file.read_bytes()), dict[str, object])
        figures = content.pop("figures", None)
        return msgspec.convert(
            {"recorded": content, "figures": figures}, AcceptedScores
        )
    except (msgspec.DecodeError, OSError, ValueError) as error:
        problem = getattr(error, "strerror", None) or one_line(error)
        raise SettingsError(str(file), problem) from None


def write_scores(file: Path, scores: AcceptedScores) -> None:
    """Replaces what was accepted, but for the remarks that the file begins with.

    Raises SettingsError where that cannot be done.
    """
    lines = [f"{name}: {count}" for name, count in scores.recorded.items()]
    lines += ["figures:"]
    lines += [
        f"  {name}: {{accepted: {_number(figure.accepted)}, "
        f"tolerance: {_number(figure.tolerance)}}}"
        for name, figure in scores.figures.items()
    ]
    try:
        before = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        remarks = takewhile(lambda line: line.startswith("#"), before)
        file.write_text("\n".join([*remarks, *lines]) + "\n", encoding="utf-8")
    except OSError as error:
        raise SettingsError(str(file), error.strerror or str(error)) from None


def _number(value: float) -> str:
    """The digits: 5e-05 is a text to other readers of YAML."""
    text = f"{value:.9f}".rstrip("0")
    return text + "0" if text.endswith(".") else text
