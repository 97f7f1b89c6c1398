"""Detectors tried on recordings: their alarms judged, compared and drawn."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from connectors.files.parameters import DetectorSet
from dataflows.backtest.detections import BASELINES, Raised, detect_all, each
from dataflows.backtest.recordings import Recording
from dataflows.backtest.scoring import Flags
from dataflows.backtest.scoring.events import ChannelScore, Why, score_channel
from dataflows.backtest.scoring.report import Run


class Trial:
    """Recordings, and how alarms on them are judged.

    Args:
        recordings: what detectors are tried on, each of another parameter.
        merge_gap: samples; flags closer than this are one alarm.
        blind: samples of a recording, from the first that is scored, whose alarms
            are ignored.
        jobs: how many processes run detectors.
    """

    def __init__(
        self, recordings: Sequence[Recording], merge_gap: int, blind: int, jobs: int
    ) -> None:
        self.recordings = recordings
        self._raised, self._jobs = Raised(merge_gap, blind), jobs
        self._by_channel = {one.channel: one for one in recordings}

    def place(self, channel: str, index: int) -> str:
        """Where a scored sample is, for people."""
        return self._by_channel[channel].place(index)

    def run(self, name: str, detectors: DetectorSet) -> Run:
        """The scores of detectors; raises SettingsError where these are none."""
        found = detect_all(self.recordings, detectors, self._jobs, raised=self._raised)
        flags = [one.scores >= 1.0 for one in found]
        return Run(name, self._judged(flags, [one.whys for one in found]))

    def baselines(self) -> list[Run]:
        """The scores of detectors that know nothing."""
        return [
            Run(
                name,
                self._judged(
                    [flag(one) for one in self.recordings], [()] * len(self.recordings)
                ),
                True,
            )
            for name, flag in BASELINES.items()
        ]

    def _judged(
        self, flags: Sequence[Flags], whys: Sequence[Sequence[Why]]
    ) -> list[ChannelScore]:
        found = zip(self.recordings, flags, whys, strict=True)
        return [self._judge(*one) for one in found]

    def _judge(
        self, recording: Recording, flags: Flags, whys: Sequence[Why]
    ) -> ChannelScore:
        return score_channel(
            recording.channel,
            recording.name.spacecraft,
            self._raised.seen(flags),
            recording.times_us[recording.scored_from :],
            recording.labels,
            self._raised.merge_gap,
            whys,
        )

    def plot(self, folder: Path, detectors: DetectorSet, run: Run) -> None:
        """Draws a PNG a channel into a folder, from the scores of these detectors."""
        # The package is an extra, and most runs draw nothing.
        from dataflows.backtest.plots import Picture, draw

        found = detect_all(self.recordings, detectors, self._jobs, with_band=True)
        pictures = [
            Picture(
                recording,
                detection,
                score,
                detectors.of(recording.name).unit,
                folder / f"{recording.channel.strip('/').replace('/', '_')}.png",
            )
            for recording, detection, score in zip(
                self.recordings, found, run.scores, strict=True
            )
        ]
        each(draw, pictures, self._jobs)
