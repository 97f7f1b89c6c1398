"""How a source waits: in short sleeps, by the monotonic clock.

Bytewax would wait by the wall clock: set back by an hour, a source stood still as long.
"""

from __future__ import annotations

import time
from collections.abc import Callable

# Other sources of the process, and what they read, wait meanwhile.
LONGEST_SLEEP_S = 0.005


class Pause:
    """A time in which there is nothing to do."""

    def __init__(
        self,
        monotonic_s: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._monotonic_s, self._sleep = monotonic_s, sleep
        self._ends_s = monotonic_s()

    def begin(self, seconds: float) -> None:
        """Has it last so long from now on."""
        self._ends_s = self._monotonic_s() + seconds

    def goes_on(self) -> bool:
        """Sleeps for a moment of it, if any is left; whether there is more."""
        left_s = self._ends_s - self._monotonic_s()
        if left_s <= 0:
            return False
        self._sleep(min(left_s, LONGEST_SLEEP_S))
        return left_s > LONGEST_SLEEP_S
