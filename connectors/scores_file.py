"""The file of accepted scores, `provisioning/scores.yaml`, read and written.

channels: 41                          # of the recordings the figures are of
labels: 52
figures:
  recall: {accepted: 0.8, tolerance: 0.02}
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from connectors.errors import SettingsError, one_line

HEADER = """\
# What the default detectors reach on the recordings that `make scores` is run on, and
# by how much each figure may get worse. After a change that is meant:
# make scores ACCEPT=1
"""


class AcceptedFigure(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A figure, and by how much it may get worse."""

    accepted: float
    tolerance: float


class AcceptedScores(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The figures that were accepted, and how many channels and labels they are of."""

    channels: int
    labels: int
    figures: Mapping[str, AcceptedFigure]


def read_scores(file: Path) -> AcceptedScores:
    """What was accepted; raises SettingsError for anything not as described above."""
    try:
        return msgspec.yaml.decode(file.read_bytes(), type=AcceptedScores)
    except (msgspec.DecodeError, OSError, ValueError) as error:
        problem = getattr(error, "strerror", None) or one_line(error)
        raise SettingsError(str(file), problem) from None


def write_scores(file: Path, scores: AcceptedScores) -> None:
    """Replaces what was accepted; raises SettingsError where that cannot be done."""
    lines = [f"channels: {scores.channels}", f"labels: {scores.labels}", "figures:"]
    lines += [
        f"  {name}: {{accepted: {figure.accepted!r}, tolerance: {figure.tolerance!r}}}"
        for name, figure in scores.figures.items()
    ]
    try:
        file.write_text(HEADER + "\n".join(lines) + "\n", encoding="utf-8")
    except OSError as error:
        raise SettingsError(str(file), error.strerror or str(error)) from None
