"""Detectors tried on recordings: their alarms judged, compared and drawn."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from connectors.files.parameters import DetectorSet
from dataflows.backtest.detections import BASELINES, detect_all, each
from dataflows.backtest.recordings import Recording
from dataflows.backtest.scoring import Flags
from dataflows.backtest.scoring.events import ChannelScore, score_channel
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
        self._merge_gap, self._blind, self._jobs = merge_gap, blind, jobs
        self._by_channel = {one.channel: one for one in recordings}

    def place(self, channel: str, index: int) -> str:
        """Where a scored sample is, for people."""
        return self._by_channel[channel].place(index)

    def run(self, name: str, detectors: DetectorSet) -> Run:
        """The scores of detectors; raises SettingsError where these are none."""
        found = detect_all(self.recordings, detectors, self._jobs)
        return Run(name, self._judged([one.scores >= 1.0 for one in found]))

    def baselines(self) -> list[Run]:
        """The scores of detectors that know nothing."""
        return [
            Run(name, self._judged([flag(one) for one in self.recordings]), True)
            for name, flag in BASELINES.items()
        ]

    def _judged(self, flags: Sequence[Flags]) -> list[ChannelScore]:
        pairs = zip(self.recordings, flags, strict=True)
        return [self._judge(recording, own) for recording, own in pairs]

    def _judge(self, recording: Recording, flags: Flags) -> ChannelScore:
        seen = flags.copy()
        seen[: self._blind] = False
        return score_channel(
            recording.channel,
            recording.name.spacecraft,
            seen,
            recording.times_us[recording.scored_from :],
            recording.labels,
            self._merge_gap,
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
