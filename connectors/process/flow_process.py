"""What the steps of a flow get from the process they run in."""

from __future__ import annotations

from dataclasses import dataclass, field

from connectors.metrics import FlowMetrics
from connectors.process.health import Health
from connectors.process.listening import Listening
from connectors.process.start_up import StartUp
from connectors.process.stopping import StopRequest
from connectors.settings import Settings


@dataclass(frozen=True, slots=True)
class FlowProcess:
    """A flow's settings, what it reports of itself, and whether it was told to stop."""

    settings: Settings
    metrics: FlowMetrics = field(default_factory=FlowMetrics)
    health: Health = field(default_factory=Health)
    should_stop: StopRequest = field(default_factory=StopRequest)
    listening: Listening = field(default_factory=Listening)
    start_up: StartUp = field(default_factory=StartUp)
