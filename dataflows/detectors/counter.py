"""Counters and sequence counts: what is missing, repeated, or counted anew."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from connectors.messages.findings import Explanation
from dataflows.detectors.rule_detector import RuleDetector
from dataflows.detectors.setting_rules import Rules, Whole
from dataflows.state.arrays import Floats

__all__ = ["Counter"]

EXACT = 2**53  # whole numbers beyond are not all floats
ON, FIRST, GAP, REPEAT, BACK, ODD, NO_COUNT = range(7)
WENT_BACK = 2.0  # its score
RESTART_STEPS = 10  # a counter that went below so many steps began anew
NEAR = 8  # a share (1 over this) of the modulo that can be lost before a wrap


class Counter(RuleDetector):
    """A count that goes up by one step from sample to sample.

    The score is the number of counts that are missing. It is 1 for a repeated count and
    for what is no count or lies between two steps, and 2 for one that went back. With a
    modulo, a wrap is no gap. A jump by more than half of it is one back, and so is one
    to a count near 0 by more than an eighth.

    Args:
        step: what a sample adds; null if any number or none is as good, so that only
            a counter that went back is told.
        modulo: where the count starts at 0 again (CCSDS packets: 16384); null: nowhere.

    >>> detector = Counter(modulo=16384)
    >>> values = np.array([16382.0, 16383.0, 0.0, 18.0, 18.0, 19.0])
    >>> detector.update(np.arange(6), values).tolist()
    [0.0, 0.0, 0.0, 17.0, 1.0, 0.0]
    >>> detector.explain(3).text
    '17 counts are missing between 0 and 18.'
    """

    name = "counter"
    rules: ClassVar[Rules] = {
        "step": Whole(1, 1_000_000_000, optional=True),
        "modulo": Whole(2, EXACT, optional=True),
    }

    def __init__(self, *, step: int | None = 1, modulo: int | None = None) -> None:
        """Store the settings; no count was seen."""
        self.step = step
        self.modulo = modulo
        self._check()
        if modulo is not None and modulo <= (step or 1):
            raise ValueError(f"{self.name}.modulo must be more than step")
        self._begin(np.array([np.nan]))

    def _judge(self, elapsed: Floats, values: Floats, state: Floats) -> Floats:
        del elapsed
        counts = (values == np.floor(values)) & (np.abs(values) <= EXACT)
        if self.modulo is not None:
            counts &= (values >= 0) & (values < self.modulo)
        bands = np.zeros((4, len(values)))
        bands[0], bands[1] = 1.0, NO_COUNT
        some = values[counts]
        if len(some):
            before = np.append(state, some[:-1])
            state[0] = some[-1]
            bands[:, counts] = self._compare(before, some)
        return bands

    def _compare(self, before: Floats, counts: Floats) -> Floats:
        """Return score, kind, count before and what it was about for each count."""
        forward = counts - before
        back = forward < 0
        step = self.step or 1
        if self.modulo is not None:
            forward = np.mod(forward, self.modulo)
            anew = back & (counts < RESTART_STEPS * step)
            back = forward > self.modulo / 2
            back |= anew & (forward > self.modulo / NEAR)
        missing = forward / step - 1
        kinds = np.select(
            [np.isnan(before), back, forward == 0, forward % step != 0, missing > 0],
            [FIRST, BACK, REPEAT, ODD, GAP],
            ON,
        )
        if self.step is None:
            kinds[(kinds != BACK) & (kinds != FIRST)] = ON
        scores = np.choose(kinds, [0.0, 0.0, missing, 1.0, WENT_BACK, 1.0, 1.0])
        return np.stack([scores, kinds, before, np.where(back, counts, forward)])

    def _explain(self, value: float, band: Floats) -> Explanation:
        kind, before, amount = int(band[1]), float(band[2]), float(band[3])
        expected: float | None = None
        if self.step is not None and kind not in (FIRST, NO_COUNT):
            expected = before + self.step
            expected = expected % self.modulo if self.modulo else expected
        text = self._text(kind, value, before, amount)
        return Explanation(self.name, value, expected, None, None, None, text)

    def _text(self, kind: int, value: float, before: float, amount: float) -> str:
        if kind == NO_COUNT:
            below = f" from 0 to {self.modulo - 1}" if self.modulo else ""
            return f"{value:.17g} is no whole number{below}."
        if kind == FIRST:
            return f"{value:.0f} is the first count."
        if kind == REPEAT:
            return f"The counter repeated {value:.0f}."
        if kind == ODD:
            return f"The counter went on by {amount:.0f}, not in steps of {self.step}."
        if kind == GAP:
            missing = amount / (self.step or 1) - 1
            what = "count is" if missing == 1 else "counts are"
            return f"{missing:.0f} {what} missing between {before:.0f} and {value:.0f}."
        if kind == BACK and 0 <= value < RESTART_STEPS * (self.step or 1):
            return f"The counter restarted at {value:.0f} after {before:.0f}."
        if kind == BACK:
            return f"The counter went back from {before:.0f} to {value:.0f}."
        return f"{value:.0f} follows {before:.0f}."
