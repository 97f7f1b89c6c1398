"""A threshold from the tails of what was seen: SPOT and DSPOT."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from connectors.messages.findings import Explanation
from dataflows.detectors.array_detector import ArrayDetector, Arrays, Run
from dataflows.detectors.peaks_over_threshold_kernel import RATIOS, SCALARS, run
from dataflows.detectors.setting_rules import Flag, Number, Rules, Whole
from dataflows.state.arrays import Floats

__all__ = ["PeaksOverThreshold"]


class PeaksOverThreshold(ArrayDetector):
    """Limits that a sample crosses with a given small probability.

    SPOT, and DSPOT where there is a drift (Siffer et al., "Anomaly Detection in Streams
    with Extreme Value Theory", KDD 2017). Samples beyond a first threshold are peaks. A
    generalised Pareto law is fitted to the last of them, by Grimshaw's method, or by
    moments or as an exponential where these are likelier. It tells the limit.

    A sample's ratio is 0 up to the first threshold and 1 at the limit; the score is the
    smallest of the last `persistence_samples` ratios. Samples beyond a limit are not
    learnt, so that a lasting change stays an anomaly.

    Two things differ from the paper. The first sample of an anomaly counts as a peak on
    the limit. Without that, limits come nearer and nearer (on noise, 30 times as many
    alarms as asked for after 400000 samples). And the law is fitted again when a
    twentieth of its peaks is new, not at every peak.

    Args:
        probability: of a sample beyond a limit, if nothing changes.
        level: share of the first samples up to the first threshold.
        calibration_samples: samples of which the first thresholds are found.
        depth_samples: length of the window whose mean, the drift, is taken from each
            sample first; 0 for none, which is SPOT.
        kept_peaks: peaks of each side to which the law is fitted.
        two_sided: whether small values count too; a score wants large ones only.
        persistence_samples: consecutive samples that must all be beyond it.
        readapt_after_samples: anomalies in a row before they are learnt after all.

    >>> rng = np.random.default_rng(1)
    >>> detector = PeaksOverThreshold(depth_samples=0, persistence_samples=1)
    >>> scores = detector.update(np.arange(5000), rng.normal(20.0, 1.0, 5000))
    >>> bool((scores >= 1).any())
    False
    >>> detector.update(np.arange(1), np.array([28.0])).round(1).tolist()
    [3.3]
    >>> detector.explain(0).text
    '28 is above its limit 24.1178, set for a probability of 1e-05.'
    """

    name = "peaks_over_threshold"
    rules: ClassVar[Rules] = {
        "probability": Number(1e-12, 0.1),
        "level": Number(0.5, 0.999),
        "calibration_samples": Whole(50, 4000),
        "depth_samples": Whole(0, 4000),
        "kept_peaks": Whole(10, 1000),
        "two_sided": Flag(),
        "persistence_samples": Whole(1, 100),
        "readapt_after_samples": Whole(0, 1_000_000),
    }

    def __init__(
        self,
        *,
        probability: float = 1e-5,
        level: float = 0.99,
        calibration_samples: int = 2000,
        depth_samples: int = 250,
        kept_peaks: int = 200,
        two_sided: bool = True,
        persistence_samples: int = 4,
        readapt_after_samples: int = 1_000_000,
    ) -> None:
        """Store the settings and start with nothing learnt."""
        self.probability = probability
        self.level = level
        self.calibration_samples = calibration_samples
        self.depth_samples = depth_samples
        self.kept_peaks = kept_peaks
        self.two_sided = two_sided
        self.persistence_samples = persistence_samples
        self.readapt_after_samples = readapt_after_samples
        self._check()
        numbers = [probability, calibration_samples, persistence_samples]
        self._numbers = np.array([*numbers, readapt_after_samples], np.float64)
        sides = 2 if two_sided else 1
        peaks = calibration_samples - int(self.level * calibration_samples)
        state = np.zeros(RATIOS + persistence_samples)
        tails = np.zeros((sides, SCALARS + kept_peaks))
        self._start((state, tails, np.zeros(depth_samples), np.zeros((sides, peaks))))

    def _run(self, samples: Run, arrays: Arrays) -> Floats:
        bands = np.empty((4, len(samples.values)))
        state, tails, ring, first = arrays
        run(samples.values, self._numbers, state, tails, ring, first, bands)
        return bands

    def expected_band(self) -> tuple[Floats, Floats]:
        """Return the limits that the samples of the last `update` were held against.

        The lower (NaN if there is one side) and the upper ones, in the parameter's
        unit; NaN where there is no score yet.
        """
        _, _, upper, lower = self._bands
        return lower if self.two_sided else np.full_like(upper, np.nan), upper

    def _explain(self, value: float, band: Floats) -> Explanation:
        _, drift, upper, lower = map(float, band)
        expected = drift if self.depth_samples else None
        if math.isnan(upper):
            text = "Too few samples for peaks over a threshold so far."
            return Explanation(self.name, value, expected, None, None, None, text)
        limit = lower if value < lower else upper
        side = "below" if value < lower else "above" if value > upper else "within"
        return Explanation(
            self.name,
            value,
            expected,
            lower if self.two_sided else None,
            upper,
            limit,
            f"{value:.6g} is {side} its limit {limit:.6g}, "
            f"set for a probability of {self.probability:g}.",
        )
