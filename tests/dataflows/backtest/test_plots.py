"""Pictures can be drawn of the strangest channels."""

from pathlib import Path

import numpy as np
import pytest

from connectors.messages.samples import ParameterName
from dataflows.backtest.detections import Detection
from dataflows.backtest.plots import Picture, draw
from dataflows.backtest.recordings import Recording
from dataflows.backtest.scoring import Span
from dataflows.backtest.scoring.events import score_channel

NAN = np.nan


@pytest.mark.parametrize(
    "values",
    [[NAN, NAN, NAN], [0.0, 0.0, 0.0], [1e300, -1e300, 0], [5.0, NAN, 5.0], [7.0]],
)
@pytest.mark.parametrize("clocked", [True, False])
def test_any_values_can_be_drawn_the_same_each_time(tmp_path: Path, values, clocked):
    series = np.array(values)
    times_us = np.arange(len(series)) * 60_000_000
    recording = Recording(
        ParameterName("S", "", "v"), times_us, series, labels=None, clocked=clocked
    )
    scores = np.where(np.isfinite(series), 2.0, NAN)
    nothing = np.full(len(series), NAN)
    for file in (tmp_path / "1.png", tmp_path / "2.png"):
        detection = Detection(scores, nothing, nothing)
        labels = [Span(0, 0)] if clocked else None
        score = score_channel("/S/v", "S", scores >= 1, times_us, labels)
        draw(Picture(recording, detection, score, "V", file))
    first, second = (
        file.read_bytes() for file in (tmp_path / "1.png", tmp_path / "2.png")
    )
    assert first == second
