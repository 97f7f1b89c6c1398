"""How old the orbital elements of a satellite are, and whether they are of use."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from connectors.metrics import FlowMetrics
from dataflows.orbit.findings import Prediction
from dataflows.orbit.geodesy import DAY_US
from dataflows.orbit.prediction import OLDEST_ELEMENTS_US
from dataflows.orbit.propagation import Ephemeris

_USELESS = "%s: %s, so no pass is predicted; put fresh elements into the file that "
_USELESS += "ORBITWATCH_ELEMENTS names, and start the flow again"

_log = logging.getLogger("orbitwatch.track")


class ElementsAge:
    """Measures the age of elements, and says that they are not used, and why.

    That is said once, and again only after they have been used in between.
    """

    def __init__(
        self, spacecraft: str, elements: Ephemeris, metrics: FlowMetrics
    ) -> None:
        self._spacecraft, self._epoch_us = spacecraft, elements.epoch_us
        self._age_s = metrics.tracking.elements_age
        self._told = False

    def at(self, newest_us: int, predictions: Sequence[Prediction]) -> None:
        """Takes the time of the newest position, and what was predicted up to it."""
        age_us = abs(newest_us - self._epoch_us)
        self._age_s.labels(self._spacecraft).set(age_us / 1e6)
        is_old = age_us > OLDEST_ELEMENTS_US
        for one in predictions:
            if one.source == "elements":
                self._told = False
            elif not is_old:
                away = "far"
                if one.from_elements_km is not None:
                    away = f"{one.from_elements_km:.0f} km"
                self._tell(f"it is {away} from where its orbital elements say")
        if is_old:
            days = age_us / DAY_US
            self._tell(f"its orbital elements are {days:.0f} days from its positions")

    def _tell(self, problem: str) -> None:
        if self._told:
            return
        self._told = True
        _log.warning(_USELESS, self._spacecraft, problem)
