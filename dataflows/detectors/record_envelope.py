"""How far a sample leaves the range of all that its parameter did before."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from connectors.messages.findings import Explanation
from dataflows.detectors.array_detector import Arrays, Run
from dataflows.detectors.context_detector import ContextDetector
from dataflows.detectors.record_envelope_kernel import (
    BAND,
    ENVELOPE,
    EXCESS,
    FEATURES,
    IN_EPOCH,
    MISSING_WEIGHT,
    RING,
    SCALARS,
    SPREAD_FLOOR,
    VETO,
    fresh,
    run,
)
from dataflows.detectors.setting_rules import Flag, Number, Rules, Whole
from dataflows.state.arrays import Floats

__all__ = ["BANDS", "PREDICTED", "RecordEnvelope"]

_VALUE, _MEAN, _DEVIATION, _STILLNESS, _SURPRISE = range(FEATURES)
_NAMES = ("value", "mean_64", "deviation_256", "log_deviation_64", "prediction_error")
PREDICTED = EXCESS + FEATURES
"""The row of the result where those of the filter start."""
BANDS = PREDICTED + 4
"""How many rows the result has."""
_ERROR, _CENTRE, _HALF = range(PREDICTED + 1, BANDS)


class RecordEnvelope(ContextDetector):
    """Record-envelope novelty (REN5 of the SMAP/MSL study), with command context.

    Five features of the last samples are kept in envelopes, their highest and lowest
    so far:

    - the value;
    - its mean over 64 samples;
    - its standard deviation over 256 (upper end only);
    - the logarithm of that over 64 (lower end only: a signal gone quiet);
    - the smoothed absolute error of a prediction from ten samples and the commands
      given (upper end only).

    The score is the largest excess of a feature over its envelope, as a share of
    `threshold` widths of it. Samples enter the envelopes after 128 to 192 more; a
    feature that alarms is not learnt. The first samples of an epoch only set the
    envelopes, and for some more those of the epoch before count too.

    Widths are no less than a share of the range that the parameter had so far. All runs
    in units of that range, so that scores are the same in any unit of the values.

    Args:
        threshold: widths of an envelope beyond it that score 1.
        blind_samples: samples at the start of an epoch that only set the envelopes.
        veto_samples: samples of an epoch for which those of the epoch before count.
        leak_samples: time in which the envelopes forget what is not reached again.
        absorb_after_samples: length of an alarm after which it is learnt.
        habituate_after_episodes: alarms of a feature after which they are learnt.
        range_floor: least width, as a share of the parameter's range so far.
        prescaled: whether values come scaled to some -1 to 1, as in the study, so that
            2 is taken for that range.
        most_context_columns: names of the context that are used.

    >>> detector = RecordEnvelope()
    >>> values = np.sin(np.arange(3000) / 10)
    >>> values[2900:] += 2
    >>> scores = detector.update(np.arange(3000), values)
    >>> int(scores[:2900].max() >= 1), int((scores[2900:] >= 1).argmax())
    (0, 0)
    """

    name = "record_envelope"
    rules: ClassVar[Rules] = {
        "threshold": Number(0.01, 1e3),
        "blind_samples": Whole(1, 1_000_000),
        "veto_samples": Whole(1, 1_000_000),
        "leak_samples": Number(1.0, 1e12),
        "absorb_after_samples": Whole(0, 1_000_000_000),
        "habituate_after_episodes": Whole(1, 1_000_000_000),
        "range_floor": Number(1e-6, 1.0),
        "prescaled": Flag(),
        "most_context_columns": Whole(0, 256),
    }

    def __init__(
        self,
        *,
        threshold: float = 0.7,
        blind_samples: int = 500,
        veto_samples: int = 750,
        leak_samples: float = 12000.0,
        absorb_after_samples: int = 500,
        habituate_after_episodes: int = 3,
        range_floor: float = 0.01,
        prescaled: bool = False,
        most_context_columns: int = 64,
    ) -> None:
        """Store the settings and start with empty envelopes."""
        self.threshold = threshold
        self.blind_samples = blind_samples
        self.veto_samples = veto_samples
        self.leak_samples = leak_samples
        self.absorb_after_samples = absorb_after_samples
        self.habituate_after_episodes = habituate_after_episodes
        self.range_floor = range_floor
        self.prescaled = prescaled
        self.most_context_columns = most_context_columns
        self._check()
        numbers = [getattr(self, key) for key in list(self.rules)[:7]]
        numbers[-1] *= 2  # the units are half ranges
        self.numbers: Floats = np.array(numbers, np.float64)
        scalars, envelopes = np.zeros(SCALARS), np.zeros((FEATURES, ENVELOPE))
        scalars[MISSING_WEIGHT] = 1.0
        for envelope in envelopes:
            fresh(envelope, 0)
        self._start_with((scalars, np.zeros(RING), envelopes), prescaled)

    def begin_epoch(self) -> None:
        """Set new envelopes; the ones so far count for the first samples only.

        The filter, the ring and the smoothed error carry on.
        """
        scalars, _, envelopes, *_ = self._arrays
        # An epoch that has only just begun does not replace the one before it.
        young = scalars[IN_EPOCH] < self.numbers[VETO]
        for envelope in envelopes:
            fresh(envelope, 2 if young else 1)
        scalars[IN_EPOCH] = 0.0

    def contributions(self, index: int) -> dict[str, float]:
        """Return the score of each feature of sample `index` of the last `update`."""
        excesses = self._bands[EXCESS : EXCESS + FEATURES, index]
        return dict(zip(_NAMES, excesses.tolist(), strict=True))

    def expected_band(self) -> tuple[Floats, Floats]:
        """Return between what values the samples of the last `update` scored below 1.

        The lower and the upper ends, in the parameter's unit; NaN where there is no
        score yet. It is the band of the value only: means and spreads have their own.
        """
        return self.band_in(self._bands)

    def band_in(self, bands: Floats) -> tuple[Floats, Floats]:
        """Return the same of any columns that a kernel wrote with these settings."""
        low, high = bands[BAND], bands[BAND + 1]
        floor = 2.0 * self.range_floor  # the units are half ranges
        reach = self.threshold * np.maximum(high - low, floor)
        centre, half = bands[_CENTRE], bands[_HALF]
        return centre + (low - reach) * half, centre + (high + reach) * half

    def _run(self, samples: Run, arrays: Arrays) -> Floats:
        bands = np.empty((BANDS, len(samples.values)))
        predicted = bands[PREDICTED:]
        self._predict(samples, arrays, predicted)
        scalars, ring, envelopes, *_ = arrays
        run(predicted, self.numbers, scalars, ring, envelopes, bands[:PREDICTED])
        return bands

    def _explain(self, value: float, band: Floats) -> Explanation:
        feature = int(band[1])
        centre, half = float(band[_CENTRE]), float(band[_HALF])
        expected = value - float(band[_ERROR]) * half
        if np.isnan(band[3]):
            text = f"Scores start after {self.blind_samples} samples of an epoch."
            return Explanation(self.name, value, None, None, None, None, text)
        measure, low, high = (_in_unit(feature, y, centre, half) for y in band[2:5])
        text = _text(feature, value, measure, low, high)
        # An envelope of another feature would be no band for the value.
        lower, upper = (low, high) if feature in (_VALUE, _MEAN) else (None, None)
        return Explanation(
            self.name, value, expected, lower, upper, self.threshold, text
        )


def _in_unit(feature: int, y: float, centre: float, half: float) -> float:
    """Return a feature in the parameter's unit, ln(std + c) as std."""
    if feature in (_VALUE, _MEAN):
        return float(centre + y * half)
    if feature == _STILLNESS:
        return float(max(np.exp(y) - SPREAD_FLOOR, 0.0) * half)
    return float(y * half)


_WHAT = (
    "{value:.6g}",
    "The mean of the last 64 samples, {measure:.6g},",
    "The standard deviation of the last 256 samples, {measure:.6g},",
    "The standard deviation of the last 64 samples, {measure:.6g},",
    "The smoothed error of prediction, {measure:.6g},",
)


def _text(feature: int, value: float, measure: float, low: float, high: float) -> str:
    what = _WHAT[feature].format(value=value, measure=measure)
    if measure > high:
        return f"{what} is above all it was before (at most {high:.6g})."
    if measure < low:
        return f"{what} is below all it was before (at least {low:.6g})."
    return f"{what} is within what it was before ({low:.6g} to {high:.6g})."
