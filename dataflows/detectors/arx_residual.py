"""How unusual the error is with which samples and commands predict a sample."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from connectors.messages.findings import Explanation
from dataflows.detectors.array_detector import Arrays, Run
from dataflows.detectors.arx_residual_kernel import (
    MISSING_WEIGHT,
    SCALARS,
    restart,
    run,
)
from dataflows.detectors.context_detector import ContextDetector
from dataflows.detectors.setting_rules import Flag, Number, Rules, Whole
from dataflows.state.arrays import Floats

__all__ = ["ArxResidual"]

_OWN = 4  # rows of the kernel; those of the filter follow


class ArxResidual(ContextDetector):
    """Smoothed prediction error under Telemanom's dynamic threshold, sample by sample.

    A recursive least-squares filter predicts each sample from the ten before it and
    from the commands given. The absolute error, smoothed over some 50 samples, is
    compared with a window of its past. A score of 1 and more is the distance from the
    window's mean over the threshold that fits this window best.

    Args:
        window_samples: length of the window; 2100 are Telemanom's 30 batches of 70.
        blind_samples: samples of an epoch before the first score.
        prune: share by which a flagged error exceeds all that are not.
        error_floor: least distance of an unusual error from the mean, as a share of
            the range that the parameter had so far.
        prescaled: whether values come scaled to some -1 to 1, so that 2 is taken for
            that range.
        most_context_columns: names of the context that are used.

    >>> detector = ArxResidual()
    >>> values = np.sin(np.arange(3000) / 10)
    >>> values[2900:2950] *= np.tile([0.5, 1.5], 25)
    >>> scores = detector.update(np.arange(3000), values)
    >>> int(scores[:2900].max() >= 1), int((scores >= 1).argmax())
    (0, 2900)
    """

    name = "arx_residual"
    rules: ClassVar[Rules] = {
        "window_samples": Whole(200, 3000),
        "blind_samples": Whole(100, 1_000_000),
        "prune": Number(0.0, 1.0),
        "error_floor": Number(1e-9, 1.0),
        "prescaled": Flag(),
        "most_context_columns": Whole(0, 256),
    }

    def __init__(
        self,
        *,
        window_samples: int = 2100,
        blind_samples: int = 750,
        prune: float = 0.13,
        error_floor: float = 0.0005,
        prescaled: bool = False,
        most_context_columns: int = 64,
    ) -> None:
        """Store the settings and start with an empty window."""
        self.window_samples = window_samples
        self.blind_samples = blind_samples
        self.prune = prune
        self.error_floor = error_floor
        self.prescaled = prescaled
        self.most_context_columns = most_context_columns
        self._check()
        # The units are half ranges.
        self._numbers = np.array([blind_samples, prune, 2 * error_floor], np.float64)
        self._scratch = np.empty((2, window_samples))
        scalars = np.zeros(SCALARS)
        scalars[MISSING_WEIGHT] = 1.0
        ring, flags = np.zeros(window_samples), np.zeros(window_samples)
        restart(scalars, ring, flags)
        self._start_with((scalars, ring, flags), prescaled, ("f8", "f4", "u1"))

    def begin_epoch(self) -> None:
        """Begin another window; the filter and the smoothed error carry on."""
        scalars, ring, flags, *_ = self._arrays
        restart(scalars, ring, flags)

    def _run(self, samples: Run, arrays: Arrays) -> Floats:
        bands = np.empty((_OWN + 4, len(samples.values)))
        self._predict(samples, arrays, bands[_OWN:])
        scalars, ring, flags, *_ = arrays
        numbers, own = self._numbers, bands[:_OWN]
        run(bands[_OWN:], numbers, scalars, ring, flags, self._scratch, own)
        return bands

    def _explain(self, value: float, band: Floats) -> Explanation:
        score, smoothed, low, high = map(float, band[:_OWN])
        error, _, half = map(float, band[_OWN + 1 :])
        side, limit = ("below", low) if smoothed < low else ("above", high)
        what = f"The smoothed error of prediction, {smoothed * half:.6g},"
        text = (
            f"{what} is {side} what is usual ({limit * half:.6g})."
            if score >= 1
            else f"{what} is not unusual."
        )
        return Explanation(
            self.name, value, value - error * half, None, None, limit * half, text
        )
