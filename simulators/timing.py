"""When samples are taken."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from connectors.messages.times import microseconds, moment

DEFAULT_START = datetime(2024, 1, 1, tzinfo=UTC)
DEFAULT_INTERVAL_S = 10.0


@dataclass(frozen=True, slots=True)
class Timing:
    """When samples are taken: every `interval_s` from `start`, `samples` times.

    `samples` is None for no end.
    """

    start: datetime = DEFAULT_START
    interval_s: float = DEFAULT_INTERVAL_S
    samples: int | None = None

    def moment(self, index: int) -> datetime:
        """The generation time of sample `index`."""
        return moment(microseconds(self.start) + round(index * self.interval_s * 1e6))
