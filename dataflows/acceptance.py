"""Whether detectors still reach the figures that were accepted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from connectors.errors import SettingsError
from connectors.scores_file import (
    AcceptedFigure,
    AcceptedScores,
    read_scores,
    write_scores,
)
from dataflows.recordings import Recording
from dataflows.scoring.accepted import Accepted, changes, renewed, unknown
from dataflows.scoring.figures import Figures


class Acceptance:
    """The accepted figures of a file; raises SettingsError where it holds none."""

    def __init__(self, file: Path) -> None:
        self._file = file
        scores = read_scores(file)
        self._channels, self._labels = scores.channels, scores.labels
        self._accepted = {
            name: Accepted(figure.accepted, figure.tolerance)
            for name, figure in scores.figures.items()
        }
        strange = unknown(self._accepted)
        if strange:
            raise SettingsError(str(file), f"there is no figure {strange[0]}")

    def refuse_others(self, recordings: Sequence[Recording], accept: bool) -> None:
        """Raises SettingsError for other recordings than figures were accepted for.

        To `accept` new figures, recordings need labels only.
        """
        labels = sum(len(one.labels or ()) for one in recordings)
        if not labels:
            raise SettingsError(str(self._file), "there are no labels to score by")
        if not accept and (len(recordings), labels) != (self._channels, self._labels):
            raise SettingsError(
                str(self._file),
                f"accepted for {self._channels} channels with {self._labels} labels, "
                f"not for {len(recordings)} with {labels}",
            )

    def check(self, figures: Figures) -> tuple[bool, list[str]]:
        """Whether no figure fell, and lines for people."""
        fallen, risen = changes(figures, self._accepted)
        if fallen:
            last = f"Fallen below {self._file}."
        else:
            last = (
                f"As good as {self._file}" + "; --accept keeps it" * bool(risen) + "."
            )
        return not fallen, [*fallen, *risen, last]

    def accept(self, figures: Figures) -> str:
        """Replaces what was accepted, but for the tolerances; a line for people."""
        kept = {
            name: AcceptedFigure(figure.accepted, figure.tolerance)
            for name, figure in renewed(figures, self._accepted).items()
        }
        scores = AcceptedScores(figures.channels, figures.labels or 0, kept)
        write_scores(self._file, scores)
        return f"Accepted: {self._file} holds these figures now."
