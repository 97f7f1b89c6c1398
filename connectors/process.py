"""What the steps of a flow get from the process they run in."""

from __future__ import annotations

import signal
from dataclasses import dataclass, field
from tempfile import TemporaryDirectory
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

    def listen(self) -> None:
        """Takes over SIGTERM and SIGINT; only the main thread may."""

        def stop(_number: int, _frame: FrameType | None) -> None:
            self._set = True

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)


@dataclass(frozen=True, slots=True)
class FlowProcess:
    """A flow's settings, what it reports of itself, and whether it was told to stop.

    `scratch` is a folder that goes with the process.
    """

    settings: Settings
    metrics: FlowMetrics = field(default_factory=FlowMetrics)
    health: Health = field(default_factory=Health)
    should_stop: StopRequest = field(default_factory=StopRequest)
    scratch: TemporaryDirectory[str] = field(
        default_factory=lambda: TemporaryDirectory(prefix="orbitwatch-")
    )
