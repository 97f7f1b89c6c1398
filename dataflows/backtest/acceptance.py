"""Whether a run still reaches the figures that were accepted."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from connectors.errors import SettingsError
from connectors.files.scores_file import (
    AcceptedFigure,
    AcceptedScores,
    read_scores,
    write_scores,
)
from dataflows.backtest.scoring.accepted import Accepted, changes, renewed


class Acceptance:
    """The accepted figures of a file; raises SettingsError where it holds none.

    `better` says of each figure that there is whether more is better (1) or less (-1).
    """

    def __init__(self, file: Path, better: Mapping[str, int]) -> None:
        self._file, self._better = file, better
        scores = read_scores(file)
        self._recorded = scores.recorded
        self._accepted = {
            name: Accepted(figure.accepted, figure.tolerance)
            for name, figure in scores.figures.items()
        }
        strange = sorted(set(self._accepted) - set(better))
        if strange:
            raise SettingsError(str(file), f"there is no figure {strange[0]}")

    def refuse_others(self, recorded: Mapping[str, int], accept: bool) -> None:
        """Raises SettingsError for other recordings than figures were accepted for.

        To `accept` new figures, any will do.
        """
        if not accept and recorded != self._recorded:
            was, now = _counted(self._recorded), _counted(recorded)
            raise SettingsError(str(self._file), f"accepted for {was}, not for {now}")

    def verdict(
        self,
        figures: Mapping[str, float | None],
        recorded: Mapping[str, int],
        accept: bool,
    ) -> tuple[bool, str]:
        """Whether no figure fell, and lines for people.

        To `accept` replaces what was accepted, but for the tolerances.
        """
        if accept:
            kept = {
                name: AcceptedFigure(figure.accepted, figure.tolerance)
                for name, figure in renewed(figures, self._accepted).items()
            }
            write_scores(self._file, AcceptedScores(recorded, kept))
            return True, f"Accepted: {self._file} holds these figures now."
        fallen, risen = changes(figures, self._accepted, self._better)
        if fallen:
            last = f"Fallen below {self._file}."
        else:
            last = (
                f"As good as {self._file}" + "; --accept keeps it" * bool(risen) + "."
            )
        return not fallen, "\n".join([*fallen, *risen, last])


def _counted(recorded: Mapping[str, int]) -> str:
    return " with ".join(f"{count} {name}" for name, count in recorded.items())
