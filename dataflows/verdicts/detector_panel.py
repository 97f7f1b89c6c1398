"""The detectors of one parameter, and what they say together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

import numpy as np

from connectors.messages.findings import Explanation
from connectors.messages.samples import Context
from dataflows.detectors import Detector
from dataflows.detectors.rule_detector import RuleDetector
from dataflows.detectors.setting_rules import Rules, Whole, check
from dataflows.detectors.severities import learned_severities
from dataflows.state.arrays import Floats, Severities, Times
from dataflows.verdicts.expected_range import HasBand

__all__ = ["Panel"]


class Panel:
    """Asks every detector, and lets those that learn vote.

    A rule that people have set counts by itself. Of the detectors that learn, as many
    as `needed` must find a sample anomalous: their common score is the lowest among
    that many of the highest.

    Args:
        detectors: all of them, rules and others.
        needed: detectors that learn whose scores must be 1 or more.

    >>> from dataflows.detectors.rolling_z_score import RollingZScore
    >>> from dataflows.detectors.weighted_z_score import WeightedZScore
    >>> few = {"warm_up_samples": 3, "persistence_samples": 1}
    >>> panel = Panel([RollingZScore(**few), WeightedZScore(**few)], needed=2)
    >>> values = np.array([2.0, 2.2, 1.9, 1.9, 2.1, 9.0])
    >>> scores, severities = panel.judge(np.arange(6), values)
    >>> round(float(scores[5]), 2)
    10.71
    >>> [*panel.explain(5).contributions]
    ['weighted_z_score', 'rolling_z_score']
    """

    name = "votes"
    rules: ClassVar[Rules] = {"needed": Whole(1, 20)}

    def __init__(self, detectors: Sequence[Detector], *, needed: int = 1) -> None:
        """Store the parts; ValueError if more votes are needed than there can be."""
        check(self.name, self.rules, {"needed": needed})
        self.detectors = tuple(detectors)
        self.needed = needed
        learns = [not isinstance(one, RuleDetector) for one in self.detectors]
        self._learns = np.array(learns, bool)
        voters = sum(learns)
        if needed > max(voters, 1):
            raise ValueError(
                f"{self.name}.needed is {needed}, but of this parameter's detectors "
                f"only {voters} learn"
            )
        bands = [one for one in self.detectors if isinstance(one, HasBand)]
        self._band = bands[0] if bands else None
        self._scores = np.empty((len(self.detectors), 0))
        self._severities = self._scores.astype(np.int8)

    def judge(
        self, times_us: Times, values: Floats, context: Context | None = None
    ) -> tuple[Floats, Severities]:
        """Return the common scores and severities of the next samples."""
        found = [each.update(times_us, values, context) for each in self.detectors]
        return self.combine(values, found)

    def combine(
        self, values: Floats, scores: Sequence[Floats]
    ) -> tuple[Floats, Severities]:
        """Return the same of samples that every detector has scored."""
        self._scores = np.zeros((len(self.detectors), len(values)))
        self._severities = np.zeros(self._scores.shape, np.int8)
        for row, detector in enumerate(self.detectors):
            self._scores[row] = scores[row]
            if isinstance(detector, RuleDetector):
                self._severities[row] = detector.severities(self._scores[row])
        combined = np.where(np.isfinite(values), 0.0, np.nan)
        voters = self._scores[self._learns]
        if len(voters):
            common = np.partition(voters, -self.needed, axis=0)[-self.needed]
            self._severities[self._learns] = learned_severities(common)
            combined = common
        combined = np.maximum(combined, self._scores[~self._learns].max(0, initial=0.0))
        return combined, self._severities.max(0, initial=0)

    def explain(self, index: int) -> Explanation:
        """Return why sample `index` of the last batch got its score and severity.

        At equal severity people are told of the rule, which they know, and else of the
        detector with the highest score.
        """
        severities, scores = self._severities[:, index], self._scores[:, index]
        order = np.lexsort((-scores, self._learns, -severities))
        told = sorted(zip(scores.tolist(), self.detectors, strict=True), key=_by_score)
        contributions = {one.name: score for score, one in told}
        why = self.detectors[int(order[0])].explain(index)
        return replace(why, contributions=contributions)

    def expected_band(self) -> tuple[Floats, Floats] | None:
        """Return what the first detector with a band expected of the last batch.

        The lower and the upper ends, as `HasBand` has them; None if no detector has.
        """
        return self._band.expected_band() if self._band else None

    def forget_batch(self) -> None:
        """Let go of the last batch, which nobody will ask about any more."""
        self._scores = self._scores[:, :0].copy()
        self._severities = self._severities[:, :0].copy()
        for detector in self.detectors:
            detector.forget_batch()

    def begin_epoch(self) -> None:
        """Tell every detector."""
        for detector in self.detectors:
            detector.begin_epoch()


def _by_score(pair: tuple[float, Detector]) -> tuple[float, str]:
    return -pair[0], pair[1].name
