"""What the steps of a flow get from the process they run in."""

from __future__ import annotations

import signal
from dataclasses import dataclass, field
from types import FrameType

from connectors.health import Health
from connectors.metrics import FlowMetrics
from connectors.settings import Settings


class StopRequest:
    """Set by SIGTERM or SIGINT; the source ends the stream when it sees it."""

    def __init__(self) -> None:
        self._set = False

    def __call__(self) -> bool:
        """Whether the process was told to stop."""
        return self._set

    def set(self) -> None:
        """Tells the process to stop."""
        self._set = True

    def listen(self) -> None:
        """Takes over SIGTERM and SIGINT; only the main thread may."""

        def stop(_number: int, _frame: FrameType | None) -> None:
            self.set()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)


@dataclass(frozen=True, slots=True)
class FlowProcess:
    """A flow's settings, what it reports of itself, and whether it was told to stop."""

    settings: Settings
    metrics: FlowMetrics = field(default_factory=FlowMetrics)
    health: Health = field(default_factory=Health)
    should_stop: StopRequest = field(default_factory=StopRequest)
